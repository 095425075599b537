package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"reconcile/internal/excerpt"
	"reconcile/reconciler/internal/checkout"
	"reconcile/reconciler/internal/inventory"
	"reconcile/reconciler/internal/rollout"
	"reconcile/reconciler/run"
	"reconcile/reconciler/terraform"
	"reconcile/state"
)

// workspaceRun applies one workspace in one pass, from lease to record.
type workspaceRun struct {
	run       *run.Run
	config    *run.Config
	inventory *inventory.Inventory // at the tip; of a rollout's steps: at its commit
	checkout  *checkout.Checkout
	declared  *declarations // of removed workspaces
	entry     *inventory.Entry
	log       *slog.Logger

	lease         *state.Lease
	leaseReleased bool // it was released when the record was written

	record          state.Workspace           // as read under the lease, then as it is to be written
	upstreamsBefore inventory.UpstreamRecords // as read before the plan
	trace           state.Trace               // inputs of the plan
	snapshotHold    *state.Hold               // of a snapshot that was applied before; nil: none
	approvals       approvals
	digestKey       struct { // set by readKey
		id     string
		secret []byte
	}

	session session
	closers []func() // of what a rollout opened

	result            run.WorkspaceResult
	isFailureRecorded bool
}

// maxLog limits the stored Terraform output of one workspace, in bytes.
const maxLog = 4 << 20

func (w *Worker) newWorkspaceRun(entry *inventory.Entry) *workspaceRun {
	return &workspaceRun{
		run: w.run, config: w.config, inventory: w.inventory, checkout: w.checkout, declared: w.declared, entry: entry,
		log:     w.run.Log.With("workspace", entry.Dir.Name),
		session: session{output: excerpt.New(maxLog)}, result: run.WorkspaceResult{Name: entry.Dir.Name},
	}
}

// Apply applies a stale workspace: from its lease to its record.
func (w *Worker) Apply(ctx, killCtx context.Context, entry *inventory.Entry) Completion {
	wr := w.newWorkspaceRun(entry)
	started := w.config.Now()
	err := run.CatchPanic(func() error { return wr.execute(ctx, killCtx) })
	wr.result.DurationMS = w.config.Now().Sub(started).Milliseconds()
	done := Completion{Entry: entry, TipMoved: errors.Is(err, state.ErrTipMoved)}
	errors.As(err, &done.PanicErr)
	var claimed *run.ClaimedError
	done.ClaimedByOther = errors.As(err, &claimed)
	wr.storeLog(ctx)
	for _, closer := range slices.Backward(wr.closers) {
		closer()
	}

	if err != nil && !done.TipMoved {
		wr.result.Outcome, wr.result.Error = run.ClassifyError(err), err.Error()
	}
	done.Result, done.Record = wr.result, wr.record
	return done
}

// execute does the work under the workspace's lease, if it is still stale.
func (wr *workspaceRun) execute(ctx, killCtx context.Context) (err error) {
	if wr.inventory.Load(wr.entry).Err == nil {
		if wr.session.root, err = wr.checkout.LayOut(ctx); err != nil {
			return err
		}
		leave, err := wr.checkout.Enter(ctx, wr.entry)
		if err != nil {
			return err
		}
		defer leave()
	}
	if err := wr.acquire(ctx); err != nil {
		return err
	}
	defer wr.release(ctx)
	// A lost lease stops the work like a signal: Terraform is interrupted first, and
	// killed before the lease could end.
	ctx = wr.lease.Context()
	killCtx, stop := mergeCancel(killCtx, wr.lease.KillContext())
	defer stop()

	if stale, err := wr.decide(ctx); err != nil || !stale {
		return err
	}
	wr.session.killCtx = killCtx
	defer func() { err = errors.Join(err, wr.session.close()) }()
	if wr.record.Rollout != nil && wr.run.Options.Snapshot == "" {
		return wr.continueRollout(ctx)
	}
	return wr.planAndApply(ctx)
}

