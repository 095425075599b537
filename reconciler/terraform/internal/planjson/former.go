package planjson

import (
	"encoding/json"
	"fmt"

	tfjson "github.com/hashicorp/terraform-json"
)

// readAttributes are the attributes of a data source that hold what it has read from another state.
// Those of type any are stored with their type.
type readAttributes struct {
	Outputs            struct{ Value any }
	Values             any
	NonsensitiveValues any `json:"nonsensitive_values"`
}

// FormerSecrets returns the strings and numbers that a workspace had read from other states before
// a plan, at the places where the plan has read a secret, or nothing. Left out is what the plan has
// read elsewhere and is no secret.
func FormerSecrets(former StoredState, plan *tfjson.Plan, isSecret func(string) bool) []string {
	now := map[string]any{}
	if plan.PriorState != nil && plan.PriorState.Values != nil {
		collectReads(plan.PriorState.Values.RootModule, now)
	}
	open := map[string]bool{}
	for _, read := range now {
		for _, value := range SensitiveValue(read).Values {
			open[value] = !isSecret(value)
		}
	}
	var secrets []string
	for _, r := range former.Resources {
		if !isRemoteState(tfjson.ResourceMode(r.Mode), r.Type) {
			continue
		}
		for _, instance := range r.Instances {
			var was readAttributes
			if json.Unmarshal(instance.Attributes, &was) != nil {
				continue // of another schema
			}
			read := map[string]any{"outputs": was.Outputs.Value, "values": was.Values, "nonsensitive_values": was.NonsensitiveValues}
			secrets = appendReplaced(secrets, read, now[readKey(r.Module, r.Type, r.Name, instance.IndexKey)], open)
		}
	}
	return secrets
}

// collectReads collects what the data sources of a module and its children have read from other
// states.
func collectReads(m *tfjson.StateModule, reads map[string]any) {
	if m == nil {
		return
	}
	for _, r := range m.Resources {
		if isRemoteState(r.Mode, r.Type) {
			reads[readKey(m.Address, r.Type, r.Name, r.Index)] = r.AttributeValues
		}
	}
	for _, child := range m.ChildModules {
		collectReads(child, reads)
	}
}

func readKey(module, kind, name string, index any) string {
	return fmt.Sprintf("%s %s.%s[%v]", module, kind, name, index)
}

// appendReplaced appends what was read before and is not in open, where now is not in open either.
func appendReplaced(secrets []string, was, now any, open map[string]bool) []string {
	switch was := was.(type) {
	case map[string]any:
		members, _ := now.(map[string]any)
		for name, value := range was {
			secrets = appendReplaced(secrets, value, members[name], open)
		}
	case []any:
		members, _ := now.([]any)
		for i, value := range was {
			var member any
			if i < len(members) {
				member = members[i]
			}
			secrets = appendReplaced(secrets, value, member, open)
		}
	default:
		for _, value := range SensitiveValue(now).Values {
			if open[value] {
				return secrets
			}
		}
		for _, value := range SensitiveValue(was).Values {
			if !open[value] {
				secrets = append(secrets, value)
			}
		}
	}
	return secrets
}
