package gate

import (
	"errors"
	"fmt"
	"regexp"
	"slices"

	tfjson "github.com/hashicorp/terraform-json"

	"reconcile/internal/excerpt"
	"reconcile/reconciler/risk"
	"reconcile/reconciler/run"
	"reconcile/reconciler/terraform"
	"reconcile/state"
)

// DeletesWhatReadersUse reports whether a plan destroys or replaces something, or removes an
// output, so that it may take away what readers of the workspace use. A replacement that is
// routine for its type does not count.
func DeletesWhatReadersUse(plan *terraform.Plan) bool {
	return len(plan.RemovedOutputs) > 0 || Destroys(plan)
}

// deletes reports whether a change destroys or replaces something that matters: more than a
// replacement that is routine for its type.
func deletes(change risk.Change) bool {
	return change.Risk.NeedsApproval() && slices.Contains(change.Actions, tfjson.ActionDelete)
}

// describeDeletions says what a plan destroys or replaces, as deletes counts it.
func describeDeletions(plan *terraform.Plan) (sentences []string) {
	for _, change := range plan.Risk.Changes {
		if deletes(change) {
			sentences = append(sentences, verbOf(change)+" "+change.Address)
		}
	}
	return sentences
}

// DescribeTeardown says which readers a plan waits for, and why.
func DescribeTeardown(plan *terraform.Plan, t *state.Teardown) string {
	deleted := describeDeletions(plan)
	for _, name := range plan.RemovedOutputs {
		deleted = append(deleted, "removes output "+name)
	}
	text := fmt.Sprintf("waits until its readers are applied at %s (%s), because it %s", t.ShortCommit(), excerpt.List(t.Readers, maxNamed), excerpt.List(deleted, maxNamed))
	if len(t.Outputs) > 0 {
		text += fmt.Sprintf("; if one of them needs what this plan makes (output %s), split the commit: what is added first, what is deleted in a later commit", excerpt.List(t.Outputs, maxNamed))
	}
	return text
}

// ExplainSplit returns the wait of a reader that needs an output which the plan of an upstream
// would make, while that plan waits for the reader. The error of the reader's plan tells
// that: it names the output. Any other error is returned as it is.
func ExplainSplit(reader, upstream string, t *state.Teardown, failed error) error {
	var step *terraform.StepError
	if !errors.As(failed, &step) {
		return failed
	}
	i := slices.IndexFunc(t.Outputs, func(name string) bool {
		return regexp.MustCompile(`(^|[^\w-])` + regexp.QuoteMeta(name) + `($|[^\w-])`).MatchString(step.Detail)
	})
	if i < 0 {
		return failed
	}
	return &run.BlockedError{Replan: true, Reason: fmt.Sprintf(
		"needs the output %s of %s, whose plan deletes what its readers may use and so waits for this workspace: split the commit: first what %[2]s adds and what %[3]s changes, and in a later commit what %[2]s deletes; the plan failed with: %[4]s",
		t.Outputs[i], upstream, reader, step.Detail)}
}
