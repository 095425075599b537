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
func (wr *workspaceRun) takeStep(ctx context.Context) error {
	r := wr.record.Rollout
	if isUp := r.Phase != state.RolloutAborting && !r.InFlight && r.Number > 0; isUp {
		if moved, err := wr.pauseIfMoved(ctx); moved || err != nil {
			return err // the next decision waits, and writes why
		}
	}
	wr.setNumber(r.Strategy, r.Next)
	plan, err := wr.planExactInputs(ctx)
	if err != nil {
		return err
	}
	if err := wr.checkout.CheckPath(plan.Text); err != nil {
		return err
	}
	wr.notePlan(plan)
	if err := gate.CheckState(wr.config, wr.inventory.Product, wr.inventory.Load(wr.entry), wr.record, plan); err != nil {
		return err
	}
	if !plan.Empty {
		if paused, err := wr.checkStep(plan); paused || err != nil {
			return err // the next decision waits, and writes why
		}
		if err := wr.applyStep(ctx, plan); err != nil {
			return err
		}
		if err := wr.verifyStep(ctx); err != nil {
			return err
		}
	}
	done := rollout.CompleteStep(*wr.record.Rollout, wr.config.Now())
	done.Outputs = plan.KeptOutputs // an empty plan knows none
	wr.record.Rollout, wr.record.Attempt.HasEnded = &done, true
	wr.record.Failures, wr.record.RetryAt = 0, time.Time{}
	return wr.writeProgress(ctx)
}

// checkStep pauses the rollout if the plan of a step changes more than the rollout may. The way back
// is not paused: such a plan is an error if it destroys something.
func (wr *workspaceRun) checkStep(plan *terraform.Plan) (paused bool, err error) {
	r := wr.record.Rollout
	if r.Phase == state.RolloutAborting {
		if more := rollout.Destroys(r.Allowed, plan.Difference); more != "" {
			return false, fmt.Errorf("the way back to %d is not applied, because its plan destroys or replaces what the rollout does not change: %s; remove it from what is live or from Terraform's state, and the next pass goes on", r.Next, more)
		}
		return false, nil
	}
	more := wr.exceeds(plan)
	if more == "" {
		return false, nil
	}
	wr.pauseRollout(fmt.Sprintf("the plan at %d changes what the plan that began the rollout does not: %s", r.Next, more))
	return true, nil
}

// verifyStep makes sure that a step has applied what its number says: a second plan is empty.
func (wr *workspaceRun) verifyStep(ctx context.Context) error {
	if err := wr.verifyAppliedInputs(ctx); err != nil {
		return err
	}
	again, err := wr.planExactInputs(ctx)
	if err != nil {
		return err
	}
	if r := wr.record.Rollout; !again.Empty {
		return fmt.Errorf("applied %s = %d, but a second plan of it is not empty (%s)", r.Strategy.Variable, r.Next, rollout.Exceeds(nil, again.Difference))
	}
	return nil
}

// pauseRollout puts into the record that the rollout is paused, and why.
func (wr *workspaceRun) pauseRollout(why string) {
	paused := rollout.Pause(*wr.record.Rollout, wr.config.Now(), why)
	wr.record.Rollout = &paused
}

// pauseIfMoved pauses the rollout if what is live is not what the number in force says: the next
// step would start from something else. It reports whether that is so.
func (wr *workspaceRun) pauseIfMoved(ctx context.Context) (bool, error) {
	r := *wr.record.Rollout
	wr.setNumber(r.Strategy, r.Number)
	plan, err := wr.planExactInputs(ctx)
	if err != nil || plan.Empty {
		return false, err
	}
	wr.pauseRollout(fmt.Sprintf("what is live is not what %d says any more, and that plan is not empty (%s): put it back, or take the rollout back", r.Number, rollout.Exceeds(nil, plan.Difference)))
	return true, nil
}

// writeProgress writes what was done. A pass that was stopped meanwhile writes it all the same.
func (wr *workspaceRun) writeProgress(ctx context.Context) error {
	own, cancel := run.CleanupContext(ctx)
	defer cancel()
	return run.RetryWrite(own, func() error { return wr.lease.Write(own, wr.record) })
}

// exceeds says what the plan of a step changes beyond what the rollout may.
func (wr *workspaceRun) exceeds(plan *terraform.Plan) string {
	more := rollout.Exceeds(wr.record.Rollout.Allowed, plan.Difference)
	if allowed, err := risk.ParseClass(wr.record.Rollout.Risk); more == "" && (err != nil || plan.Risk.Risk > allowed) {
		more = fmt.Sprintf("its risk is %s, not %s", plan.Risk.Risk, wr.record.Rollout.Risk)
	}
	return more
}

// applyStep writes that the step begins, and applies its plan.
func (wr *workspaceRun) applyStep(ctx context.Context, plan *terraform.Plan) error {
	if err := wr.prepareApply(ctx); err != nil {
		return err
	}
	order, err := wr.config.Record.RolloutOrder(ctx, wr.record.Name)
	if err != nil {
		return err
	}
	if order != nil && order.Rollout == wr.record.Rollout.Run && !wr.record.Rollout.InFlight {
		return state.ErrOrderChanged
	}
	wr.approvals.match = nil
	before := wr.record
	wr.newAttempt(plan)
	begun := *wr.record.Rollout
	begun.InFlight = true
	wr.record.Rollout = &begun
	if err := wr.writeRollout(ctx, state.RolloutWrite{Order: order, Begin: true}); err != nil {
		wr.record = before
		return err
	}
	return wr.applyPlan(ctx, plan)
}

// finishRollout records that everything is applied, if the plan at 100 is empty.
func (wr *workspaceRun) finishRollout(ctx context.Context) (done bool, err error) {
	r := *wr.record.Rollout
	wr.setNumber(r.Strategy, settings.WholeRollout)
	plan, err := wr.planExactInputs(ctx)
	if err != nil {
		return false, err
	}
	if !plan.Empty {
		wr.pauseRollout(fmt.Sprintf("its last plan is not empty any more: %s", rollout.Exceeds(nil, plan.Difference)))
		return false, wr.writeProgress(ctx)
	}
	last := rollout.Close(r, wr.config.Now(), "everything is applied")
	wr.record.Rollout, wr.record.LastRollout = nil, &last
	wr.approvals.match, wr.result.Rollout = r.Approval, ""
	wr.result.PlanDigest, wr.result.Risk, wr.result.Approval = r.Target, r.Risk, r.Approval.Fact()
	if err := wr.recordSuccess(ctx, plan, state.Applied); err != nil {
		return false, err
	}
	return true, nil
}
