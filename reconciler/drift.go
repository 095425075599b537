package reconciler

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"reconcile/internal/shell"
	"reconcile/reconciler/internal/checkout"
	"reconcile/reconciler/internal/gate"
	"reconcile/reconciler/internal/inventory"
	"reconcile/reconciler/internal/worker"
	"reconcile/reconciler/run"
	"reconcile/reconciler/terraform"
	"reconcile/state"
)

// Drift checks whether workspaces are still as they were last applied. It plans, with a
// refresh, those that are not stale, from the inputs in their traces. The changes in
// such a plan are drift. Drift records it and sends notifications; no pass reverts
// drift by itself.
//
// As in Plan, no lease and no Terraform lock is held, so that no pass has to wait for a
// check. In return the finding is dropped if a pass has written the workspace's record,
// or applied an upstream, since they were read.
func (r *Reconciler) Drift(ctx, killCtx context.Context, o run.Options) (*run.Result, error) {
	o.Trigger = run.TriggerDrift
	thisRun := run.New(&r.config, o)
	result := thisRun.Result
	thisRun.EnterStep(run.PhaseDrift)
	checked, err := detectDrift(ctx, killCtx, thisRun)
	result.Finalize(err)
	saveDrift(context.WithoutCancel(ctx), thisRun, checked)
	if checked {
		notifyNow(context.WithoutCancel(ctx), thisRun)
	}
	thisRun.Emit(run.Event{Phase: run.PhaseDone, Pass: result, Err: err, IsPartial: len(o.Only) > 0})
	return result, err
}

// detectDrift checks all workspaces that can be checked, several at once. checked
// reports whether there was any.
func detectDrift(ctx, killCtx context.Context, r *run.Run) (checked bool, err error) {
	workspaces, err := inventory.NewAtTip(ctx, r.Config)
	if err != nil {
		return false, err
	}
	defer r.Config.CloseCommit(workspaces.Commit)
	r.Result.SetRange(workspaces.Head, workspaces.Commit.Tip())
	if err := workspaces.CheckNotEmpty(); err != nil {
		return false, err
	}
	if err := workspaces.CheckNames(r.Options.Only); err != nil {
		return false, err
	}
	todo := map[string]bool{}
	for name, entry := range workspaces.Entries {
		if only := r.Options.Only; len(only) > 0 && !slices.Contains(only, name) {
			continue
		}
		if skipped, skip := skipDriftCheck(workspaces, entry); skip {
			r.Result.Add(r.EmitResult(skipped))
			continue
		}
		todo[name] = true
		r.Emit(run.Event{Workspace: name, Phase: run.PhaseWaiting})
	}
	if err := workspaces.LoadOnly(ctx, func(entry *inventory.Entry) bool { return todo[entry.Dir.Name] }); err != nil {
		return false, r.StopError(ctx)
	}
	dir := checkout.NewReadOnly(r, workspaces)
	defer dir.Close()
	check := driftCheck{run: r, config: r.Config, inventory: workspaces, worker: worker.New(r, workspaces, dir)}
	var adding sync.Mutex
	var group errgroup.Group
	group.SetLimit(r.Config.Parallelism)
	for _, name := range slices.Sorted(maps.Keys(todo)) {
		group.Go(func() error {
			return run.CatchPanic(func() error {
				if ctx.Err() != nil {
					return r.StopError(ctx)
				}
				found := r.EmitResult(check.checkWorkspace(ctx, killCtx, workspaces.Entries[name]))
				adding.Lock()
				defer adding.Unlock()
				r.Result.Add(found)
				return nil
			})
		})
	}
	if err = group.Wait(); ctx.Err() != nil {
		err = r.StopError(ctx)
	}
	return len(todo) > 0, err
}

// skipDriftCheck reports whether a pass must run first, because its changes could not
// be told from drift. It returns the result that says so.
func skipDriftCheck(workspaces *inventory.Inventory, entry *inventory.Entry) (run.WorkspaceResult, bool) {
	result := run.WorkspaceResult{Name: entry.Dir.Name, StaleReasons: workspaces.StaleReasons(entry)}
	why := slices.Clone(result.StaleReasons)
	if len(why) == 0 && entry.Record.PendingInputs != nil {
		why = append(why, "the change that its last run did not apply was reverted")
	}
	for _, up := range workspaces.Graph.DependsOn(entry.Dir.Name) {
		if attempt := workspaces.DescribeUpstreamAttempt(up); attempt != "" {
			why = append(why, attempt+" in its upstream "+up)
		}
	}
	switch {
	case entry.Hold != nil:
		result.Outcome, result.Error = state.Blocked, inventory.DescribeHold(*entry.Hold)
		result.Suspended = entry.Hold.Kind == state.Suspended
	case entry.Record.Rollout != nil:
		result.Outcome = state.Skipped
		result.Error = fmt.Sprintf("its rollout must end first: `reconcile rollout status %s` shows it", shell.Quote(entry.Dir.Name))
	case len(why) > 0:
		result.Outcome = state.Skipped
		result.Error = "a pass must run first (" + strings.Join(why, ", ") + ")"
	default:
		return result, false
	}
	return result, true
}

