package planjson_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"

	"reconcile/internal/plandigest"
	"reconcile/reconciler/terraform/internal/planjson"
)

// regional is a plan of a resource whose provider is configured in the root module and in a
// module. The arguments are the value of the region, of the role, and of the module's region.
const regional = `{
  "format_version": "1.2",
  "variables": {"region": {"value": %q}, "role": {"value": %q}, "unused": {"value": "u"}},
  "resource_changes": [{"address": "aws_sqs_queue.q", "provider_name": "registry.terraform.io/hashicorp/aws", "change": {"actions": ["create"], "before": null, "after": {"name": "q"}}}],
  "configuration": {
    "provider_config": {
      "aws": {"name": "aws", "full_name": "registry.terraform.io/hashicorp/aws", "expressions": {"region": {"references": ["var.region"]}, "assume_role": [{"role_arn": {"references": ["var.role"]}}]}},
      "m:aws": {"name": "aws", "alias": "there", "full_name": "registry.terraform.io/hashicorp/aws", "module_address": "module.m", "expressions": {"region": {"references": ["var.where"]}}},
      "random": {"name": "random", "full_name": "registry.terraform.io/hashicorp/random", "expressions": {"seed": {"constant_value": "RANDOM"}}}
    },
    "root_module": {
      "variables": {"region": {}, "role": {"sensitive": true}, "unused": {}},
      "module_calls": {"m": {"source": "./m", "expressions": {"where": {"constant_value": %q}}, "module": {"variables": {"where": {}}}}}
    }
  }
}`

func parsePlan(t *testing.T, text string) *tfjson.Plan {
	t.Helper()
	plan := new(tfjson.Plan)
	plan.UseJSONNumber(true)
	if err := json.Unmarshal([]byte(text), plan); err != nil {
		t.Fatal(err)
	}
	return plan
}

// Where and as whom a plan acts is part of it: an approval for Tokyo is none for Osaka.
func TestDigestOfProviderConfiguration(t *testing.T) {
	t.Parallel()
	root := planjson.RootModule{Providers: map[string]map[string]planjson.Expression{"aws": {
		"region":                 {Text: "local.region", References: []string{"local.region"}},
		"assume_role.0.role_arn": {Text: "var.role", References: []string{"var.role"}},
	}}, Locals: map[string]planjson.Expression{"region": {Text: `"${var.region}"`, References: []string{"var.region"}}}}
	text := fmt.Sprintf(regional, "tokyo", "SECRET", "kyoto")
	for name, from := range map[string]planjson.RootModule{"from the plan": {}, "from the files": root} {
		first := planjson.FindDifference(parsePlan(t, text), from)
		for what, c := range map[string]struct{ text, says string }{
			"region":            {fmt.Sprintf(regional, "osaka", "SECRET", "kyoto"), "provider.aws region becomes"},
			"role":              {fmt.Sprintf(regional, "tokyo", "OTHER", "kyoto"), "provider.aws assume_role"},
			"region of module":  {fmt.Sprintf(regional, "tokyo", "SECRET", "nara"), "module.m.provider.aws.there region becomes"},
			"another reference": {strings.Replace(text, `["var.where"]`, `["var.here"]`, 1), "module.m.provider.aws.there region becomes"},
		} {
			d := planjson.FindDifference(parsePlan(t, c.text), from)
			if d.Digest(basis) == first.Digest(basis) {
				t.Errorf("%s: another %s has the same digest", name, what)
			}
			redact := func(text string) string { return text }
			if said := plandigest.Compare(first.Describe(basis, redact), d.Describe(basis, redact)); !strings.Contains(said, c.says) || strings.Contains(said, "SECRET") || strings.Contains(said, "OTHER") {
				t.Errorf("%s: another %s is told as %q", name, what, said)
			}
		}
		for what, other := range map[string]string{
			"a variable that no provider uses":   strings.Replace(text, `"value": "u"`, `"value": "v"`, 1),
			"a provider that the plan leaves be": strings.Replace(text, "RANDOM", "OTHER", 1),
		} {
			if planjson.FindDifference(parsePlan(t, other), from).Digest(basis) != first.Digest(basis) {
				t.Errorf("%s: %s alters the digest", name, what)
			}
		}
	}
	moved := planjson.RootModule{Providers: root.Providers, Locals: map[string]planjson.Expression{"region": {Text: `"${var.region}-2"`, References: []string{"var.region"}}}}
	if planjson.FindDifference(parsePlan(t, text), moved).Digest(basis) == planjson.FindDifference(parsePlan(t, text), root).Digest(basis) {
		t.Error("another local has the same digest")
	}
}
