package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"runtime/debug"
	"slices"
	"time"

	"reconcile/internal/excerpt"
	"reconcile/reconciler/internal/checkout"
	"reconcile/reconciler/internal/gate"
	"reconcile/reconciler/internal/inventory"
	"reconcile/reconciler/internal/rollout"
	"reconcile/reconciler/run"
	"reconcile/reconciler/terraform"
	"reconcile/state"
)

// workspaceRun applies one workspace in one pass, from lease to record.
type workspaceRun struct {
	run             *run.Run
	config          *run.Config
	inventory       *inventory.Inventory
	checkout        *checkout.Checkout
	entry           *inventory.Entry
	log             *slog.Logger
	lease           *state.Lease
	killCtx         context.Context           // ends when Terraform must be killed
	record          state.Workspace           // as read under the lease
	upstreamsBefore inventory.UpstreamRecords // as read before the plan
	trace           state.Trace               // inputs of the plan
	recordBefore    state.Workspace           // the record before our attempt
	keyID           string                    // id of the digest key; set by readKey
	key             []byte
	session         run.Session
	startedAt       time.Time       // when a Terraform that locks the state started; zero: no Terraform can hold the lock
	output          *excerpt.Buffer // output of Terraform, redacted
	result          run.WorkspaceResult
	processesRemain bool // processes of Terraform may still run
	leaseReleased   bool // the lease was released when the record was written

	hold *state.Hold // of a snapshot that was applied before; nil: none

	approval  *state.Approval    // allows the plan; nil: none, or it needs none
	approvals []state.Approval   // of this workspace, without those that are void; nil: not read
	void      []state.Approval   // to be removed
	offer     *state.OfferedPlan // the plan, if it waits for an approval

	closers           []func() // of what a rollout opened
	isFailureRecorded bool
}

// maxLog limits the stored Terraform output of one workspace, in bytes.
const maxLog = 4 << 20

func (k *Worker) newWorkspaceRun(entry *inventory.Entry) *workspaceRun {
	return &workspaceRun{
		run: k.run, config: k.config, inventory: k.inventory, checkout: k.checkout, entry: entry, output: excerpt.New(maxLog),
		log: k.run.Log.With("workspace", entry.Dir.Name), result: run.WorkspaceResult{Name: entry.Dir.Name},
	}
}

// Apply applies a stale workspace: from its lease to its record.
func (k *Worker) Apply(ctx, killCtx context.Context, entry *inventory.Entry) Completion {
	v := k.newWorkspaceRun(entry)
	started := k.config.Now()
	err := v.executeRecovered(ctx, killCtx)
	v.result.DurationMS = k.config.Now().Sub(started).Milliseconds()
	done := Completion{Entry: entry, TipMoved: errors.Is(err, state.ErrTipMoved)}
	errors.As(err, &done.PanicErr)
	var claimed *run.ClaimedError
	done.Claimed = errors.As(err, &claimed)
	v.storeLog(ctx)
	for _, closer := range slices.Backward(v.closers) {
		closer()
	}

	if err != nil && !done.TipMoved {
		v.result.Outcome, v.result.Error = run.ClassifyError(err), err.Error()
	}
	done.Result, done.Record = v.result, v.record
	return done
}

// executeRecovered turns a panic into an error, so that an internal error in one
// workspace does not affect the others or the record.
func (v *workspaceRun) executeRecovered(ctx, killCtx context.Context) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &run.PanicError{Value: r, Stack: debug.Stack()}
		}
	}()
	return v.execute(ctx, killCtx)
}

// execute applies the workspace: lease, decide, init, plan, gate, apply, record.
func (v *workspaceRun) execute(ctx, killCtx context.Context) (err error) {
	ws := v.inventory.Load(v.entry)
	var root string
	if ws.Err == nil {
		if root, err = v.checkout.LayOut(ctx); err != nil {
			return err
		}
		leave, err := v.checkout.Enter(ctx, v.entry)
		if err != nil {
			return err
		}
		defer leave()
	}
	if err := v.acquire(ctx); err != nil {
		return err
	}
	defer v.release(ctx)
	// A lost lease stops the work like a signal: Terraform is interrupted first, and
	// killed before the lease could end.
	ctx = v.lease.Context()
	killCtx, stop := mergeCancel(killCtx, v.lease.KillContext())
	defer stop()

	if stale, err := v.decide(ctx); err != nil || !stale {
		return err
	}
	v.killCtx = killCtx
	defer func() { err = errors.Join(err, v.closeSession()) }()
	if v.record.Rollout != nil && v.run.Options.Snapshot == "" {
		return v.continueRollout(ctx)
	}
	v.endRolloutBySnapshot()
	if ws.Err != nil {
		return v.recordFailure(ctx, ws.Err)
	}
	if err := v.checkSize(); err != nil {
		return v.recordFailure(ctx, err)
	}
	tf, err := v.openSession(ctx, root)
	if err != nil {
		return v.recordFailure(ctx, err)
	}

	plan, err := v.planExactInputs(ctx, root)
	if err != nil {
		return v.recordFailure(ctx, v.explainPlanFailure(err))
	}
	if err := v.checkout.CheckPath(plan.Text); err != nil {
		return err
	}
	v.notePlan(plan)
	v.enterPhase(run.PhaseGate)
	if !v.run.Options.Adopt {
		if err := gate.CheckState(v.config, v.inventory.Product, ws, v.record, plan); err != nil {
			return v.recordFailure(ctx, err)
		}
	}
	if plan.Empty {
		v.holdSnapshot()
		return v.recordSuccess(ctx, tf, plan, state.NoChanges)
	}
	if err := v.checkHold(); err != nil {
		return v.recordFailure(ctx, err)
	}
	if err := v.passGate(ctx, plan); err != nil {
		return v.recordFailure(ctx, err)
	}
	if v.isStepwise(plan) {
		return v.recordStepFailure(ctx, v.explainApprovalGone(plan, v.beginRollout(ctx, tf, root, plan)))
	}
	return v.applyWhole(ctx, tf, root, plan)
}