// driftCheck checks the workspaces of one inventory.
type driftCheck struct {
	run       *run.Run
	config    *run.Config
	inventory *inventory.Inventory
	worker    *worker.Worker
}

// checkWorkspace plans one workspace and records the drift that it finds.
func (c *driftCheck) checkWorkspace(ctx, killCtx context.Context, entry *inventory.Entry) run.WorkspaceResult {
	result := run.WorkspaceResult{Name: entry.Dir.Name}
	started := c.config.Now()
	plan, err := c.worker.Plan(ctx, killCtx, entry)
	if err == nil {
		result.Warnings = plan.Warnings
		err = gate.CheckState(c.config, c.inventory.Product, c.inventory.Load(entry), entry.Record, plan)
	}
	if err == nil {
		c.run.Emit(run.Event{Workspace: entry.Dir.Name, Phase: run.PhaseRecord})
		err = c.recordDrift(ctx, entry, plan)
	} else if moved := c.checkNotOvertaken(ctx, entry); moved != nil {
		err = moved // it may have read a state during a write
	}
	result.DurationMS = c.config.Now().Sub(started).Milliseconds()
	switch {
	case errors.Is(err, run.ErrConcurrentUpdate):
		result.Outcome, result.Error = state.Busy, err.Error()+": check again"
	case err != nil:
		result.Outcome, result.Error = run.ClassifyError(err), err.Error()
	case plan.Empty:
		result.Outcome = state.NoChanges
	default:
		result.Outcome, result.Plan, result.Risks = state.Drifted, plan.Text, run.RisksOf(plan.Risk)
		result.Changes, result.PlanDigest = state.Changes(plan.Changes), plan.Digest
		result.Risk, result.Why = plan.Risk.Risk.String(), c.judge(entry, plan).Why
		if result.Why != "" {
			result.Withheld = gate.DescribeWithheld(result.Why, plan)
			result.Warnings = append(result.Warnings, result.Withheld)
		}
	}
	return result
}

// judge decides whether a pass would apply the plan.
func (c *driftCheck) judge(entry *inventory.Entry, plan *terraform.Plan) gate.Verdict {
	return gate.JudgeServed(entry.Config, c.config.Gate, plan, worker.ShareOf(c.inventory, entry, c.inventory.Records))
}

// checkNotOvertaken returns ErrConcurrentUpdate if an upstream was applied since its
// record was read: the plan may be outdated then.
func (c *driftCheck) checkNotOvertaken(ctx context.Context, entry *inventory.Entry) error {
	now, err := c.inventory.ReadUpstreams(ctx, entry.Dir.Name)
	if err != nil {
		return err
	}
	for up, then := range c.inventory.UpstreamsOf(entry.Dir.Name) {
		if now[up].ApplyCount != then.ApplyCount || now[up].Attempt != nil {
			return fmt.Errorf("%s, upstream of %s: %w", up, entry.Dir.Name, run.ErrConcurrentUpdate)
		}
	}
	return nil
}

// recordDrift records the finding unless it may be outdated. A tip that was adopted
// meanwhile does not make it outdated.
func (c *driftCheck) recordDrift(ctx context.Context, entry *inventory.Entry, plan *terraform.Plan) error {
	if err := c.checkNotOvertaken(ctx, entry); err != nil {
		return err
	}
	return c.run.WithLease(ctx, 0, entry.Record, func(lease *state.Lease, rec state.Workspace) error {
		rec.Drift = &state.Drift{
			CheckedAt: c.config.Now(), Found: !plan.Empty, Withheld: c.judge(entry, plan).Why, Changes: state.Changes(plan.Changes), PlanDigest: plan.Digest, Run: c.run.Options.Run,
		}
		return lease.Write(ctx, rec)
	})
}

// saveDrift writes the history of a drift check, with its plans.
func saveDrift(ctx context.Context, r *run.Run, checked bool) {
	ctx, cancel := run.CleanupContext(ctx)
	defer cancel()
	records, err := r.Config.Record.Workspaces(ctx)
	if err != nil {
		r.Log.Warn("could not list the workspaces; drift is not reported", "error", err)
		return
	}
	r.Result.Drifted = listDrifted(records)
	if !checked {
		return
	}
	recordHistory(ctx, r, nil)
	for _, w := range r.Result.Workspaces {
		if w.Plan == "" {
			continue
		}
		if err := r.Config.Snapshots.PutLog(ctx, r.Options.Run, w.Name, strings.NewReader(w.Plan)); err != nil {
			r.Log.Warn("could not store the plan of this workspace", "workspace", w.Name, "error", err)
		}
	}
}

func listDrifted(records map[string]state.Workspace) []string {
	names := []string{}
	for _, name := range slices.Sorted(maps.Keys(records)) {
		if d := records[name].Drift; d != nil && d.Found {
			names = append(names, name)
		}
	}
	return names
}
