package worker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"reconcile/internal/files"
	"reconcile/internal/gitpath"
	"reconcile/internal/stateid"
	"reconcile/reconciler/internal/gate"
	"reconcile/reconciler/internal/rollout"
	"reconcile/reconciler/run"
	"reconcile/reconciler/terraform"
	"reconcile/state"
)

// beginApply writes the attempt, if the head's generation has not changed.
func (wr *workspaceRun) beginApply(ctx context.Context, plan *terraform.Plan) error {
	wr.newAttempt(plan)
	wr.holdSnapshot()
	writeCtx, cancel := context.WithTimeout(ctx, run.RecordTimeout)
	defer cancel()
	if err := run.RetryWrite(writeCtx, func() error { return wr.lease.BeginApply(writeCtx, wr.record) }); err != nil {
		return fmt.Errorf("write the attempt on %s (nothing was applied): %w", wr.entry.Dir.Name, err)
	}
	return nil
}

// recordNotBegun records that an apply was not started. The attempt may have been
// written, so it is reverted: otherwise it would look like an interrupted apply.
func (wr *workspaceRun) recordNotBegun(ctx context.Context, before state.Workspace, err error) error {
	if errors.Is(err, state.ErrTipMoved) || errors.Is(err, state.ErrLeaseLost) {
		return err
	}
	wr.record = before
	wr.lease.TakeBackHold()
	return wr.recordFailure(ctx, err)
}