// applyWhole applies a plan that may be applied, and records it.
func (v *workspaceRun) applyWhole(ctx context.Context, tf run.Terraform, root string, plan *terraform.Plan) error {
	if err := v.prepare(ctx); err != nil {
		return v.recordFailure(ctx, err)
	}
	if err := v.begin(ctx, plan); err != nil {
		return v.recordNotBegun(ctx, v.explainApprovalGone(plan, err))
	}
	v.result.Approval = v.approval.Fact() // it is used
	if err := v.applyPlan(ctx, plan); errors.Is(err, terraform.ErrPlanChanged) {
		return v.recordNotBegun(ctx, err)
	} else if err != nil {
		return v.recordFailure(ctx, err)
	}
	v.startedAt = time.Time{}
	if err := v.verifyAppliedInputs(ctx, root); err != nil {
		return v.recordFailure(ctx, err)
	}
	v.recordAtOnce(plan)
	return v.recordSuccess(ctx, tf, plan, state.Applied)
}

// applyPlan applies the saved plan. That Terraform could not release its lock is a warning.
func (v *workspaceRun) applyPlan(ctx context.Context, plan *terraform.Plan) error {
	v.enterPhase(run.PhaseApply)
	release := v.checkout.HoldUpstreamStates(v.entry)
	v.startedAt = v.config.Now()
	err := v.session.Apply(ctx, plan)
	release()
	v.record.Attempt.HasEnded = !errors.Is(err, terraform.ErrKilled)
	if unlock := (*terraform.UnlockError)(nil); errors.As(err, &unlock) {
		v.noteLock(err) // so that the next run knows whose lock it is
		v.result.Warnings = append(v.result.Warnings, "applied, but: "+err.Error())
		return nil
	}
	return err
}

func (v *workspaceRun) acquire(ctx context.Context) (err error) {
	v.enterPhase(run.PhaseLease)
	v.lease, err = v.run.WaitForLease(ctx, state.LeaseRequest{
		Identity:   v.config.LeaseIdentity(v.entry.Dir.Name, v.inventory.StateIdentity(v.entry)),
		Workspace:  v.entry.Dir.Name,
		Run:        v.run.Options.Run,
		Generation: v.inventory.Head.Generation,
	})
	if err != nil {
		return fmt.Errorf("lease of %s: %w", v.entry.Dir.Name, err)
	}
	return nil
}

// release releases the lease, unless a process of this workspace may still run: then
// the lease must expire.
func (v *workspaceRun) release(ctx context.Context) {
	switch {
	case v.leaseReleased:
		return
	case v.processesRemain:
		v.log.Error("could not stop the processes of this workspace; its lease will expire")
		v.lease.Abandon()
		return
	}
	ctx, cancel := run.CleanupContext(ctx)
	defer cancel()
	if err := run.RetryWrite(ctx, func() error { return v.lease.Release(ctx) }); err != nil {
		v.log.Warn("could not release the lease; it will expire", "error", err)
	}
}

