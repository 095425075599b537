package worker

import (
	"context"
	"fmt"

	"reconcile/internal/excerpt"
	"reconcile/reconciler/run"
	"reconcile/reconciler/terraform"
)

// A plan and an apply must use exactly what the commit contains. Other workspaces run
// in the same checkout, and their provisioners and providers may write there; such
// changes would be applied as the commit's. So the inputs of a workspace are compared
// with the commit by content: before the plan, after it, and after the apply. What has not been
// changed since an earlier comparison is not read again (gittree's Repair).

// maxReplans is how often a plan is repeated because its inputs changed while it was
// made.
const maxReplans = 2

// maxPaths is how many paths a sentence names.
const maxPaths = 3

// planExactInputs plans with exactly the commit's inputs.
func (wr *workspaceRun) planExactInputs(ctx context.Context) (*terraform.Plan, error) {
	restored, err := wr.checkout.RestoreSearchedDirs(ctx, wr.session.root, wr.entry)
	if err != nil {
		return nil, err
	}
	for replans := 0; ; replans++ {
		if len(restored) > 0 {
			wr.result.Warnings = append(wr.result.Warnings, fmt.Sprintf(
				"%s was altered in the checkout by another workspace, and was restored from the commit", excerpt.List(restored, maxPaths)))
		}
		plan, err := wr.plan(ctx)
		if err != nil {
			return nil, err
		}
		if restored, err = wr.checkout.RestoreInputs(ctx, wr.session.root, wr.entry); err != nil || len(restored) == 0 {
			return plan, err
		}
		if replans == maxReplans {
			return nil, fmt.Errorf("%s was altered in the checkout during every plan: let nothing that Terraform runs write to files that are in Git", excerpt.List(restored, maxPaths))
		}
	}
}

// verifyAppliedInputs makes sure that the commit's content was applied. If an input
// changed meanwhile, even by the apply itself, it is restored and a new plan must be
// empty. Files written next to the inputs do not matter.
func (wr *workspaceRun) verifyAppliedInputs(ctx context.Context) error {
	restored, err := wr.checkout.RestoreInputs(ctx, wr.session.root, wr.entry)
	if err != nil {
		return fmt.Errorf("applied, but %w", err)
	}
	if len(restored) == 0 {
		return nil
	}
	wr.enterPhase(run.PhasePlan)
	plan, err := wr.planOnce(ctx)
	if err != nil {
		return err
	}
	if !plan.Empty {
		return fmt.Errorf("applied, but %s was altered in the checkout meanwhile, and a new plan of the commit is not empty: let nothing that Terraform runs write to files that are in Git", excerpt.List(restored, maxPaths))
	}
	wr.result.Warnings = append(wr.result.Warnings, excerpt.List(restored, maxPaths)+" was altered in the checkout during the apply, and was restored; a new plan of the commit is empty")
	return nil
}