// planAndApply does the work itself: init, plan, gate, apply, record.
func (wr *workspaceRun) planAndApply(ctx context.Context) error {
	wr.endRolloutBySnapshot()
	if err := wr.inventory.Load(wr.entry).Err; err != nil {
		return wr.recordFailure(ctx, err)
	}
	if err := wr.checkSize(); err != nil {
		return wr.recordFailure(ctx, err)
	}
	if err := wr.openSession(ctx); err != nil {
		return wr.recordFailure(ctx, err)
	}

	plan, err := wr.planExactInputs(ctx)
	if err != nil {
		return wr.recordFailure(ctx, wr.explainPlanFailure(err))
	}
	if err := wr.checkout.CheckPath(plan.Text); err != nil {
		return err
	}
	wr.notePlan(plan)
	wr.enterPhase(run.PhaseGate)
	if !wr.run.Options.Adopt {
		if err := checkState(ctx, wr.declared, wr.inventory, wr.entry, wr.record, plan); err != nil {
			return wr.recordFailure(ctx, err)
		}
	}
	if plan.Empty {
		wr.holdSnapshot()
		return wr.recordSuccess(ctx, plan, state.NoChanges)
	}
	if err := wr.checkHold(); err != nil {
		return wr.recordFailure(ctx, err)
	}
	if err := wr.passGate(ctx, plan); err != nil {
		return wr.recordFailure(ctx, err)
	}
	if wr.wantsSteps() {
		if !isFirstApply(wr.record, plan) {
			return wr.recordStepFailure(ctx, wr.explainApprovalGone(plan, wr.beginRollout(ctx, plan)))
		}
		wr.result.Warnings = append(wr.result.Warnings, withoutSteps)
	}
	return wr.applyWhole(ctx, plan)
}

// applyWhole applies a plan that may be applied, and records it.
func (wr *workspaceRun) applyWhole(ctx context.Context, plan *terraform.Plan) error {
	before := wr.record
	if err := wr.prepareApply(ctx); err != nil {
		return wr.recordFailure(ctx, err)
	}
	if err := wr.beginApply(ctx, plan); err != nil {
		return wr.recordNotBegun(ctx, before, wr.explainApprovalGone(plan, err))
	}
	wr.result.Approval = wr.approvals.match.Fact() // it is used
	if err := wr.applyPlan(ctx, plan); errors.Is(err, terraform.ErrPlanChanged) {
		return wr.recordNotBegun(ctx, before, wr.explainApprovalUsed(err))
	} else if err != nil {
		return wr.recordFailure(ctx, err)
	}
	if err := wr.verifyAppliedInputs(ctx); err != nil {
		return wr.recordFailure(ctx, err)
	}
	wr.recordAtOnce(plan)
	return wr.recordSuccess(ctx, plan, state.Applied)
}

// applyPlan applies the saved plan. That Terraform could not release its lock is a warning.
func (wr *workspaceRun) applyPlan(ctx context.Context, plan *terraform.Plan) error {
	wr.enterPhase(run.PhaseApply)
	unlockStates := wr.checkout.LockUpstreamStates(wr.entry)
	wr.session.lockSince = wr.config.Now()
	err := wr.session.terraform.Apply(ctx, plan)
	unlockStates()
	wr.record.Attempt.HasEnded = !errors.Is(err, terraform.ErrKilled)
	if lockLeft := (*terraform.UnlockError)(nil); errors.As(err, &lockLeft) {
		wr.noteLock(err) // so that the next run knows whose lock it is
		wr.result.Warnings = append(wr.result.Warnings, "applied, but: "+err.Error())
	} else if err != nil {
		return err
	}
	wr.session.lockSince = time.Time{}
	return nil
}

func (wr *workspaceRun) acquire(ctx context.Context) (err error) {
	wr.enterPhase(run.PhaseLease)
	wr.lease, err = wr.run.WaitForLease(ctx, state.LeaseRequest{
		Identity:   wr.config.LeaseIdentity(wr.entry.Dir.Name, wr.inventory.StateIdentity(wr.entry)),
		Workspace:  wr.entry.Dir.Name,
		Run:        wr.run.Options.Run,
		Generation: wr.inventory.Head.Generation,
	})
	if err != nil {
		return fmt.Errorf("lease of %s: %w", wr.entry.Dir.Name, err)
	}
	return nil
}