// decide reads the record again, now under the lease, and reports whether the workspace
// is still stale. It reads the upstreams' records before the plan reads their states.
func (v *workspaceRun) decide(ctx context.Context) (stale bool, err error) {
	if v.record, _, err = v.config.Record.Workspace(ctx, v.entry.Dir.Name); err != nil {
		return false, fmt.Errorf("read the record of %s: %w", v.entry.Dir.Name, err)
	}
	if v.upstreamsBefore, err = v.inventory.ReadUpstreams(ctx, v.entry.Dir.Name); err != nil {
		return false, err
	}
	digests := v.upstreamsBefore.Digests()
	v.trace = v.inventory.Trace(v.entry, digests)
	if err := v.readHold(ctx); err != nil {
		return false, err
	}
	v.result.StaleReasons = v.inventory.OwnReasons(v.entry, v.record)
	if v.record.Trace != nil {
		v.result.StaleReasons = append(v.result.StaleReasons, v.inventory.UpstreamReasons(v.entry.Dir.Name, v.record.Trace, digests)...)
	}
	if v.run.Options.Replan && len(v.result.StaleReasons) == 0 {
		v.result.StaleReasons = []string{run.ReplanReason}
	}
	if len(v.result.StaleReasons) == 0 {
		if err := v.readApprovals(ctx); err != nil {
			return false, err
		}
		v.result.StaleReasons = inventory.ApprovedReasons(v.record, v.approvals, v.config.Now())
	}
	if len(v.result.StaleReasons) == 0 {
		v.result.Outcome = state.Unchanged
		return false, nil
	}
	if tried, err := v.wasTriedMeanwhile(ctx); err != nil {
		return false, err
	} else if tried {
		v.result.Outcome, v.result.Error = v.record.Outcome, v.record.Error
		v.result.Changes, v.result.Risk, v.result.PlanDigest, v.result.Why = v.record.Changes, v.record.Risk, v.record.PlanDigest, v.record.Why
		return false, nil
	}
	v.result.Warnings = append(v.result.Warnings, v.inventory.Load(v.entry).Warnings...)
	if a := v.record.Attempt; a != nil && !a.HasEnded {
		v.result.Warnings = append(v.result.Warnings, fmt.Sprintf(
			"the apply that run %s started at %s was interrupted: it may have created resources that are not in Terraform's state; look for them",
			a.Run, a.StartedAt.UTC().Format("2006-01-02 15:04:05Z")))
	}
	return true, nil
}

// wasTriedMeanwhile reports whether another run has tried these inputs without success
// since this pass read the record. An immediate second try would only repeat it.
func (v *workspaceRun) wasTriedMeanwhile(ctx context.Context) (bool, error) {
	o, rec := v.run.Options, v.record
	if o.Replan || o.Adopt || rec.Rollout != nil || rec.Rev == v.entry.Record.Rev || rec.PendingInputs == nil || rec.Outcome != state.Failed && rec.Outcome != state.Blocked {
		return false, nil
	}
	if rec.Outcome == state.Blocked {
		if err := v.readApprovals(ctx); err != nil {
			return false, err
		}
	}
	return maps.Equal(rec.PendingInputs, gate.PendingInputs(v.entry.Config, v.config.Gate, v.trace, v.approvals)), nil
}

// plan runs init and plan, and releases a state lock that a dead run of ours left.
func (v *workspaceRun) plan(ctx context.Context) (*terraform.Plan, error) {
	v.enterPhase(run.PhaseInit)
	if err := v.checkout.Init(v.entry, func() error { return v.session.Init(ctx) }); err != nil {
		return nil, err
	}
	v.storeLockFile(ctx)
	defer v.checkout.HoldUpstreamStates(v.entry)()
	v.enterPhase(run.PhasePlan)
	v.startedAt = v.config.Now()
	plan, err := v.session.Plan(ctx)
	var locked *terraform.LockedError
	if errors.As(err, &locked) {
		if err := v.releaseStaleLock(ctx, locked); err != nil {
			return nil, err
		}
		v.startedAt = v.config.Now()
		plan, err = v.session.Plan(ctx)
	}
	if err == nil {
		v.lease.ForgetHolders() // Terraform got the lock, so no run has left one
		v.startedAt = time.Time{}
	}
	return plan, err
}

// checkSize refuses a workspace whose inputs would be too large for the record.
func (v *workspaceRun) checkSize() error {
	applied := v.record
	applied.Name, applied.Trace = v.entry.Dir.Name, v.trace
	if err := v.lease.CheckStorable(applied); err != nil {
		return fmt.Errorf("nothing was applied: %w", err)
	}
	return nil
}

// prepare gets everything that the apply and its record need, so that it fails before
// anything is applied.
func (v *workspaceRun) prepare(ctx context.Context) error {
	err := v.readKey(ctx)
	if err == nil {
		err = v.session.PrepareApply(ctx)
	}
	if err != nil {
		return fmt.Errorf("nothing was applied: %w", err)
	}
	return nil
}

// readKey reads the digest key once.
func (v *workspaceRun) readKey(ctx context.Context) (err error) {
	if v.key != nil {
		return nil
	}
	if v.keyID, v.key, err = v.config.DigestKey(ctx); err != nil {
		return fmt.Errorf("digest key: %w", err)
	}
	return nil
}

func (v *workspaceRun) enterPhase(phase run.Phase) {
	v.log.Debug("phase", "phase", phase)
	event := run.Event{Workspace: v.entry.Dir.Name, Phase: phase}
	if r := v.record.Rollout; r != nil {
		event.Rollout = rollout.Describe(*r)
	}
	v.run.Emit(event)
}

// mergeCancel returns a context that ends with the first of two contexts, with its
// cause.
func mergeCancel(a, b context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(a)
	stop := context.AfterFunc(b, func() { cancel(context.Cause(b)) })
	return ctx, func() { stop(); cancel(nil) }
}
