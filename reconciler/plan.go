package reconciler

import (
	"context"
	"fmt"

	"reconcile/reconciler/internal/checkout"
	"reconcile/reconciler/internal/inventory"
	"reconcile/reconciler/internal/worker"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// Plan returns what a pass would do, and changes nothing: it adopts, records and leases
// nothing, and does not take Terraform's state lock. Readers of a workspace with
// changes are planned against its current outputs.
func (r *Reconciler) Plan(ctx, killCtx context.Context, o run.Options) (*run.Result, error) {
	thisRun := run.New(&r.config, o)
	thisRun.Result.IsPlan, thisRun.Result.Named = true, len(o.Only) > 0
	err := r.planTip(ctx, killCtx, thisRun)
	thisRun.Result.Finalize(err)
	return thisRun.Result, err
}

// planTip plans the workspaces that are stale at the tip, one after the other.
func (r *Reconciler) planTip(ctx, killCtx context.Context, thisRun *run.Run) error {
	o, result := thisRun.Options, thisRun.Result
	workspaces, err := inventory.NewAtTip(ctx, &r.config)
	if err != nil {
		return err
	}
	defer r.config.CloseCommit(workspaces.Commit)
	result.SetRange(workspaces.Head, workspaces.Commit.Tip())
	for _, text := range workspaces.Warnings() {
		thisRun.Warn(text)
	}
	if err := workspaces.CheckNotEmpty(); err != nil {
		return err
	}
	if err := workspaces.CheckNames(o.Only); err != nil {
		return err
	}
	s := scheduleStale(workspaces, o)
	dir := checkout.NewReadOnly(thisRun, workspaces)
	defer dir.Close()
	planner := worker.New(thisRun, workspaces, dir)
	announceWaiting(thisRun, workspaces, s)
	for _, name := range workspaces.Graph.Order() {
		if ctx.Err() != nil {
			return thisRun.StopError(ctx)
		}
		entry := workspaces.Entries[name]
		planned := run.WorkspaceResult{Name: name, Outcome: state.Unchanged}
		if applying := workspaces.ApplyingRun(name); s.Includes(name) && applying != "" {
			planned = newBusyResult(name, fmt.Errorf("run %s is applying it: plan again when that has ended", applying))
		} else if s.Includes(name) && (s.IsAlone() || len(workspaces.StaleReasons(entry)) > 0) {
			if _, err := r.config.Terraform(ctx); err != nil {
				return err
			}
			planned = planner.PlanWorkspace(ctx, killCtx, entry)
		}
		if s.Includes(name) || !s.IsAlone() {
			entry.Result = &planned
			result.Add(planned)
			thisRun.Emit(run.Event{Workspace: name, Phase: run.PhaseDone, Result: &planned})
		}
	}
	return nil
}
