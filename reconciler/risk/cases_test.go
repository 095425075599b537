package risk

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// tableCase is a change of testdata/cases, and what an operator expects of it.
type tableCase struct {
	Type      string
	What      string // happens
	Before    any    // nothing: it is created
	After     any    // nothing: it is destroyed
	Replace   string // "destroy first" or "create first"
	Sensitive []string
	Risk      Class
	Why       string // a part of the sentence in English
	Rule      string
	Unjudged  bool
	Guard     bool
}

// unknownMark stands in the files, as the variable unknown, for a value that is known only
// after the apply.
const unknownMark = "\x00unknown"

// TestCases judges the changes of testdata/cases.
func TestCases(t *testing.T) {
	t.Parallel()
	cases := readCases(t)
	if len(cases) < 80 {
		t.Errorf("only %d cases", len(cases))
	}
	for _, c := range cases {
		if problem := c.check(embedded()); problem != "" {
			t.Errorf("%s, %s: %s", c.Type, c.What, problem)
		}
	}
}

// TestEveryEntryIsNeeded takes each rule and note away, takes its condition away, and makes
// it milder. Each time a case must fail.
func TestEveryEntryIsNeeded(t *testing.T) {
	t.Parallel()
	cases := readCases(t)
	whole := embedded()
	for i, r := range whole.rules {
		check := func(what string, mutate func(*rule) *rule) {
			k := *whole
			k.rules = slices.Clone(whole.rules)
			if mutated := mutate(r); mutated != nil {
				k.rules[i] = mutated
			} else {
				k.rules = slices.Delete(k.rules, i, i+1)
			}
			if !fails(&k, r, cases) {
				t.Errorf("rule %s: no case fails %s", r.id(), what)
			}
		}
		check("without it", func(*rule) *rule { return nil })
		check("with another class", func(r *rule) *rule {
			mutated := *r
			mutated.class = max(r.class-1, None)
			return &mutated
		})
		if hasCondition(r) {
			check("without its condition", func(r *rule) *rule {
				mutated := *r
				mutated.When = nil
				return &mutated
			})
		}
	}
	for _, list := range []string{"data", "identity", "traffic", "routine"} {
		k := *whole
		k.kinds = maps.Clone(whole.kinds)
		maps.DeleteFunc(k.kinds, func(_ string, entry kind) bool { return entry.list == list })
		if !slices.ContainsFunc(cases, func(c tableCase) bool { return c.check(&k) != "" }) {
			t.Errorf("list %s: no case fails without it", list)
		}
	}
	for i, note := range whole.notes {
		k := *whole
		k.notes = slices.Delete(slices.Clone(whole.notes), i, i+1)
		if !fails(&k, note, cases) {
			t.Errorf("note %s: no case fails without it", note.id())
		}
	}
}

func hasCondition(r *rule) bool {
	_, ok := r.When.(hclsyntax.Expression)
	return ok
}

// fails reports whether a case of an entry's types does not come out with changed knowledge.
func fails(k *knowledge, about *rule, cases []tableCase) bool {
	return slices.ContainsFunc(cases, func(c tableCase) bool { return about.isFor(c.Type) && c.check(k) != "" })
}

// check returns how the verdict differs from what is expected, or "".
func (c *tableCase) check(k *knowledge) string {
	report := k.judge(c.plan())
	if len(report.Changes) != 1 {
		return fmt.Sprintf("%d changes", len(report.Changes))
	}
	got := report.Changes[0]
	switch {
	case got.Risk != c.Risk || got.Unjudged != c.Unjudged || got.Guard != c.Guard:
		return fmt.Sprintf("it is %v (unjudged %v, guard %v), not %v: %s (%s)", got.Risk, got.Unjudged, got.Guard, c.Risk, got.Why.En, got.Rule)
	case !strings.Contains(got.Why.En, c.Why):
		return fmt.Sprintf("it says %q, without %q", got.Why.En, c.Why)
	case c.Rule != "" && got.Rule != c.Rule:
		return fmt.Sprintf("%s decided, not %s", got.Rule, c.Rule)
	case placeholderPattern().MatchString(got.Why.En) || placeholderPattern().MatchString(got.Why.Ja) || got.Why.Ja == "":
		return fmt.Sprintf("a sentence is not filled: %q, %q", got.Why.En, got.Why.Ja)
	}
	return ""
}

func (c *tableCase) plan() *tfjson.Plan {
	after, unknown := splitUnknown(c.After)
	change := &tfjson.Change{Before: c.Before, After: after, AfterUnknown: unknown, Actions: tfjson.Actions{tfjson.ActionUpdate}}
	switch {
	case c.Replace == "destroy first":
		change.Actions = tfjson.Actions{tfjson.ActionDelete, tfjson.ActionCreate}
	case c.Replace == "create first":
		change.Actions = tfjson.Actions{tfjson.ActionCreate, tfjson.ActionDelete}
	case c.Before == nil:
		change.Actions = tfjson.Actions{tfjson.ActionCreate}
	case c.After == nil:
		change.Actions = tfjson.Actions{tfjson.ActionDelete}
	}
	sensitive := map[string]any{}
	for _, name := range c.Sensitive {
		sensitive[name] = true
	}
	change.BeforeSensitive, change.AfterSensitive = sensitive, sensitive
	return &tfjson.Plan{ResourceChanges: []*tfjson.ResourceChange{{
		Address: c.Type + ".x", Mode: tfjson.ManagedResourceMode, Type: c.Type, Name: "x", Change: change,
	}}}
}

// splitUnknown takes the marks of unknown values out, into a value like Terraform's
// after_unknown.
func splitUnknown(v any) (known, unknown any) {
	switch v := v.(type) {
	case string:
		if v == unknownMark {
			return nil, true
		}
	case map[string]any:
		attributes, marks := map[string]any{}, map[string]any{}
		for name, value := range v {
			k, u := splitUnknown(value)
			if u != true {
				attributes[name] = k
			}
			marks[name] = u
		}
		return attributes, marks
	case []any:
		elements, marks := []any{}, []any{}
		for _, value := range v {
			k, u := splitUnknown(value)
			elements, marks = append(elements, k), append(marks, u)
		}
		return elements, marks
	}
	return v, false
}

func readCases(t *testing.T) []tableCase {
	t.Helper()
	files, err := filepath.Glob("testdata/cases/*.hcl")
	if err != nil {
		t.Fatal(err)
	}
	var all []tableCase
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		file, diags := hclsyntax.ParseConfig(text, name, hcl.InitialPos)
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		attributes, diags := file.Body.JustAttributes()
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		value, diags := attributes["cases"].Expr.Value(&hcl.EvalContext{Variables: map[string]cty.Value{"unknown": cty.StringVal(unknownMark)}})
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		document, err := ctyjson.Marshal(value, value.Type())
		if err != nil {
			t.Fatal(err)
		}
		var cases []tableCase
		decoder := json.NewDecoder(bytes.NewReader(document))
		decoder.UseNumber() // as the plan of a session
		if err := decoder.Decode(&cases); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all = append(all, cases...)
	}
	return all
}
