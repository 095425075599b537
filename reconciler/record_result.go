package reconciler

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"reconcile/internal/gitpath"
	"reconcile/reconciler/terraform"
	"reconcile/state"
)

// blockedError is why a workspace waits for a person. Retry: or for something
// that may pass by itself. Held: a hold stands for it until it is lifted.
type blockedError struct {
	reason string
	retry  bool
	held   bool
}

func (e *blockedError) Error() string { return e.reason }

// outcomeOf is what an error makes of a workspace.
func outcomeOf(err error) state.Outcome {
	var busy *state.BusyError
	var checkoutBusy *CheckoutBusyError
	var waits *blockedError
	var errored *terraform.ErroredStateError
	switch {
	case errors.As(err, &busy), errors.As(err, &checkoutBusy):
		return state.Busy
	case errors.As(err, &waits), errors.As(err, &errored):
		return state.Blocked
	default:
		return state.Failed
	}
}

// cleanupContext is for what must be written even when the pass was told to
// stop.
func cleanupContext(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
}

// recordTimeout is how long a write to the record is tried. With the time since
// a lease was last renewed it is well within that lease.
const recordTimeout = 20 * time.Second

// retryWrite does a write that must not be lost again and again, until it is done,
// ctx ends, or nothing is to be hoped for any more.
func retryWrite(ctx context.Context, write func() error) error {
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		err := write()
		if err == nil || !state.IsRetryable(err) || state.Sleep(ctx, pause) != nil {
			return err
		}
	}
}

// recordSuccess records that exactly the trace is applied: after an apply that
// ended with success, or an empty plan. A pass that was told to stop meanwhile
// still does it: the work is done.
func (v *workspaceRun) recordSuccess(ctx context.Context, tf Terraform, plan *terraform.Plan, outcome state.Outcome) error {
	v.enterPhase(PhaseRecord)
	outputs, err := v.readOutputs(ctx)
	if err != nil {
		return v.recordFailure(ctx, err)
	}
	if then, now := plan.State.Lineage, outputs.State.Lineage; now != then && (then != "" || outcome != state.Applied) {
		return v.recordFailure(ctx, fmt.Errorf("the Terraform state of %s at %s was exchanged while it was worked on (lineage %q became %q): whoever did that must say which one counts", v.entry.dir.Name, v.checkout.describeState(v.entry), then, now))
	}
	if outcome == state.Applied {
		v.tellChecks(plan.FailedChecks, outputs.FailedChecks)
	}
	own, cancel := cleanupContext(ctx)
	defer cancel()
	if err := retryWrite(own, func() error { return v.invalidateChangedUpstreams(own) }); err != nil {
		return err
	}
	rec := &v.record
	digest := v.keyID + ":" + outputs.Digest
	if outcome == state.Applied || rec.Attempt != nil || rec.OutputsDigest != digest {
		rec.ApplyCount++
	}
	former := v.listFormerStates()
	v.updateMetadata()
	rec.OutputsDigest, rec.SensitiveHashes = digest, outputs.Sensitive
	rec.Trace, rec.PendingInputs, rec.Attempt, rec.Drift = v.trace, nil, nil, nil
	rec.State = (*state.TerraformState)(&outputs.State)
	rec.Epoch, rec.Commit, rec.Run = v.checkout.inventory.head.Epoch, v.checkout.inventory.commit.ID, v.run.options.Run
	rec.Outcome, rec.Error, rec.OutcomeAt = outcome, "", v.config.Now()
	rec.Changes, rec.Risk, rec.PlanDigest = v.result.Changes, v.result.Risk, v.result.PlanDigest
	rec.Failures, rec.RetryAt = 0, time.Time{}
	rec.TerraformVersion, rec.LockFileID = tf.Product()+" "+tf.Version(), plan.LockFileID
	// What Terraform left running must be gone before the lease is free.
	lingering := v.closeSession()
	write := v.lease.WriteAndRelease
	if lingering != nil {
		write = v.lease.Write
	}
	if err := retryWrite(own, func() error { return write(own, *rec) }); err != nil {
		return fmt.Errorf("%s is applied but could not be recorded; the next pass will find its plan empty: %w", v.entry.dir.Name, err)
	}
	v.leaseReleased = lingering == nil
	v.result.Outcome = outcome
	v.warnOfFormerStates(former)
	return lingering
}

// tellChecks warns of the checks that fail after an apply, in place of those that
// failed in its plan: these may have been right since.
func (v *workspaceRun) tellChecks(planned, applied []string) {
	kept := slices.DeleteFunc(v.result.Warnings, func(warning string) bool { return slices.Contains(planned, warning) })
	v.result.Warnings = append(kept, applied...)
}

// readOutputs reads what the state's outputs are by now.
func (v *workspaceRun) readOutputs(ctx context.Context) (terraform.Outputs, error) {
	own, cancel := cleanupContext(ctx)
	defer cancel()
	if err := v.readKey(own); err != nil {
		return terraform.Outputs{}, err
	}
	return v.session.Outputs(own, v.key)
}

