package reconciler

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"reconcile/reconciler/internal/inventory"
	"reconcile/reconciler/run"
	"reconcile/reconciler/source"
	"reconcile/state"
)

// replayRecorded fills the result of a pass with nothing to do from the record. It
// reads the workspaces only if the last outcome was not "in sync".
func (p *pass) replayRecorded(ctx context.Context, head state.Head) error {
	if head.Exit == run.ExitOK {
		return nil
	}
	records, err := p.config.Record.Workspaces(ctx)
	if err != nil {
		return fmt.Errorf("read the record %s: %w", p.config.RecordName, err)
	}
	p.result.Drifted = listDrifted(records)
	for _, w := range records {
		outcome, why := w.RecordedOutcome()
		if err := p.claims.check(w.Name, p.run.Options.Run); err != nil {
			outcome, why = state.Busy, err.Error()
		}
		if w.Removed || outcome == state.Applied || outcome == state.NoChanges || outcome == state.Unchanged {
			continue
		}
		p.result.Add(run.WorkspaceResult{
			Name: w.Name, Outcome: outcome, Changes: w.Changes, Risk: w.Risk, PlanDigest: w.PlanDigest, Why: w.Why, Teardown: w.Teardown, Error: why,
			Rollout: describeRollout(w),
		})
	}
	p.recordedExit = head.Exit
	return nil
}

func (p *pass) earliestRetry() time.Time {
	var next time.Time
	for _, at := range p.retries {
		if next.IsZero() || at.Before(next) {
			next = at
		}
	}
	return next
}

// settle records the outcome, so that the next pass need not look again until something
// changes.
func (p *pass) settle(ctx context.Context, head state.Head, w *inventory.Inventory) error {
	if len(p.run.Options.Only) > 0 {
		return p.settleNamed(ctx, head, w)
	}
	head.Exit, _ = run.Summarize(p.result.Workspaces)
	head.Settled = head.Exit != run.ExitBusy
	p.updateOutOfSync(&head, head.Exit == run.ExitOK)
	head.NextRetryAt, head.Error = p.earliestRetry(), ""
	head.Run, head.UpdatedAt = p.result.Run, p.config.Now()
	head, err := p.config.Record.PutHead(ctx, head)
	if err == nil && !p.isBusyElsewhere() {
		p.claims.noteWaiting(head.Rev)
	}
	return err
}

// isBusyElsewhere reports whether a workspace is busy for another reason than the work of
// another pass of this process.
func (p *pass) isBusyElsewhere() bool {
	return slices.ContainsFunc(p.result.Workspaces, func(w run.WorkspaceResult) bool {
		return w.Outcome == state.Busy && !p.claimed[w.Name]
	})
}

// settleNamed settles the head after a pass over only some workspaces if, by the record,
// nothing is left to do in the others either. Else the head stays unsettled.
func (p *pass) settleNamed(ctx context.Context, head state.Head, w *inventory.Inventory) error {
	if exit, _ := run.Summarize(p.result.Workspaces); exit != run.ExitOK {
		return nil
	}
	records, err := p.config.Record.Workspaces(ctx)
	if err != nil {
		return err
	}
	if !w.IsInSync(records) {
		return nil
	}
	head.Settled, head.Exit, head.NextRetryAt, head.Error = true, run.ExitOK, time.Time{}, ""
	p.updateOutOfSync(&head, true)
	head.Run, head.UpdatedAt = p.result.Run, p.config.Now()
	_, err = p.config.Record.PutHead(ctx, head)
	if errors.Is(err, state.ErrConflict) {
		return nil // another run has the head now
	}
	return err
}

// warnOfDuplicateRecords warns if the record is new and another record of the store has
// the same branch under another address.
func (p *pass) warnOfDuplicateRecords(ctx context.Context, head state.Head, tip *source.Commit) {
	if head.Commit != "" {
		return
	}
	duplicates, err := p.config.FindDuplicateRecords(ctx, tip)
	if err != nil {
		p.run.Log.Warn("could not check whether another record has this branch", "error", err)
		return
	}
	for _, name := range duplicates {
		text := fmt.Sprintf("the record %s is new, and the record %s has the same commits of branch %s under another address: if it is the same repository, stop and continue with that record (--record %s, after `reconcile distrust --moved --record %[4]s`); otherwise this pass applies everything a second time", p.config.RecordName, name, p.config.Branch, name)
		p.run.Warn(text)
	}
}

// passOutcome returns the outcome for a recorded exit code.
func passOutcome(exit int) string {
	switch exit {
	case run.ExitOK:
		return run.OutcomeInSync
	case run.ExitPending:
		return run.OutcomeBlocked
	case run.ExitBusy:
		return run.OutcomeBusy
	}
	return run.OutcomeFailed
}

// updateOutOfSync sets head.OutOfSyncSince: when any pass first saw a tip that was not
// fully applied. Later tips that are not applied either do not change it.
func (p *pass) updateOutOfSync(head *state.Head, inSync bool) {
	switch {
	case inSync:
		head.OutOfSyncSince = time.Time{}
	case head.OutOfSyncSince.IsZero():
		head.OutOfSyncSince = p.firstSeenAt
	}
	p.result.BehindSince = head.OutOfSyncSince
}

// recordError records why the pass failed as a whole, and when the tip was first seen even if
// it could not be adopted (not fetchable, not signed, or invalid settings). The head becomes
// unsettled, so that a pass runs again if the tip goes back.
func (p *pass) recordError(ctx context.Context, failed error) {
	if p.firstSeenTip == "" || errors.Is(failed, run.ErrStopped) || run.IsMistake(failed) {
		return
	}
	head, err := p.config.Record.Head(ctx)
	isBehind := head.Commit != p.firstSeenTip && head.OutOfSyncSince.IsZero()
	if err == nil && head.Rev != 0 && (isBehind || head.Error != failed.Error()) {
		if isBehind {
			p.updateOutOfSync(&head, false)
		}
		head.Settled, head.Run, head.Error = false, p.result.Run, failed.Error()
		_, err = p.config.Record.PutHead(ctx, head)
	}
	if err != nil && !errors.Is(err, state.ErrConflict) {
		p.run.Log.Warn("could not record why the pass failed", "error", err)
	}
}
