package planjson

import (
	"slices"

	tfjson "github.com/hashicorp/terraform-json"

	"reconcile/internal/redact"
)

// SensitiveValues returns the strings that Terraform marks as sensitive in a plan.
func SensitiveValues(plan *tfjson.Plan) []string {
	var all []string
	add := func(change *tfjson.Change) {
		if change != nil {
			all = append(all, markedStrings(change.Before, change.BeforeSensitive)...)
			all = append(all, markedStrings(change.After, change.AfterSensitive)...)
		}
	}
	for _, rc := range plan.ResourceChanges {
		add(rc.Change)
	}
	for _, change := range plan.OutputChanges {
		add(change)
	}
	return all
}

// markedStrings returns the strings in value at the places where marks is true. marks
// has the same shape as value.
func markedStrings(value, marks any) []string {
	switch marks := marks.(type) {
	case bool:
		if marks {
			return redact.Strings(value)
		}
	case map[string]any:
		members, _ := value.(map[string]any)
		var all []string
		for name, m := range marks {
			all = append(all, markedStrings(members[name], m)...)
		}
		return all
	case []any:
		members, _ := value.([]any)
		var all []string
		for i, m := range marks {
			if i < len(members) {
				all = append(all, markedStrings(members[i], m)...)
			}
		}
		return all
	}
	return nil
}

// ValuesRead returns the strings that a plan has read or will produce.
func ValuesRead(plan *tfjson.Plan) []string {
	var all []string
	if plan.PriorState != nil && plan.PriorState.Values != nil {
		all = append(all, moduleValues(plan.PriorState.Values.RootModule)...)
	}
	if plan.PlannedValues != nil {
		all = append(all, moduleValues(plan.PlannedValues.RootModule)...)
	}
	return all
}

func moduleValues(m *tfjson.StateModule) []string {
	if m == nil {
		return nil
	}
	var all []string
	for _, r := range m.Resources {
		for _, value := range r.AttributeValues {
			all = append(all, redact.Strings(value)...)
		}
	}
	for _, child := range m.ChildModules {
		all = append(all, moduleValues(child)...)
	}
	return all
}

// HasResources reports whether the state that a plan was made against has a managed
// resource. The plan's prior state also lists data sources, outputs and what the plan
// imports, even if no state exists.
func HasResources(plan *tfjson.Plan) bool {
	if plan.PriorState == nil || plan.PriorState.Values == nil {
		return false
	}
	imported := map[string]bool{}
	for _, rc := range plan.ResourceChanges {
		if rc.Change != nil && rc.Change.Importing != nil {
			imported[rc.Address] = true
		}
	}
	return moduleHasResources(plan.PriorState.Values.RootModule, imported)
}

func moduleHasResources(m *tfjson.StateModule, imported map[string]bool) bool {
	return m != nil && (slices.ContainsFunc(m.Resources, func(r *tfjson.StateResource) bool {
		return r.Mode == tfjson.ManagedResourceMode && !imported[r.Address]
	}) || slices.ContainsFunc(m.ChildModules, func(m *tfjson.StateModule) bool { return moduleHasResources(m, imported) }))
}
