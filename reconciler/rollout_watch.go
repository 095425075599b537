package reconciler

import (
	"context"
	"errors"
	"maps"
	"slices"

	"reconcile/reconciler/internal/checkout"
	"reconcile/reconciler/internal/rollout"
	"reconcile/reconciler/internal/worker"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// watchRollouts watches all rollouts after a pass that failed as a whole: Git may not answer, or
// a commit has settings that cannot be read. A bad step is taken back all the same.
func (p *pass) watchRollouts(ctx, killCtx context.Context) {
	if ctx.Err() != nil || p.panicErr != nil || p.run.Options.Snapshot != "" {
		return
	}
	records, err := p.config.Record.Workspaces(ctx)
	if err != nil {
		return // the pass itself says why
	}
	for _, name := range slices.Sorted(maps.Keys(records)) {
		isDone := slices.ContainsFunc(p.result.Workspaces, func(w run.WorkspaceResult) bool { return w.Name == name })
		if rec := records[name]; rec.Rollout != nil && !isDone {
			p.hasWatched = true
			p.watchRollout(ctx, killCtx, rec, "the branch cannot be read, or its commit cannot be used")
		}
	}
}

// watchRollout looks at a rollout of which the tip says nothing; noTip is why. Alarms and orders
// bring it back, from the stored snapshot of its commit. Only a person leads it up.
func (p *pass) watchRollout(ctx, killCtx context.Context, rec state.Workspace, noTip string) {
	done, err := p.workOnRollout(ctx, killCtx, rec, noTip)
	result := done.Result
	var claimed *run.ClaimedError
	switch {
	case errors.As(err, &claimed):
		result = busyResult(rec.Name, err)
		p.claimed[rec.Name] = true
	case done.TipMoved:
		return // the next pass looks at it
	case err != nil:
		result = run.WorkspaceResult{Name: rec.Name, Outcome: state.Failed, Error: err.Error(), Rollout: rollout.Describe(*rec.Rollout)}
	}
	p.retries[rec.Name] = p.config.Now().Add(rollout.LookInterval)
	p.result.Add(result)
	p.run.Emit(run.Event{Workspace: rec.Name, Phase: run.PhaseDone, Result: &result})
	if result.Error != "" {
		p.run.Log.With("workspace", rec.Name, "outcome", result.Outcome).Warn(result.Error)
	}
}

func (p *pass) workOnRollout(ctx, killCtx context.Context, rec state.Workspace, noTip string) (done worker.Done, err error) {
	if err := p.claims.take(rec.Name, p.run.Options.Run); err != nil {
		return done, err
	}
	defer p.claims.release(rec.Name)
	head, err := p.config.ReadHead(ctx)
	if err != nil {
		return done, err
	}
	work, entry, err := worker.OpenRollout(ctx, p.config, head, rec)
	if err != nil {
		return done, err
	}
	defer p.config.CloseCommit(work.Commit)
	work.NoTip = noTip
	dir := checkout.NewForRollout(p.run, work)
	defer dir.Close()
	done = p.work(ctx, killCtx, work, worker.New(p.run, work, dir), entry)
	if done.PanicErr != nil {
		p.panicErr = done.PanicErr
	}
	return done, nil
}