// noteLock keeps with the lease that a Terraform has left its lock of the state,
// or may have.
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

// recordFailure records a run that did not come to its end, and returns the error.
// An attempt stays in the record.
func (v *workspaceRun) recordFailure(ctx context.Context, err error) error {
	v.noteLock(err)
	if errors.Is(context.Cause(ctx), state.ErrLeaseLost) {
		return fmt.Errorf("%w; stopped: %w", err, state.ErrLeaseLost) // no longer ours to write
	}
	var errored *terraform.ErroredStateError
	if errors.As(err, &errored) {
		err = v.saveErroredState(ctx, errored)
	}
	stopped := ctx.Err() != nil
	rec := &v.record
	if rec.Trace == nil && rec.Attempt == nil {
		v.updateMetadata() // else it tells of what was applied
	}
	rec.Outcome, rec.Error, rec.OutcomeAt, rec.PendingInputs = state.Failed, err.Error(), v.config.Now(), pendingInputs(v.entry, v.trace)
	rec.Changes, rec.Risk, rec.PlanDigest = v.result.Changes, v.result.Risk, v.result.PlanDigest
	rec.RetryAt = time.Time{}
	var waits *blockedError
	switch {
	case errors.As(err, &waits):
		rec.Outcome = state.Blocked
		if waits.retry {
			rec.Failures++
			rec.RetryAt = v.config.Now().Add(v.config.backoff(rec.Failures))
		}
		if waits.held {
			rec.PendingInputs = nil
		}
	case v.checkout.inventory.load(v.entry).Err != nil: // there is nothing to try before a commit mends it
	case stopped:
		rec.PendingInputs = nil
	default:
		rec.Failures++
		rec.RetryAt = v.config.Now().Add(v.config.backoff(rec.Failures))
	}
	ctx, cancel := cleanupContext(ctx)
	defer cancel()
	if werr := retryWrite(ctx, func() error { return v.lease.Write(ctx, *rec) }); werr != nil {
		v.log.Warn("the failure could not be recorded", "error", werr)
	}
	return err
}

// updateMetadata brings the record's description of the workspace up to date.
func (v *workspaceRun) updateMetadata() {
	ws := v.checkout.inventory.load(v.entry)
	rec := &v.record
	rec.Name, rec.Path, rec.Identity, rec.Reads = v.entry.dir.Name, gitpath.Quote(v.entry.dir.Path), ws.Identity, ws.Reads
	rec.DependsOn = v.checkout.inventory.graph.DependsOn(v.entry.dir.Name)
	rec.Removed = false
}

// backoff is how long to wait before the next try after n failures in a row:
// a minute, doubled each time up to an hour, a fifth more or less.
func (c *Config) backoff(n int) time.Duration {
	wait := min(time.Minute<<min(n-1, 10), time.Hour)
	return wait*4/5 + c.Jitter(wait*2/5)
}

// saveErroredState keeps the state that Terraform could not write, and holds the
// workspace until a person has brought it in.
func (v *workspaceRun) saveErroredState(ctx context.Context, errored *terraform.ErroredStateError) error {
	ctx, cancel := cleanupContext(ctx)
	defer cancel()
	kept := errored.File
	if file, err := os.Open(kept); err != nil {
		v.log.Error("the state that Terraform could not write cannot be read", "file", kept, "error", err)
	} else {
		defer file.Close()
		if at, err := v.config.Snapshots.PutFile(ctx, v.run.options.Run, v.entry.dir.Name, "errored.tfstate", file); err != nil {
			v.log.Error("the state that Terraform could not write is on this machine only", "file", kept, "error", err)
		} else {
			kept += " and " + at
		}
	}
	return v.checkout.placeRecoveryHold(ctx, v.entry, errored.File, kept)
}

// placeRecoveryHold places a recovery hold on a workspace whose state was not written, and
// is in that file: kept says where else.
func (s *checkout) placeRecoveryHold(ctx context.Context, entry *workspaceEntry, file, kept string) error {
	mend := fmt.Sprintf("in a checkout of %s run `terraform init`, then `terraform state push FILE`", entry.dir.Path)
	switch {
	case terraform.IsTruncated(file):
		mend = "the file is cut off, so that nothing of it can be brought in: look for what that apply made"
	case strings.HasPrefix(s.inventory.stateIdentity(entry), localIdentityPrefix):
		mend = fmt.Sprintf("run `cp %s %s`", file, s.config.localStatePath(entry.dir.Name))
	}
	hold := state.Hold{
		Name: entry.dir.Name, Kind: state.Recovery, PlacedBy: "run " + s.run.options.Run, PlacedAt: s.config.Now(),
		Reason: "Terraform applied changes and could not write its state: it is kept in " + kept,
		Help:   fmt.Sprintf("%s, then `reconcile resume %s`", mend, entry.dir.Name),
	}
	if err := retryWrite(ctx, func() error { return s.config.Record.PlaceHold(ctx, hold) }); err != nil {
		return fmt.Errorf("%s; and the hold could not be placed: %w", describeHold(hold), err)
	}
	return &blockedError{reason: describeHold(hold), held: true}
}
