package reconciler

import (
	"context"
	"reflect"

	"reconcile/reconciler/internal/inventory"
	"reconcile/reconciler/internal/rollout"
	"reconcile/reconciler/internal/worker"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// lookAtRollout decides whether the rollout of a workspace has anything to do now. ok: it has
// not, and no process need be started for it.
func (p *pass) lookAtRollout(ctx context.Context, w *inventory.Inventory, entry *inventory.Entry) (done worker.Done, ok bool) {
	rec := entry.Record
	if o := p.run.Options; rec.Rollout == nil || o.AtOnce != nil || o.Snapshot != "" {
		return done, false
	}
	facts, err := worker.ReadRolloutFacts(ctx, p.config, w, entry, rec, rec.Rollout.Strategy)
	if err != nil {
		return done, false // the work itself says why
	}
	next, move, followed := rollout.Decide(*rec.Rollout, facts)
	if move.Kind != rollout.Wait || followed || !reflect.DeepEqual(next, *rec.Rollout) {
		return done, false
	}
	result := run.WorkspaceResult{Name: rec.Name, StaleReasons: w.StaleReasons(entry), Outcome: state.Rolling, Error: move.Why, Rollout: rollout.DescribeLook(next, facts)}
	switch {
	case move.Why != "":
		result.Outcome = state.Blocked
	case rec.Outcome == state.Failed:
		result.Outcome, result.Error = state.Failed, rec.Error
	}
	if rec.Outcome != result.Outcome || rec.Error != result.Error {
		return done, false // people must see it in the record
	}
	result.Changes, result.Risk, result.PlanDigest, result.Why = rec.Changes, rec.Risk, rec.PlanDigest, rec.Why
	rec.RetryAt = move.Until
	return worker.Done{Entry: entry, Result: result, Record: rec}, true
}

// describeRollout says where the rollout of a recorded workspace stands; "" if there is none.
func describeRollout(rec state.Workspace) string {
	if rec.Rollout == nil {
		return ""
	}
	return rollout.Describe(*rec.Rollout)
}
