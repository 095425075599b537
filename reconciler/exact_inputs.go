package reconciler

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"reconcile/reconciler/terraform"
	"reconcile/reconciler/workspace"
)

// What is planned and applied is what the commit holds. Other workspaces run
// in the same checkout, and what their provisioners and providers write there
// would be applied as the commit's: so a workspace's inputs are compared with
// the commit by their content, before the plan, after it and after the apply.

// maxReplans is how often a plan is made again when its inputs were altered
// while it was made.
const maxReplans = 2

// restoreInputs makes a workspace's inputs in the checkout what the commit has, and
// returns those that were not. Whole: so are the directories that it looks for
// files in, which a plan itself may write to.
func (s *checkout) restoreInputs(ctx context.Context, root string, entry *workspaceEntry, whole bool) ([]string, error) {
	s.restoreMu.Lock()
	defer s.restoreMu.Unlock()
	ws := s.inventory.load(entry)
	foreign := func(file string) bool {
		if workspace.IsAutoLoaded(path.Base(file)) {
			return !s.isGenerated(file)
		}
		return whole && slices.ContainsFunc(ws.Globs, func(glob string) bool {
			ok, err := doublestar.Match(glob, file)
			return ok && err == nil
		})
	}
	mended, err := s.inventory.commit.Tree.Repair(ctx, root, ws.Inputs, foreign)
	if err != nil {
		return nil, fmt.Errorf("what %s reads was altered in the checkout, and cannot be laid out again: %w", entry.dir.Name, err)
	}
	return mended, nil
}

// isGenerated reports whether a file of the checkout is one that we write for
// Terraform.
func (s *checkout) isGenerated(file string) bool {
	if !terraform.IsGenerated(path.Base(file)) {
		return false
	}
	for _, entry := range s.inventory.entries {
		if entry.dir.Path == path.Dir(file) {
			return true
		}
	}
	return false
}

// planExactInputs makes the plan of exactly the inputs that the commit has.
func (v *workspaceRun) planExactInputs(ctx context.Context, root string) (*terraform.Plan, error) {
	mended, err := v.checkout.restoreInputs(ctx, root, v.entry, true)
	if err != nil {
		return nil, err
	}
	for replans := 0; ; replans++ {
		if len(mended) > 0 {
			v.result.Warnings = append(v.result.Warnings, fmt.Sprintf(
				"%s was altered in the checkout by what another workspace ran, and laid out again as the commit has it", listPaths(mended)))
		}
		plan, err := v.plan(ctx)
		if err != nil {
			return nil, err
		}
		if mended, err = v.checkout.restoreInputs(ctx, root, v.entry, false); err != nil || len(mended) == 0 {
			return plan, err
		}
		if replans == maxReplans {
			return nil, fmt.Errorf("%s was altered in the checkout each time that it was planned: let nothing that Terraform runs write to files that are in Git", listPaths(mended))
		}
	}
}

// verifyAppliedInputs makes sure that what was applied is what the commit holds: else
// it must not be recorded as the commit's. Where an input was altered meanwhile,
// be it by the apply itself, it is laid out again, and a plan must be empty.
// What was written beside the inputs is fine.
func (v *workspaceRun) verifyAppliedInputs(ctx context.Context, root string) error {
	mended, err := v.checkout.restoreInputs(ctx, root, v.entry, false)
	if err != nil {
		return fmt.Errorf("applied, but %w", err)
	}
	if len(mended) == 0 {
		return nil
	}
	v.enterPhase(PhasePlan)
	plan, err := v.session.Plan(ctx)
	if err != nil {
		return err
	}
	if !plan.Empty {
		return fmt.Errorf("applied, but %s was altered in the checkout meanwhile, and a plan of what the commit holds is not empty: let nothing that Terraform runs write to files that are in Git", listPaths(mended))
	}
	v.result.Warnings = append(v.result.Warnings, listPaths(mended)+" was altered in the checkout while this was applied, and laid out again; a plan of what the commit holds is empty")
	return nil
}

// listPaths names paths, not more than people read.
func listPaths(paths []string) string {
	const shown = 3
	if more := len(paths) - shown; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(paths[:shown], ", "), more)
	}
	return strings.Join(paths, ", ")
}