// release releases the lease, unless a process of this workspace may still run: then
// the lease must expire.
func (wr *workspaceRun) release(ctx context.Context) {
	switch {
	case wr.leaseReleased:
		return
	case wr.session.processesRemain:
		wr.log.Error("could not stop the processes of this workspace; its lease will expire")
		wr.lease.Abandon()
		return
	}
	ctx, cancel := run.CleanupContext(ctx)
	defer cancel()
	if err := run.RetryWrite(ctx, func() error { return wr.lease.Release(ctx) }); err != nil {
		wr.log.Warn("could not release the lease; it will expire", "error", err)
	}
}

// plan runs init and plan, and releases a state lock that a dead run of ours left.
func (wr *workspaceRun) plan(ctx context.Context) (*terraform.Plan, error) {
	wr.enterPhase(run.PhaseInit)
	if err := wr.checkout.Init(wr.entry, func() error { return wr.session.terraform.Init(ctx) }); err != nil {
		return nil, err
	}
	wr.storeLockFile(ctx)
	defer wr.checkout.LockUpstreamStates(wr.entry)()
	wr.enterPhase(run.PhasePlan)
	plan, err := wr.planOnce(ctx)
	var locked *terraform.LockedError
	if errors.As(err, &locked) {
		if err := wr.releaseStaleLock(ctx, locked); err != nil {
			return nil, err
		}
		plan, err = wr.planOnce(ctx)
	}
	if err == nil {
		wr.lease.ForgetHolders() // Terraform got the lock, so no run has left one
	}
	return plan, err
}

// planOnce runs plan. Terraform may hold its state lock until that has succeeded.
func (wr *workspaceRun) planOnce(ctx context.Context) (*terraform.Plan, error) {
	wr.session.lockSince = wr.config.Now()
	plan, err := wr.session.terraform.Plan(ctx)
	if err == nil {
		wr.session.lockSince = time.Time{}
	}
	return plan, err
}

// checkSize refuses a workspace whose inputs would be too large for the record.
func (wr *workspaceRun) checkSize() error {
	applied := wr.record
	applied.Name, applied.Trace = wr.entry.Dir.Name, wr.trace
	if err := wr.lease.CheckStorable(applied); err != nil {
		return fmt.Errorf("nothing was applied: %w", err)
	}
	return nil
}

// prepareApply gets everything that the apply and its record need, so that it fails before
// anything is applied.
func (wr *workspaceRun) prepareApply(ctx context.Context) error {
	err := wr.readKey(ctx)
	if err == nil {
		err = wr.session.terraform.PrepareApply(ctx)
	}
	if err != nil {
		return fmt.Errorf("nothing was applied: %w", err)
	}
	return nil
}

// readKey reads the digest key once.
func (wr *workspaceRun) readKey(ctx context.Context) (err error) {
	key := &wr.digestKey
	if key.secret != nil {
		return nil
	}
	if key.id, key.secret, err = wr.config.DigestKey(ctx); err != nil {
		return fmt.Errorf("digest key: %w", err)
	}
	return nil
}

func (wr *workspaceRun) enterPhase(phase run.Phase) {
	wr.log.Debug("phase", "phase", phase)
	event := run.Event{Workspace: wr.entry.Dir.Name, Phase: phase}
	if r := wr.record.Rollout; r != nil {
		event.Rollout = rollout.Describe(*r)
	}
	wr.run.Emit(event)
}

// mergeCancel returns a context that ends with the first of two contexts, with its
// cause.
func mergeCancel(a, b context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(a)
	stop := context.AfterFunc(b, func() { cancel(context.Cause(b)) })
	return ctx, func() { stop(); cancel(nil) }
}
