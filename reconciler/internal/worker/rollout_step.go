package worker

import (
	"context"
	"fmt"
	"time"

	"reconcile/reconciler/internal/gate"
	"reconcile/reconciler/internal/rollout"
	"reconcile/reconciler/risk"
	"reconcile/reconciler/run"
	"reconcile/reconciler/terraform"
	"reconcile/reconciler/workspace/settings"
	"reconcile/state"
)

// takeStep puts the next number in force. A plan that wants more than the rollout may change
// pauses it. The step is done when a second plan of the same number is empty.
func (v *workspaceRun) takeStep(ctx context.Context, b *begunRollout) error {
	r := v.record.Rollout
	isBack := r.Phase == state.RolloutAborting
	if isUp := !isBack && !r.InFlight && r.Number > 0; isUp {
		if moved, err := v.isMoved(ctx, b); moved || err != nil {
			return err // the next decision waits, and writes why
		}
	}
	v.setNumber(r.Strategy, r.Next)
	plan, err := v.planExactInputs(ctx, b.root)
	if err != nil {
		return err
	}
	if err := v.checkout.CheckPath(plan.Text); err != nil {
		return err
	}
	v.notePlan(plan)
	if err := gate.CheckState(v.config, v.inventory.Product, v.inventory.Load(v.entry), v.record, plan); err != nil {
		return err
	}
	if !plan.Empty {
		if isBack {
			if more := rollout.Destroys(r.Allowed, plan.Difference); more != "" {
				return fmt.Errorf("the way back to %d is not applied, because its plan destroys or replaces what the rollout does not change: %s; remove it from what is live or from Terraform's state, and the next pass goes on", r.Next, more)
			}
		} else if more := v.exceeds(plan); more != "" {
			paused := rollout.Pause(*r, v.config.Now(), fmt.Sprintf("the plan at %d changes what the plan that began the rollout does not: %s", r.Next, more))
			v.record.Rollout = &paused
			return nil // the next decision waits, and writes this
		}
		if err := v.applyStep(ctx, plan); err != nil {
			return err
		}
		if err := v.verifyAppliedInputs(ctx, b.root); err != nil {
			return err
		}
		again, err := v.planExactInputs(ctx, b.root)
		if err != nil {
			return err
		}
		if !again.Empty {
			return fmt.Errorf("applied %s = %d, but a second plan of it is not empty (%s)", r.Strategy.Variable, r.Next, rollout.Exceeds(nil, again.Difference))
		}
	}
	done := rollout.CompleteStep(*v.record.Rollout, v.config.Now())
	done.Outputs = plan.KeptOutputs // an empty plan knows none
	v.record.Rollout, v.record.Attempt.HasEnded = &done, true
	v.record.Failures, v.record.RetryAt = 0, time.Time{}
	return v.writeProgress(ctx)
}

// isMoved reports whether what is live is not what the number in force says: then the next step
// would start from something else, and the rollout is paused.
func (v *workspaceRun) isMoved(ctx context.Context, b *begunRollout) (bool, error) {
	r := *v.record.Rollout
	v.setNumber(r.Strategy, r.Number)
	plan, err := v.planExactInputs(ctx, b.root)
	if err != nil || plan.Empty {
		return false, err
	}
	paused := rollout.Pause(r, v.config.Now(), fmt.Sprintf("what is live is not what %d says any more, and that plan is not empty (%s): put it back, or take the rollout back", r.Number, rollout.Exceeds(nil, plan.Difference)))
	v.record.Rollout = &paused
	return true, nil
}

// writeProgress writes what was done. A pass that was stopped meanwhile writes it all the same.
func (v *workspaceRun) writeProgress(ctx context.Context) error {
	own, cancel := run.CleanupContext(ctx)
	defer cancel()
	return run.RetryWrite(own, func() error { return v.lease.Write(own, v.record) })
}

// exceeds says what the plan of a step changes beyond what the rollout may.
func (v *workspaceRun) exceeds(plan *terraform.Plan) string {
	more := rollout.Exceeds(v.record.Rollout.Allowed, plan.Difference)
	if allowed, err := risk.ParseClass(v.record.Rollout.Risk); more == "" && (err != nil || plan.Risk.Risk > allowed) {
		more = fmt.Sprintf("its risk is %s, not %s", plan.Risk.Risk, v.record.Rollout.Risk)
	}
	return more
}

// applyStep writes that the step begins, and applies its plan.
func (v *workspaceRun) applyStep(ctx context.Context, plan *terraform.Plan) error {
	if err := v.prepare(ctx); err != nil {
		return err
	}
	order, err := v.config.Record.RolloutOrder(ctx, v.record.Name)
	if err != nil {
		return err
	}
	if order != nil && order.Rollout == v.record.Rollout.Run && !v.record.Rollout.InFlight {
		return state.ErrOrderChanged
	}
	v.approval = nil
	v.newAttempt(plan)
	begun := *v.record.Rollout
	begun.InFlight = true
	v.record.Rollout = &begun
	if err := v.writeRollout(ctx, state.RolloutWrite{Order: order, Begin: true}); err != nil {
		v.record = v.recordBefore
		return err
	}
	if err := v.applyPlan(ctx, plan); err != nil {
		return err
	}
	v.startedAt = time.Time{}
	return nil
}

// finishRollout records that everything is applied, if the plan at 100 is empty.
func (v *workspaceRun) finishRollout(ctx context.Context, b *begunRollout) (done bool, err error) {
	r := *v.record.Rollout
	v.setNumber(r.Strategy, settings.WholeRollout)
	plan, err := v.planExactInputs(ctx, b.root)
	if err != nil {
		return false, err
	}
	if !plan.Empty {
		paused := rollout.Pause(r, v.config.Now(), fmt.Sprintf("its last plan is not empty any more: %s", rollout.Exceeds(nil, plan.Difference)))
		v.record.Rollout = &paused
		return false, v.writeProgress(ctx)
	}
	last := rollout.Close(r, v.config.Now(), "everything is applied")
	v.record.Rollout, v.record.LastRollout = nil, &last
	v.approval, v.result.Rollout = r.Approval, ""
	v.result.PlanDigest, v.result.Risk, v.result.Approval = r.Target, r.Risk, r.Approval.Fact()
	if err := v.recordSuccess(ctx, b.tf, plan, state.Applied); err != nil {
		return false, err
	}
	return true, nil
}
