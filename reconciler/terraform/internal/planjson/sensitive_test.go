package planjson

import (
	"encoding/json"
	"slices"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"
)

// markedPlan has one secret at each place that Terraform marks, also those that only the
// schema of a provider marks: a password, a block in a list, a member of a set.
const markedPlan = `{
  "format_version": "1.2", "terraform_version": "1.11.4",
  "variables": {"token": {"value": "SECRET-variable"}, "open": {"value": "shown-variable"}},
  "planned_values": {
    "outputs": {"o": {"sensitive": true, "value": {"SECRET-key": ["SECRET-output"]}}},
    "root_module": {
      "resources": [{"address": "aws_db_instance.a", "mode": "managed", "type": "aws_db_instance", "name": "a",
        "values": {"password": "SECRET-planned", "name": "shown-name"}, "sensitive_values": {"password": true}}],
      "child_modules": [{"address": "module.m", "resources": [{"address": "module.m.x.y", "mode": "managed", "type": "x", "name": "y",
        "values": {"master": [{"key": "SECRET-nested", "id": "shown-id"}]}, "sensitive_values": {"master": [{"key": true}]}}]}]
    }
  },
  "resource_changes": [{"address": "aws_db_instance.a", "mode": "managed", "type": "aws_db_instance", "name": "a", "change": {
    "actions": ["update"],
    "before": {"password": "SECRET-before", "port": 12345678901234567891}, "before_sensitive": {"password": true, "port": true},
    "after": {"password": "SECRET-after", "port": 1e3}, "after_sensitive": {"password": true, "port": true}}}],
  "resource_drift": [{"address": "x.d", "mode": "managed", "type": "x", "name": "d", "change": {
    "actions": ["update"], "before": {"a": "SECRET-drift"}, "before_sensitive": {"a": true}, "after": {"a": "shown-drift"}, "after_sensitive": {}}}],
  "output_changes": {"o": {"actions": ["create"], "before": null, "before_sensitive": false, "after": "SECRET-output-change", "after_sensitive": true}},
  "prior_state": {"format_version": "1.0", "terraform_version": "1.11.4", "values": {"root_module": {"resources": [
    {"address": "data.aws_secretsmanager_secret_version.s", "mode": "data", "type": "aws_secretsmanager_secret_version", "name": "s",
     "values": {"secret_string": "SECRET-data", "serial": 98765432109876543219}, "sensitive_values": {"secret_string": true, "serial": true}}]}}},
  "configuration": {"root_module": {
    "variables": {"token": {"sensitive": true}, "open": {}, "fallback": {"sensitive": true, "default": "SECRET-default"}},
    "resources": [{"address": "x.w", "mode": "managed", "type": "x", "name": "w", "expressions": {"password_wo": {"constant_value": "SECRET-write-only"}}}],
    "module_calls": {"m": {"source": "./m", "expressions": {"pw": {"constant_value": "SECRET-argument"}, "n": {"constant_value": 24681012141618202224}},
      "module": {"variables": {"pw": {"sensitive": true}, "n": {"sensitive": true}}, "outputs": {"o": {"sensitive": true, "expression": {"constant_value": "SECRET-module-output"}}}}}}
  }}
}`

func TestSensitiveInPlan(t *testing.T) {
	t.Parallel()
	plan := new(tfjson.Plan)
	plan.UseJSONNumber(true)
	if err := json.Unmarshal([]byte(markedPlan), plan); err != nil {
		t.Fatal(err)
	}
	got := SensitiveInPlan(plan, []byte(markedPlan))
	slices.Sort(got.Values)
	got.Values = slices.Compact(got.Values)
	want := []string{
		"1000", "1e3", // the port after
		"12345678901234567000", "12345678901234567891", "1.2345678901234567891e+19", "1.2345678901234567e+19",
		"98765432109876540000", "98765432109876543219", "9.8765432109876543219e+19", "9.876543210987654e+19",
		"24681012141618202224", "24681012141618200000", "2.4681012141618202224e+19", "2.46810121416182e+19",
		"SECRET-variable", "SECRET-output", "SECRET-planned", "SECRET-nested", "SECRET-before", "SECRET-after", "SECRET-drift",
		"SECRET-output-change", "SECRET-data", "SECRET-default", "SECRET-write-only", "SECRET-argument", "SECRET-module-output",
	}
	for _, value := range want {
		if !slices.Contains(got.Values, value) {
			t.Errorf("%s is not found", value)
		}
	}
	for _, value := range got.Values {
		if !slices.Contains(want, value) {
			t.Errorf("%s is taken for a secret", value)
		}
	}
	if !slices.Equal(got.Keys, []string{"SECRET-key"}) {
		t.Errorf("keys: %q", got.Keys)
	}
}

func TestMakesSecrets(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		provider, unknown, sensitive string
		makes                        bool
	}{
		"all is known":                   {"x", `{"tags": {}, "list": [{}, {"a": false}]}`, `{"password": true}`, false},
		"a provider's own value":         {"x", `{"id": true}`, `{}`, true},
		"a nested value of a provider":   {"x", `{"list": [{"id": true}]}`, `{}`, true},
		"built in, nothing marked":       {builtinProvider, `{"id": true, "output": true}`, `{"input": {}}`, false},
		"built in, known and marked":     {builtinProvider, `{"id": true}`, `{"input": true}`, false},
		"built in, unknown and marked":   {builtinProvider, `{"id": true, "input": true}`, `{"input": true}`, true},
		"built in, marked in an unknown": {builtinProvider, `{"input": true}`, `{"input": {"a": [{}, {"b": true}]}}`, true},
		"built in, unknown in a marked":  {builtinProvider, `{"input": {"a": [{"b": true}]}}`, `{"input": true}`, true},
		"built in, side by side":         {builtinProvider, `{"input": {"a": true}}`, `{"input": {"b": true}}`, false},
		"built in, another member":       {builtinProvider, `{"input": [true, false]}`, `{"input": [false, true]}`, false},
		"all of it":                      {builtinProvider, `true`, `true`, true},
	} {
		plan := &tfjson.Plan{ResourceChanges: []*tfjson.ResourceChange{{ProviderName: c.provider, Change: &tfjson.Change{
			AfterUnknown: decode(t, c.unknown), AfterSensitive: decode(t, c.sensitive),
		}}}}
		if got := MakesSecrets(plan); got != c.makes {
			t.Errorf("%s: %v", name, got)
		}
	}
	output := &tfjson.Plan{OutputChanges: map[string]*tfjson.Change{"o": {AfterUnknown: true, AfterSensitive: true}}}
	if !MakesSecrets(output) {
		t.Error("an unknown output that is marked makes no secret")
	}
}

func decode(t *testing.T, text string) (value any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatal(err)
	}
	return value
}
