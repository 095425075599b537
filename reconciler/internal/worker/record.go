package worker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"reconcile/internal/gitpath"
	"reconcile/reconciler/internal/gate"
	"reconcile/reconciler/internal/rollout"
	"reconcile/reconciler/run"
	"reconcile/reconciler/terraform"
	"reconcile/state"
)

// begin writes the attempt, if the head's generation has not changed.
func (v *workspaceRun) begin(ctx context.Context, plan *terraform.Plan) error {
	v.newAttempt(plan)
	v.holdSnapshot()
	writeCtx, cancel := context.WithTimeout(ctx, run.RecordTimeout)
	defer cancel()
	if err := run.RetryWrite(writeCtx, func() error { return v.lease.BeginApply(writeCtx, v.record) }); err != nil {
		return fmt.Errorf("write the attempt on %s (nothing was applied): %w", v.entry.Dir.Name, err)
	}
	return nil
}

// recordNotBegun records that an apply was not started. The attempt may have been
// written, so it is reverted: otherwise it would look like an interrupted apply.
func (v *workspaceRun) recordNotBegun(ctx context.Context, err error) error {
	if errors.Is(err, state.ErrTipMoved) || errors.Is(err, state.ErrLeaseLost) {
		return err
	}
	v.record = v.recordBefore
	v.lease.TakeBackHold()
	return v.recordFailure(ctx, err)
}

// newAttempt puts the attempt to apply a plan into the record of this run.
func (v *workspaceRun) newAttempt(plan *terraform.Plan) {
	before := v.record
	v.recordBefore = before
	var failed state.Attempt // that this one repeats; zero: none
	if before.Attempt != nil {
		failed = *before.Attempt
	}
	rec := &v.record
	rec.Attempt = &state.Attempt{
		Commit: v.inventory.Commit.ID, Run: v.run.Options.Run, PlanDigest: plan.Digest,
		Process: v.config.Record.Process(), StartedAt: v.config.Now(), PreviousIdentities: v.listFormerStates(),
		PreviousReads: mergeSorted(failed.PreviousReads, before.Reads), PreviousDependsOn: mergeSorted(failed.PreviousDependsOn, before.DependsOn),
		DirectoryID: v.trace[gitpath.Quote(v.entry.Dir.Path)],
		State:       (*state.TerraformState)(&plan.State), IsFirst: isFirstApply(before, plan), Approval: v.approval.WithoutDifference(),
	}
	rec.PendingInputs, rec.Teardown = nil, nil // the pending inputs are being applied
	if rec.Rollout == nil && (rec.Outcome == state.Failed || rec.Outcome == state.Blocked || rec.Outcome == state.Removed) {
		rec.Outcome, rec.Error, rec.RetryAt = "", "", time.Time{} // else people would hear of it once more
	}
	v.updateMetadata()
}

