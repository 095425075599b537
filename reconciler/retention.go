package reconciler

import (
	"context"
	"time"

	"reconcile/internal/commitid"
	"reconcile/internal/runid"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// retention is how long runs, their logs, and unreferenced snapshots are stored.
const retention = 90 * 24 * time.Hour

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
	recordHistory(ctx, p.run, p.result, err)
	records, err := p.config.Record.Workspaces(ctx)
	if err != nil {
		p.run.Log.Warn("listing workspaces failed; drift not reported, snapshots not pruned", "error", err)
		return
	}
	p.result.Drifted = listDrifted(records)
	if p.run.Options.Snapshot == "" { // else other records may refer to what is old here
		p.prune(ctx, records)
	}
}

// recordHistory writes the history of a run; failed is why it failed as a whole.
func recordHistory(ctx context.Context, r *run.Run, result *run.Result, failed error) {
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
			done.Phases = r.PhasesOf(w.Name)
			history.Workspaces = append(history.Workspaces, done)
		}
	}
	if err := r.Config.Record.PutRun(ctx, history); err != nil {
		r.Log.Warn("the run's history could not be written", "error", err)
	}
}

// prune removes runs, logs and snapshots that are old and that no record refers to.
func (p *pass) prune(ctx context.Context, records map[string]state.Workspace) {
	before := p.config.Now().Add(-retention)
	commits := map[commitid.ID]bool{p.result.To: true, p.result.From: true}
	runs := map[runid.ID]bool{}
	for _, w := range records {
		commits[w.Commit], runs[w.Run] = true, true
		if w.Attempt != nil {
			commits[w.Attempt.Commit] = true
		}
		if w.Rollout != nil {
			commits[w.Rollout.Commit] = true
		}
	}
	if _, err := p.config.Snapshots.Prune(ctx, before, func(commit commitid.ID) bool { return commits[commit] }); err != nil {
		p.run.Log.Warn("old snapshots could not be removed", "error", err)
	}
	// The log of a run that a record refers to explains the current state.
	if _, err := p.config.Snapshots.PruneLogs(ctx, before, func(run runid.ID) bool { return runs[run] }); err != nil {
		p.run.Log.Warn("old logs could not be removed", "error", err)
	}
	if _, err := p.config.Record.PruneRuns(ctx, before); err != nil {
		p.run.Log.Warn("old runs could not be removed", "error", err)
	}
}
