package reconciler

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"

	"reconcile/reconciler/internal/checkout"
	"reconcile/reconciler/internal/inventory"
	"reconcile/reconciler/internal/rollout"
	"reconcile/reconciler/internal/worker"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// checkRollout returns the result of a workspace whose rollout has nothing to do now (ok): no
// process need be started for it.
func (p *pass) checkRollout(ctx context.Context, workspaces *inventory.Inventory, entry *inventory.Entry) (done worker.Completion, ok bool) {
	rec := entry.Record
	if o := p.run.Options; rec.Rollout == nil || o.AtOnce != nil || o.Snapshot != "" {
		return done, false
	}
	facts, err := worker.ReadRolloutFacts(ctx, p.config, workspaces, entry, rec, rec.Rollout.Strategy)
	if err != nil {
		return done, false // the work itself says why
	}
	next, move, followed := rollout.Decide(*rec.Rollout, facts)
	if move.Kind != rollout.Wait || followed || !reflect.DeepEqual(next, *rec.Rollout) {
		return done, false
	}
	result := run.WorkspaceResult{Name: rec.Name, StaleReasons: workspaces.StaleReasons(entry), Outcome: state.Rolling, Error: move.Why, Rollout: rollout.DescribeCheck(next, facts)}
	switch {
	case move.Why != "":
		result.Outcome = state.Blocked
	case rec.Outcome == state.Failed:
		result.Outcome, result.Error = state.Failed, rec.Error
	}
	if rec.Outcome != result.Outcome || rec.Error != result.Error {
		return done, false // people must see it in the record
	}
	result.CopyPlan(rec)
	rec.RetryAt = move.Until
	return worker.Completion{Entry: entry, Result: result, Record: rec}, true
}

// describeRollout says where the rollout of a recorded workspace stands; "" if there is none.
func describeRollout(rec state.Workspace) string {
	if rec.Rollout == nil {
		return ""
	}
	return rollout.Describe(*rec.Rollout)
}

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
		if _, isDone := p.result.Find(name); !isDone && records[name].Rollout != nil {
			p.hasWatchedRollouts = true
			p.watchRollout(ctx, killCtx, records[name], "the branch cannot be read, or its commit cannot be used")
		}
	}
}

// watchRollout checks a rollout that the tip says nothing about; noTip is why. Alarms and orders
// bring it back, from the stored snapshot of its commit. Only a person leads it up.
func (p *pass) watchRollout(ctx, killCtx context.Context, rec state.Workspace, noTip string) {
	done, err := p.workOnRollout(ctx, killCtx, rec, noTip)
	result := done.Result
	var claimed *run.ClaimedError
	switch {
	case errors.As(err, &claimed):
		result = newBusyResult(rec.Name, err)
		p.claimedByOther[rec.Name] = true
	case done.TipMoved:
		return // the next pass works on it
	case err != nil:
		result = run.WorkspaceResult{Name: rec.Name, Outcome: state.Failed, Error: err.Error(), Rollout: rollout.Describe(*rec.Rollout)}
	}
	p.retries[rec.Name] = p.config.Now().Add(rollout.CheckInterval)
	p.result.Add(result)
	p.run.Emit(run.Event{Workspace: rec.Name, Phase: run.PhaseDone, Result: &result})
	if result.Error != "" {
		p.run.Log.With("workspace", rec.Name, "outcome", result.Outcome).Warn(result.Error)
	}
}

func (p *pass) workOnRollout(ctx, killCtx context.Context, rec state.Workspace, noTip string) (done worker.Completion, err error) {
	if err := p.claims.take(rec.Name, p.run.Options.Run); err != nil {
		return done, err
	}
	defer p.claims.release(rec.Name)
	head, err := p.config.ReadHead(ctx)
	if err != nil {
		return done, err
	}
	workspaces, entry, err := worker.OpenRollout(ctx, p.config, head, rec)
	if err != nil {
		return done, err
	}
	defer p.config.CloseCommit(workspaces.Commit)
	workspaces.NoTip = noTip
	dir := checkout.NewForRollout(p.run, workspaces)
	defer dir.Close()
	done = p.applyEntry(ctx, killCtx, workspaces, worker.New(p.run, workspaces, dir), entry)
	if done.PanicErr != nil {
		p.panicErr = done.PanicErr
	}
	return done, nil
}
