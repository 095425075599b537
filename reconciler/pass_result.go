package reconciler

import (
	"context"
	"fmt"
	"time"

	"reconcile/reconciler/source"
	"reconcile/state"
)

// setRange notes the commits that the pass goes from and to.
func (p *pass) setRange(head state.Head, tip source.Tip) {
	if p.result.To == "" {
		p.result.From = head.Commit
	}
	p.result.To = tip.Commit
}

// replayRecorded is the result of a pass with nothing to do: what the last one
// came to. Only where that was not "in sync" the workspaces are read, to say
// which and why.
func (p *pass) replayRecorded(ctx context.Context, head state.Head) error {
	if head.Exit == ExitOK {
		return nil
	}
	records, err := p.config.Record.Workspaces(ctx)
	if err != nil {
		return fmt.Errorf("read the record %s: %w", p.config.RecordName, err)
	}
	p.result.Drifted = listDrifted(records)
	for _, w := range records {
		outcome, why := recordedOutcome(w)
		if w.Removed || outcome == state.Applied || outcome == state.NoChanges || outcome == state.Unchanged {
			continue
		}
		p.result.add(WorkspaceResult{
			Name: w.Name, Outcome: outcome, Changes: w.Changes, Risk: w.Risk, PlanDigest: w.PlanDigest, Error: why,
		})
	}
	p.recordedExit = head.Exit
	return nil
}

// recordedOutcome is what the record says of a workspace. Of an apply that was begun and
// of which nothing more was recorded (its run was killed, or lost its lease)
// the outcome is that of the run before it.
func recordedOutcome(w state.Workspace) (outcome state.Outcome, why string) {
	if a := w.Attempt; a != nil && w.Outcome != state.Failed && w.Outcome != state.Blocked {
		return state.Failed, fmt.Sprintf("what came of the apply that run %s began at %s was not recorded",
			a.Run, a.StartedAt.UTC().Format("2006-01-02 15:04:05Z"))
	}
	return w.Outcome, w.Error
}

// closeCommit gives back what an open commit holds.
func (r *Reconciler) closeCommit(commit *source.Commit) {
	if err := commit.Close(); err != nil {
		r.config.Log.Warn("a commit's files could not be closed", "error", err)
	}
}

// earliestRetry is the earliest retry of what failed; zero when nothing did.
func (p *pass) earliestRetry() time.Time {
	var next time.Time
	for _, at := range p.retries {
		if next.IsZero() || at.Before(next) {
			next = at
		}
	}
	return next
}
