package planjson

import (
	"encoding/json"
	"strconv"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"
)

// Sensitive holds what Terraform marks as sensitive.
type Sensitive struct {
	Values []string // strings and numbers
	// Keys are the keys of maps and the names of attributes in marked values. Terraform's
	// JSON does not tell which of the two they are.
	Keys []string
	// Names are the keys and names outside of marked values. Such a key is no secret.
	Names map[string]bool

	rounded map[float64][]string // see roundedNumbers
}

// SensitiveInPlan returns what a plan marks: in its variables, what it read, what it
// changes and would produce, and its configuration. text is the plan's JSON.
func SensitiveInPlan(plan *tfjson.Plan, text []byte) Sensitive {
	s := Sensitive{Names: map[string]bool{}, rounded: roundedNumbers(text)}
	for _, changes := range [][]*tfjson.ResourceChange{plan.ResourceChanges, plan.ResourceDrift} {
		for _, rc := range changes {
			s.addChange(rc.Change)
		}
	}
	for _, deferred := range plan.DeferredChanges {
		if deferred.ResourceChange != nil {
			s.addChange(deferred.ResourceChange.Change)
		}
	}
	for _, change := range plan.OutputChanges {
		s.addChange(change)
	}
	for _, action := range plan.ActionInvocations {
		s.addMarked(action.ConfigValues, action.ConfigSensitive)
	}
	if plan.PriorState != nil {
		s.addState(plan.PriorState.Values)
	}
	s.addState(plan.PlannedValues)
	if plan.Config != nil {
		s.addModuleConfig(plan.Config.RootModule)
		s.addVariables(plan)
	}
	return s
}

// SensitiveInState returns what a state marks.
func SensitiveInState(state *tfjson.State) Sensitive {
	s := Sensitive{Names: map[string]bool{}}
	s.addState(state.Values)
	return s
}

// SensitiveValue returns all that is in a decoded JSON value that is marked as a whole.
func SensitiveValue(value any) Sensitive {
	s := Sensitive{Names: map[string]bool{}}
	s.addMarked(value, true)
	return s
}

func (s *Sensitive) addChange(change *tfjson.Change) {
	if change != nil {
		s.addMarked(change.Before, change.BeforeSensitive)
		s.addMarked(change.After, change.AfterSensitive)
	}
}

func (s *Sensitive) addState(values *tfjson.StateValues) {
	if values == nil {
		return
	}
	for _, output := range values.Outputs {
		s.addMarked(output.Value, output.Sensitive)
	}
	s.addModule(values.RootModule)
}

func (s *Sensitive) addModule(m *tfjson.StateModule) {
	if m == nil {
		return
	}
	for _, r := range m.Resources {
		var marks any
		_ = json.Unmarshal(r.SensitiveValues, &marks) // none, or of Terraform's JSON
		s.addMarked(r.AttributeValues, marks)
	}
	for _, child := range m.ChildModules {
		s.addModule(child)
	}
}

// addVariables adds the values of the sensitive variables of the root module, which need
// not be in any resource.
func (s *Sensitive) addVariables(plan *tfjson.Plan) {
	if plan.Config.RootModule == nil {
		return
	}
	for name, variable := range plan.Variables {
		declared := plan.Config.RootModule.Variables[name]
		s.addMarked(variable.Value, declared != nil && declared.Sensitive)
	}
}

// writeOnlySuffix ends the names of write-only arguments, by the convention of providers.
// No plan and no state has their values.
const writeOnlySuffix = "_wo"

// addModuleConfig adds the constants of sensitive variables, sensitive outputs and
// write-only arguments, in the modules, too.
func (s *Sensitive) addModuleConfig(m *tfjson.ConfigModule) {
	if m == nil {
		return
	}
	for _, variable := range m.Variables {
		s.addMarked(variable.Default, variable.Sensitive)
	}
	for _, output := range m.Outputs {
		s.addConstant(output.Expression, output.Sensitive)
	}
	for _, resource := range m.Resources {
		for name, expression := range resource.Expressions {
			s.addConstant(expression, strings.HasSuffix(name, writeOnlySuffix))
		}
	}
	for _, call := range m.ModuleCalls {
		for name, expression := range call.Expressions {
			if call.Module != nil && call.Module.Variables[name] != nil {
				s.addConstant(expression, call.Module.Variables[name].Sensitive)
			}
		}
		s.addModuleConfig(call.Module)
	}
}

func (s *Sensitive) addConstant(expression *tfjson.Expression, isSensitive bool) {
	if expression == nil || expression.ExpressionData == nil {
		return
	}
	if expression.ConstantValue != tfjson.UnknownConstantValue {
		s.addMarked(expression.ConstantValue, isSensitive)
	}
	for _, block := range expression.NestedBlocks {
		for name, nested := range block {
			s.addConstant(nested, isSensitive || strings.HasSuffix(name, writeOnlySuffix))
		}
	}
}

// addMarked adds what is in value at the places where marks is true. marks has the same
// shape as value.
func (s *Sensitive) addMarked(value, marks any) {
	isMarked, _ := marks.(bool)
	switch value := value.(type) {
	case string:
		if isMarked {
			s.Values = append(s.Values, value)
		}
	case json.Number:
		if isMarked {
			s.Values = append(s.Values, numberForms(value.String())...)
		}
	case float64: // the library decodes the prior state and the configuration so
		if isMarked {
			for _, literal := range append(s.rounded[value], strconv.FormatFloat(value, 'f', -1, 64)) {
				s.Values = append(s.Values, numberForms(literal)...)
			}
		}
	case []any:
		members, _ := marks.([]any)
		for i, v := range value {
			switch {
			case isMarked:
				s.addMarked(v, true)
			case i < len(members):
				s.addMarked(v, members[i])
			}
		}
	case map[string]any:
		members, _ := marks.(map[string]any)
		for name, v := range value {
			if isMarked {
				s.Keys = append(s.Keys, name)
				s.addMarked(v, true)
				continue
			}
			s.Names[name] = true
			s.addMarked(v, members[name])
		}
	}
}
