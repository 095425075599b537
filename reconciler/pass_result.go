package reconciler

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"reconcile/internal/failure"
	"reconcile/reconciler/internal/inventory"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// finish completes the result and writes the run's history. A failed history write does
// not fail the pass.
func (p *pass) finish(ctx context.Context, err error) {
	p.result.Finalize(err)
	if err == nil && p.recordedExit != run.ExitOK {
		p.result.Exit, p.result.Outcome = p.recordedExit, passOutcome(p.recordedExit)
	}
	if err != nil {
		p.recordError(ctx, err)
	}
	if p.result.Snapshot == "" {
		return // the pass ended before it stored a snapshot
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	recordHistory(ctx, p.run, err)
	records, err := p.config.Record.Workspaces(ctx)
	if err != nil {
		p.run.Log.Warn("could not list the workspaces; drift is not reported, and old snapshots stay", "error", err)
		return
	}
	p.result.Drifted = listDrifted(records)
	if p.run.Options.Snapshot == "" { // else other records may refer to what is old here
		p.prune(ctx, records)
	}
}

// recordHistory writes the history of a run; failed is why it failed as a whole.
func recordHistory(ctx context.Context, r *run.Run, failed error) {
	result := r.Result
	history := state.Run{
		ID: result.Run, Trigger: result.Trigger, FromCommit: result.From, ToCommit: result.To, Subject: result.Subject,
		Outcome: result.Outcome, Exit: result.Exit, StartedAt: r.Started, EndedAt: r.Config.Now(),
		Snapshot: result.Snapshot, ExpiresAt: r.Config.Now().Add(retention).Unix(),
	}
	if failed != nil {
		history.Error = failed.Error()
	}
	for _, w := range result.Workspaces {
		if w.Outcome != state.Unchanged {
			done := w.History()
			done.Phases = r.Phases(w.Name)
			history.Workspaces = append(history.Workspaces, done)
		}
	}
	if err := r.Config.Record.PutRun(ctx, history); err != nil {
		r.Log.Warn("could not record the history of this run", "error", err)
	}
}

// replayRecorded fills the result of a pass with nothing to do from the record. It
// reads the workspaces only if the last outcome was not "in sync", and the holds and what they
// hold only if one counted.
func (p *pass) replayRecorded(ctx context.Context, head state.Head) error {
	if err := p.replaySuspended(ctx, head); err != nil || head.Exit == run.ExitOK {
		return err
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
		if _, replayed := p.result.Find(w.Name); replayed || w.Removed || outcome == state.Applied || outcome == state.NoChanges || outcome == state.Unchanged {
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

// replaySuspended adds the workspaces that were left alone because somebody suspended them.
func (p *pass) replaySuspended(ctx context.Context, head state.Head) error {
	if len(head.Suspended) == 0 {
		return nil
	}
	holds, err := p.config.Record.Holds(ctx)
	if err != nil {
		return fmt.Errorf("read the record %s: %w", p.config.RecordName, err)
	}
	for name, rev := range head.Suspended {
		hold, held := holds[name]
		if !held || hold.Kind != state.Suspended {
			continue
		}
		rec, _, err := p.config.Record.Workspace(ctx, name)
		if err != nil {
			return err
		}
		outcome, _ := rec.RecordedOutcome()
		if rec.Rev != rev && (outcome == state.Applied || outcome == state.NoChanges) {
			continue // an apply that had begun before it was suspended has ended since
		}
		p.result.Add(run.WorkspaceResult{Name: name, Outcome: state.Blocked, Suspended: true, Error: inventory.DescribeHold(hold)})
	}
	return nil
}

// listSuspended returns the stale workspaces that the pass left alone because somebody suspended
// them, with the Rev of each record. What only a replan asked for is not stale.
func (p *pass) listSuspended(workspaces *inventory.Inventory) map[string]int64 {
	revs := map[string]int64{}
	for _, result := range p.result.Workspaces {
		isStale := !slices.Equal(result.StaleReasons, []string{run.ReplanReason})
		if entry := workspaces.Entries[result.Name]; entry != nil && result.IsHeldBack() && isStale {
			revs[result.Name] = entry.Record.Rev
		}
	}
	return revs
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
func (p *pass) settle(ctx context.Context, head state.Head, workspaces *inventory.Inventory) error {
	if len(p.run.Options.Only) > 0 {
		return p.settleNamed(ctx, head, workspaces)
	}
	head.Exit, _ = run.Summarize(p.result.Workspaces)
	head.Settled = head.Exit != run.ExitBusy
	p.setInSync(&head, head.Exit == run.ExitOK)
	head.NextRetryAt, head.Error, head.Suspended = p.earliestRetry(), "", p.listSuspended(workspaces)
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
		return w.Outcome == state.Busy && !p.claimedByOther[w.Name]
	})
}

// settleNamed settles the head after a pass over only some workspaces if, by the record,
// nothing is left to do in the others either. Else the head stays unsettled.
func (p *pass) settleNamed(ctx context.Context, head state.Head, workspaces *inventory.Inventory) error {
	if exit, _ := run.Summarize(p.result.Workspaces); exit != run.ExitOK {
		return nil
	}
	records, err := p.config.Record.Workspaces(ctx)
	if err != nil {
		return err
	}
	if !workspaces.IsInSync(records) {
		return nil
	}
	head.Settled, head.Exit, head.NextRetryAt, head.Error, head.Suspended = true, run.ExitOK, time.Time{}, "", nil
	p.setInSync(&head, true)
	head.Run, head.UpdatedAt = p.result.Run, p.config.Now()
	_, err = p.config.Record.PutHead(ctx, head)
	if errors.Is(err, state.ErrConflict) {
		return nil // another run has the head now
	}
	return err
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

// setInSync sets head.OutOfSyncSince: when any pass first saw a tip that was not
// fully applied. Later tips that are not applied either do not change it.
func (p *pass) setInSync(head *state.Head, inSync bool) {
	switch {
	case inSync:
		head.OutOfSyncSince = time.Time{}
	case head.OutOfSyncSince.IsZero():
		head.OutOfSyncSince = p.firstSeenAt
	}
	p.result.OutOfSyncSince = head.OutOfSyncSince
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
			p.setInSync(&head, false)
		}
		head.Settled, head.Run, head.Error = false, p.result.Run, failed.Error()
		_, err = p.config.Record.PutHead(ctx, head)
	}
	if err != nil && !errors.Is(err, state.ErrConflict) {
		p.run.Log.Warn("could not record why the pass failed", "error", err)
	}
}

// checkRecord returns an error if there is no record any more: this pass, or an earlier one of the
// process, has seen one. Without it everything would be created once more.
func (p *pass) checkRecord(head state.Head) error {
	hadRecord := p.result.HasRecord
	p.result.HasRecord = hadRecord || head.Rev > 0
	switch {
	case head.Rev > 0:
		return nil
	case hadRecord:
		return failure.WithNextStep("restore it, or see whether the disk of its directory is mounted, before another pass takes all for new",
			fmt.Errorf("the record %s was removed during this pass", p.config.RecordName))
	case p.run.Options.HadRecord:
		return failure.WithNextStep("restore it, or see whether the disk of its directory is mounted; to begin with a new record, start this process again",
			fmt.Errorf("the record %s was removed since an earlier pass of this process", p.config.RecordName))
	}
	return nil
}