// newAttempt puts the attempt to apply a plan into the record of this run.
func (wr *workspaceRun) newAttempt(plan *terraform.Plan) {
	before := wr.record
	var failed state.Attempt // that this one repeats; zero: none
	if before.Attempt != nil {
		failed = *before.Attempt
	}
	rec := &wr.record
	rec.Attempt = &state.Attempt{
		Commit: wr.inventory.Commit.ID, Run: wr.run.Options.Run, PlanDigest: plan.Digest,
		Process: wr.config.Record.Process(), StartedAt: wr.config.Now(), PreviousIdentities: wr.listFormerStates(),
		PreviousReads: mergeSorted(failed.PreviousReads, before.Reads), PreviousDependsOn: mergeSorted(failed.PreviousDependsOn, before.DependsOn),
		DirectoryID: wr.trace[gitpath.Quote(wr.entry.Dir.Path)],
		State:       (*state.TerraformState)(&plan.State), IsFirst: isFirstApply(before, plan), Approval: wr.approvals.match.WithoutDifference(),
	}
	rec.PendingInputs, rec.Teardown = nil, nil // the pending inputs are being applied
	if rec.Rollout == nil && (rec.Outcome == state.Failed || rec.Outcome == state.Blocked || rec.Outcome == state.Removed) {
		rec.Outcome, rec.Error, rec.RetryAt = "", "", time.Time{} // else people would hear of it once more
	}
	wr.updateMetadata()
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
func (wr *workspaceRun) recordSuccess(ctx context.Context, plan *terraform.Plan, outcome state.Outcome) error {
	wr.enterPhase(run.PhaseRecord)
	outputs, err := wr.readOutputs(ctx)
	if err == nil {
		err = wr.checkLineage(plan.State, outputs.State, outcome)
	}
	if err != nil {
		return wr.recordFailure(ctx, err)
	}
	if outcome == state.Applied {
		wr.warnOfFailedChecks(plan.FailedChecks, outputs.FailedChecks)
	}
	cleanupCtx, cancel := run.CleanupContext(ctx)
	defer cancel()
	if err := run.RetryWrite(cleanupCtx, func() error { return wr.invalidateChangedUpstreams(cleanupCtx) }); err != nil {
		return err
	}
	former := wr.listFormerStates()
	wr.setApplied(plan, outputs, outcome, former)
	// Terraform's remaining processes must end before the lease is released.
	closeErr := wr.session.close()
	write := wr.lease.WriteAndRelease
	if closeErr != nil {
		write = wr.lease.Write
	}
	if err := run.RetryWrite(cleanupCtx, func() error { return write(cleanupCtx, wr.record) }); err != nil {
		return fmt.Errorf("%s is applied but could not be recorded; the next pass will find its plan empty: %w", wr.entry.Dir.Name, err)
	}
	wr.leaseReleased = closeErr == nil
	wr.result.Outcome = outcome
	wr.warnOfHold()
	wr.warnOfFormerStates(former)
	return closeErr
}

// checkLineage returns an error if the state after the run is not the one that was planned
// against. An apply may have made the first one.
func (wr *workspaceRun) checkLineage(planned, found terraform.State, outcome state.Outcome) error {
	if found.Lineage == planned.Lineage || planned.Lineage == "" && outcome == state.Applied {
		return nil
	}
	at := wr.config.DescribeStateAt(wr.entry.Dir.Name, wr.inventory.Load(wr.entry).Identity)
	return fmt.Errorf("the Terraform state of %s at %s was replaced during the run (lineage %q became %q): find out who replaced it, and restore the right one", wr.entry.Dir.Name, at, planned.Lineage, found.Lineage)
}

// setApplied puts into the record that the trace is applied, with these outputs. former are the
// states that the workspace has left.
func (wr *workspaceRun) setApplied(plan *terraform.Plan, outputs terraform.Outputs, outcome state.Outcome, former []stateid.ID) {
	rec := &wr.record
	digest := wr.digestKey.id + ":" + outputs.Digest
	if outcome == state.Applied || rec.Attempt != nil || rec.OutputsDigest != digest {
		rec.ApplyCount++
	}
	wr.updateMetadata()
	rec.LeaveStates(former...)
	rec.OutputsDigest, rec.SensitiveHashes, rec.KeptOutputs, rec.OutputsUnknown = digest, outputs.Sensitive, wr.keepOutputs(outputs), false
	rec.Trace, rec.PendingInputs, rec.Teardown, rec.Attempt, rec.Drift = wr.trace, nil, nil, nil, nil
	rec.State = (*state.TerraformState)(&outputs.State)
	rec.Epoch, rec.Commit, rec.Run = wr.inventory.Head.Epoch, wr.inventory.Commit.ID, wr.run.Options.Run
	rec.Outcome, rec.Error, rec.OutcomeAt = outcome, "", wr.config.Now()
	wr.result.RecordPlan(rec)
	if outcome == state.Applied {
		rec.Approval = wr.approvals.match.Fact()
	}
	rec.Failures, rec.RetryAt = 0, time.Time{}
	program := wr.session.program
	rec.TerraformVersion, rec.LockFileID = program.Product()+" "+program.Version(), plan.LockFileID
}

// warnOfFailedChecks replaces the warnings about checks that failed in the plan by those about
// checks that fail after the apply: the apply may have corrected some.
func (wr *workspaceRun) warnOfFailedChecks(planned, applied []string) {
	remaining := slices.DeleteFunc(wr.result.Warnings, func(warning string) bool { return slices.Contains(planned, warning) })
	wr.result.Warnings = append(remaining, applied...)
}

func (wr *workspaceRun) readOutputs(ctx context.Context) (terraform.Outputs, error) {
	cleanupCtx, cancel := run.CleanupContext(ctx)
	defer cancel()
	if err := wr.readKey(cleanupCtx); err != nil {
		return terraform.Outputs{}, err
	}
	return wr.session.terraform.Outputs(cleanupCtx, wr.digestKey.secret)
}

// noteLock records with the lease that Terraform has left, or may have left, its state
// lock.
func (wr *workspaceRun) noteLock(err error) {
	var step *terraform.StepError
	var unlock *terraform.UnlockError
	switch since := wr.session.lockSince; {
	case since.IsZero():
	case errors.As(err, &unlock):
		wr.lease.MarkKilled(since, unlock.ID)
	case errors.Is(err, terraform.ErrKilled) && errors.As(err, &step):
		wr.lease.MarkKilled(since, step.LockID)
	}
}

// recordFailure records a failed or blocked run and returns the error. An attempt stays
// in the record.
func (wr *workspaceRun) recordFailure(ctx context.Context, err error) error {
	wr.noteLock(err)
	wr.isFailureRecorded = true
	if errors.Is(context.Cause(ctx), state.ErrLeaseLost) {
		return fmt.Errorf("%w; stopped: %w", err, state.ErrLeaseLost) // without the lease we must not write
	}
	var errored *terraform.ErroredStateError
	if errors.As(err, &errored) {
		err = wr.saveErroredState(ctx, errored)
	}
	rec := &wr.record
	if rec.Trace == nil && rec.Attempt == nil {
		wr.updateMetadata() // else the metadata describe what was applied
	}
	rec.Outcome, rec.Error, rec.OutcomeAt, rec.Teardown = state.Failed, err.Error(), wr.config.Now(), wr.result.Teardown
	wr.result.RecordPlan(rec)
	var approvals []state.Approval
	var waits *run.BlockedError
	if errors.As(err, &waits) {
		rec.Outcome, approvals = state.Blocked, wr.listValidApprovals(ctx)
	}
	rec.PendingInputs = nil // the next pass tries again
	if wr.scheduleRetry(ctx, waits) && !wr.upstreamsBefore.HasUnknown() {
		rec.PendingInputs = gate.PendingInputs(wr.entry.Config, wr.config.Gate, wr.trace, approvals)
	}
	ctx, cancel := run.CleanupContext(ctx)
	defer cancel()
	if werr := run.RetryWrite(ctx, func() error { return wr.writeFailure(ctx) }); werr != nil {
		wr.log.Warn("could not record the failure", "error", werr)
	}
	return err
}

// scheduleRetry puts into the record when the failed or blocked (waits) workspace is tried again,
// and reports whether passes leave it until then, or until an input changes.
func (wr *workspaceRun) scheduleRetry(ctx context.Context, waits *run.BlockedError) (keepsInputs bool) {
	rec := &wr.record
	rec.RetryAt = time.Time{}
	isMistake := wr.inventory.Load(wr.entry).Err != nil // no retry helps before a commit corrects it
	if waits == nil && (isMistake || ctx.Err() != nil) {
		return isMistake
	}
	if waits == nil || waits.Retry {
		rec.Failures++
		rec.RetryAt = wr.config.Now().Add(wr.config.Backoff(rec.Failures))
	}
	if waits != nil && waits.RetrySoon {
		rec.RetryAt = wr.config.Now().Add(rollout.CheckInterval)
	}
	return waits == nil || !waits.HasHold && !waits.Replan
}

func (wr *workspaceRun) updateMetadata() {
	ws := wr.inventory.Load(wr.entry)
	rec := &wr.record
	rec.Name, rec.Path, rec.Identity, rec.Reads = wr.entry.Dir.Name, gitpath.Quote(wr.entry.Dir.Path), ws.Identity, ws.Reads
	rec.DependsOn = wr.inventory.Graph.DependsOn(wr.entry.Dir.Name)
	rec.Removed, rec.Successors = false, nil
}

// saveErroredState stores the state that Terraform could not write, and holds the
// workspace until a person has pushed it.
func (wr *workspaceRun) saveErroredState(ctx context.Context, errored *terraform.ErroredStateError) error {
	ctx, cancel := run.CleanupContext(ctx)
	defer cancel()
	places := errored.File
	if file, err := files.OpenRegular(errored.File); err != nil {
		wr.log.Error("could not read the state that Terraform could not write", "file", errored.File, "error", err)
	} else {
		defer file.Close()
		if at, err := wr.config.Snapshots.PutFile(ctx, wr.run.Options.Run, wr.entry.Dir.Name, "errored.tfstate", file); err != nil {
			wr.log.Error("the state that Terraform could not write is on this machine only", "file", errored.File, "error", err)
		} else {
			places += " and " + at
		}
	}
	return wr.checkout.PlaceRecoveryHold(ctx, wr.entry, errored.File, places)
}
