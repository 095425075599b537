package planjson

import (
	"slices"

	tfjson "github.com/hashicorp/terraform-json"
)

// ValuesRead returns the strings and numbers that a plan has read or will produce.
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
			all = append(all, SensitiveValue(value).Values...)
		}
	}
	for _, child := range m.ChildModules {
		all = append(all, moduleValues(child)...)
	}
	return all
}

// ValuesInState returns the strings and numbers that a state has in its resources.
func ValuesInState(state *tfjson.State) []string {
	if state.Values == nil {
		return nil
	}
	return moduleValues(state.Values.RootModule)
}

// RemoteOutputs returns the strings and numbers that a module has read from other states.
func RemoteOutputs(m *tfjson.StateModule) []string {
	if m == nil {
		return nil
	}
	var all []string
	for _, r := range m.Resources {
		if isRemoteState(r.Mode, r.Type) {
			all = append(all, SensitiveValue(r.AttributeValues["outputs"]).Values...)
			all = append(all, SensitiveValue(r.AttributeValues["values"]).Values...)
			all = append(all, SensitiveValue(r.AttributeValues["nonsensitive_values"]).Values...)
		}
	}
	for _, child := range m.ChildModules {
		all = append(all, RemoteOutputs(child)...)
	}
	return all
}

// isRemoteState reports whether a resource reads the outputs of another state.
func isRemoteState(mode tfjson.ResourceMode, kind string) bool {
	return mode == tfjson.DataResourceMode && (kind == "terraform_remote_state" || kind == "tfe_outputs")
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

// KnownOutput returns the value that an output has after a plan, if it is known as a whole and not
// sensitive.
func KnownOutput(plan *tfjson.Plan, name string) (value any, known bool) {
	change := plan.OutputChanges[name]
	if change == nil || change.Actions.Delete() || prune(change.AfterUnknown) != nil || prune(change.AfterSensitive) != nil {
		return nil, false
	}
	return change.After, true
}
