// Package risk judges what a plan does to what runs: each change gets a class, from
// "none" to "loss", and a sentence that says what happens. It works on the JSON of a plan
// alone. What it knows of AWS is in the files of data, with a source for every line.
package risk

import (
	"cmp"
	"slices"

	tfjson "github.com/hashicorp/terraform-json"

	"reconcile/internal/secret"
)

// Sentence says the same in each language of the program.
type Sentence struct {
	En string `json:"en"`
	Ja string `json:"ja"`
}

// Text returns the sentence in a language: "ja", or English for all others.
func (s Sentence) Text(language string) string {
	if language == "ja" {
		return s.Ja
	}
	return s.En
}

// Change is the verdict on the change of one resource, or on one action.
type Change struct {
	Address string // of the resource, or of the action
	// Exact is the address as Terraform has it, where Address was redacted; "" elsewhere.
	Exact secret.Text `json:"-"`
	Risk  Class
	Why   Sentence
	// Rule is the name of what decided: a rule, such as "aws_db_instance.instance_class",
	// a list, such as "data.aws_db_instance", or the action, such as "action.create".
	Rule string
	// Unjudged means that nothing is known of an attribute that changes in place.
	Unjudged bool
	// Guard means that the change takes a protection away, such as deletion protection.
	Guard   bool
	Actions tfjson.Actions // empty for an action that is invoked
}

// IsPlain reports whether only the kind of the action decided, so that Why says no more than
// "is destroyed".
func (c Change) IsPlain() bool {
	switch c.Rule {
	case "action.create", "action.update", "action.delete", "action.replace":
		return true
	}
	return false
}

// Report is the verdict on a plan.
type Report struct {
	Risk    Class    // the highest of Changes
	Changes []Change // worst first, then by address
}

// Judge returns the verdict on a plan that was read with UseJSONNumber: numbers keep all
// their digits. What does not change at all, and data sources that are only read, are not in
// the report.
func Judge(plan *tfjson.Plan) Report { return embedded().judge(plan) }

func (k *knowledge) judge(plan *tfjson.Plan) Report {
	var report Report
	if plan == nil {
		return report
	}
	context := newPlanContext(plan)
	for _, rc := range plan.ResourceChanges {
		if change, ok := k.judgeResource(rc, context); ok {
			report.Changes = append(report.Changes, change)
		}
	}
	for _, deferred := range plan.DeferredChanges {
		if rc := deferred.ResourceChange; rc != nil {
			report.Changes = append(report.Changes, k.verdictOf("action.defer").toChange(rc))
		}
	}
	for _, invocation := range plan.ActionInvocations {
		if invocation != nil {
			change := k.verdictOf("action.invoke").toChange(&tfjson.ResourceChange{Address: invocation.Address})
			report.Changes = append(report.Changes, change)
		}
	}
	slices.SortStableFunc(report.Changes, func(a, b Change) int {
		return cmp.Or(cmp.Compare(b.Risk, a.Risk), cmp.Compare(a.Address, b.Address))
	})
	for _, change := range report.Changes {
		report.Risk = max(report.Risk, change.Risk)
	}
	return report
}
