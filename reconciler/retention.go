package reconciler

import (
	"context"
	"time"

	"reconcile/internal/commitid"
	"reconcile/internal/runid"
	"reconcile/state"
)

// retention is how long runs, their logs, and unreferenced snapshots are stored.
const retention = 90 * 24 * time.Hour

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
		p.run.Log.Warn("could not remove old snapshots", "error", err)
	}
	// The log of a run that a record refers to explains the current state.
	if _, err := p.config.Snapshots.PruneLogs(ctx, before, func(run runid.ID) bool { return runs[run] }); err != nil {
		p.run.Log.Warn("could not remove old logs", "error", err)
	}
	if _, err := p.config.Record.PruneRuns(ctx, before); err != nil {
		p.run.Log.Warn("could not remove old runs", "error", err)
	}
}