// mergeSorted returns what is in one of two lists, sorted.
func mergeSorted[T cmp.Ordered](a, b []T) []T {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// recordSuccess records that exactly the trace is applied: after a successful apply or
// an empty plan. A pass that was stopped meanwhile still records it, because the work
// is done.
func (v *workspaceRun) recordSuccess(ctx context.Context, tf run.Terraform, plan *terraform.Plan, outcome state.Outcome) error {
	v.enterPhase(run.PhaseRecord)
	outputs, err := v.readOutputs(ctx)
	if err != nil {
		return v.recordFailure(ctx, err)
	}
	if before, after := plan.State.Lineage, outputs.State.Lineage; after != before && (before != "" || outcome != state.Applied) {
		return v.recordFailure(ctx, fmt.Errorf("the Terraform state of %s at %s was replaced during the run (lineage %q became %q): find out who replaced it, and restore the right one", v.entry.Dir.Name, v.config.DescribeStateAt(v.entry.Dir.Name, v.inventory.Load(v.entry).Identity), before, after))
	}
	if outcome == state.Applied {
		v.warnOfFailedChecks(plan.FailedChecks, outputs.FailedChecks)
	}
	cleanupCtx, cancel := run.CleanupContext(ctx)
	defer cancel()
	if err := run.RetryWrite(cleanupCtx, func() error { return v.invalidateChangedUpstreams(cleanupCtx) }); err != nil {
		return err
	}
	rec := &v.record
	digest := v.keyID + ":" + outputs.Digest
	if outcome == state.Applied || rec.Attempt != nil || rec.OutputsDigest != digest {
		rec.ApplyCount++
	}
	former := v.listFormerStates()
	v.updateMetadata()
	rec.OutputsDigest, rec.SensitiveHashes, rec.KeptOutputs, rec.OutputsUnknown = digest, outputs.Sensitive, v.keepOutputs(outputs), false
	rec.Trace, rec.PendingInputs, rec.Teardown, rec.Attempt, rec.Drift = v.trace, nil, nil, nil, nil
	rec.State = (*state.TerraformState)(&outputs.State)
	rec.Epoch, rec.Commit, rec.Run = v.inventory.Head.Epoch, v.inventory.Commit.ID, v.run.Options.Run
	rec.Outcome, rec.Error, rec.OutcomeAt = outcome, "", v.config.Now()
	rec.Changes, rec.Risk, rec.PlanDigest, rec.Why = v.result.Changes, v.result.Risk, v.result.PlanDigest, v.result.Why
	if outcome == state.Applied {
		rec.Approval = v.approval.Fact()
	}
	rec.Failures, rec.RetryAt = 0, time.Time{}
	rec.TerraformVersion, rec.LockFileID = tf.Product()+" "+tf.Version(), plan.LockFileID
	// Terraform's remaining processes must end before the lease is released.
	lingering := v.closeSession()
	write := v.lease.WriteAndRelease
	if lingering != nil {
		write = v.lease.Write
	}
	if err := run.RetryWrite(cleanupCtx, func() error { return write(cleanupCtx, *rec) }); err != nil {
		return fmt.Errorf("%s is applied but could not be recorded; the next pass will find its plan empty: %w", v.entry.Dir.Name, err)
	}
	v.leaseReleased = lingering == nil
	v.result.Outcome = outcome
	v.warnOfHold()
	v.warnOfFormerStates(former)
	return lingering
}

// warnOfFailedChecks replaces the warnings about checks that failed in the plan by those about
// checks that fail after the apply: the apply may have corrected some.
func (v *workspaceRun) warnOfFailedChecks(planned, applied []string) {
	remaining := slices.DeleteFunc(v.result.Warnings, func(warning string) bool { return slices.Contains(planned, warning) })
	v.result.Warnings = append(remaining, applied...)
}

func (v *workspaceRun) readOutputs(ctx context.Context) (terraform.Outputs, error) {
	cleanupCtx, cancel := run.CleanupContext(ctx)
	defer cancel()
	if err := v.readKey(cleanupCtx); err != nil {
		return terraform.Outputs{}, err
	}
	return v.session.Outputs(cleanupCtx, v.key)
}

// noteLock records with the lease that Terraform has left, or may have left, its state
// lock.
func (v *workspaceRun) noteLock(err error) {
	var step *terraform.StepError
	var unlock *terraform.UnlockError
	switch {
	case v.startedAt.IsZero():
	case errors.As(err, &unlock):
		v.lease.MarkKilled(v.startedAt, unlock.ID)
	case errors.Is(err, terraform.ErrKilled) && errors.As(err, &step):
		v.lease.MarkKilled(v.startedAt, step.LockID)
	}
}

// recordFailure records a failed or blocked run and returns the error. An attempt stays
// in the record.
func (v *workspaceRun) recordFailure(ctx context.Context, err error) error {
	v.noteLock(err)
	v.isFailureRecorded = true
	if errors.Is(context.Cause(ctx), state.ErrLeaseLost) {
		return fmt.Errorf("%w; stopped: %w", err, state.ErrLeaseLost) // without the lease we must not write
	}
	var errored *terraform.ErroredStateError
	if errors.As(err, &errored) {
		err = v.saveErroredState(ctx, errored)
	}
	stopped := ctx.Err() != nil
	rec := &v.record
	if rec.Trace == nil && rec.Attempt == nil {
		v.updateMetadata() // else the metadata describe what was applied
	}
	rec.Outcome, rec.Error, rec.OutcomeAt, rec.PendingInputs, rec.Teardown = state.Failed, err.Error(), v.config.Now(), nil, v.result.Teardown
	rec.Changes, rec.Risk, rec.PlanDigest, rec.Why = v.result.Changes, v.result.Risk, v.result.PlanDigest, v.result.Why
	var approvals []state.Approval
	rec.RetryAt = time.Time{}
	keepsInputs := true // else the next pass tries again
	var waits *run.BlockedError
	switch {
	case errors.As(err, &waits):
		rec.Outcome, approvals = state.Blocked, v.listValidApprovals(ctx)
		if waits.Retry {
			rec.Failures++
			rec.RetryAt = v.config.Now().Add(v.config.Backoff(rec.Failures))
		}
		if waits.RetrySoon {
			rec.RetryAt = v.config.Now().Add(rollout.CheckInterval)
		}
		keepsInputs = !waits.HasHold && !waits.Replan
	case v.inventory.Load(v.entry).Err != nil: // no retry helps before a commit corrects it
	case stopped:
		keepsInputs = false
	default:
		rec.Failures++
		rec.RetryAt = v.config.Now().Add(v.config.Backoff(rec.Failures))
	}
	if keepsInputs && !v.upstreamsBefore.HasUnknown() {
		rec.PendingInputs = gate.PendingInputs(v.entry.Config, v.config.Gate, v.trace, approvals)
	}
	ctx, cancel := run.CleanupContext(ctx)
	defer cancel()
	if werr := run.RetryWrite(ctx, func() error { return v.writeFailure(ctx) }); werr != nil {
		v.log.Warn("could not record the failure", "error", werr)
	}
	return err
}

func (v *workspaceRun) updateMetadata() {
	ws := v.inventory.Load(v.entry)
	rec := &v.record
	rec.Name, rec.Path, rec.Identity, rec.Reads = v.entry.Dir.Name, gitpath.Quote(v.entry.Dir.Path), ws.Identity, ws.Reads
	rec.DependsOn = v.inventory.Graph.DependsOn(v.entry.Dir.Name)
	rec.Removed = false
}

// saveErroredState stores the state that Terraform could not write, and holds the
// workspace until a person has pushed it.
func (v *workspaceRun) saveErroredState(ctx context.Context, errored *terraform.ErroredStateError) error {
	ctx, cancel := run.CleanupContext(ctx)
	defer cancel()
	places := errored.File
	if file, err := os.Open(errored.File); err != nil {
		v.log.Error("could not read the state that Terraform could not write", "file", errored.File, "error", err)
	} else {
		defer file.Close()
		if at, err := v.config.Snapshots.PutFile(ctx, v.run.Options.Run, v.entry.Dir.Name, "errored.tfstate", file); err != nil {
			v.log.Error("the state that Terraform could not write is on this machine only", "file", errored.File, "error", err)
		} else {
			places += " and " + at
		}
	}
	return v.checkout.PlaceRecoveryHold(ctx, v.entry, errored.File, places)
}
