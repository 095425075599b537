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

// waitError is why a workspace waits for a person. Retry: or for something
// that may pass by itself. Held: a hold stands for it until it is lifted.
type waitError struct {
	why   string
	retry bool
	held  bool
}

func (e *waitError) Error() string { return e.why }

// madeOf is what an error makes of a workspace.
func madeOf(err error) state.Outcome {
	var busy *state.BusyError
	var checkoutBusy *CheckoutBusyError
	var waits *waitError
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

// ownDeadline is for what must be written even when the pass was told to
// stop.
func ownDeadline(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), recordWithin)
}

// recordWithin is how long a write to the record is tried. With the time since
// a lease was last renewed it is well within that lease.
const recordWithin = 20 * time.Second

// insist does a write that must not be lost again and again, until it is done,
// ctx ends, or nothing is to be hoped for any more.
func insist(ctx context.Context, write func() error) error {
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		err := write()
		if err == nil || !state.MayPass(err) || state.Pause(ctx, pause) != nil {
			return err
		}
	}
}

// succeeded records that exactly the trace is applied: after an apply that
// ended with success, or an empty plan. A pass that was told to stop meanwhile
// still does it: the work is done.
func (v *visit) succeeded(ctx context.Context, engine Terraform, plan *terraform.Plan, outcome state.Outcome) error {
	v.phase(PhaseRecord)
	outputs, err := v.readOutputs(ctx)
	if err != nil {
		return v.failed(ctx, err)
	}
	if then, now := plan.State.Lineage, outputs.State.Lineage; now != then && (then != "" || outcome != state.Applied) {
		return v.failed(ctx, fmt.Errorf("the Terraform state of %s at %s was exchanged while it was worked on (lineage %q became %q): whoever did that must say which one counts", v.it.Name, v.placeOf(v.it), then, now))
	}
	if outcome == state.Applied {
		v.tellChecks(plan.FailedChecks, outputs.FailedChecks)
	}
	own, cancel := ownDeadline(ctx)
	defer cancel()
	if err := insist(own, func() error { return v.distrustMoved(own) }); err != nil {
		return err
	}
	rec := &v.record
	digest := v.keyID + ":" + outputs.Digest
	if outcome == state.Applied || rec.Attempt != nil || rec.OutputsDigest != digest {
		rec.Counter++
	}
	former := v.formerStates()
	v.describe()
	rec.OutputsDigest, rec.Sensitive = digest, outputs.Sensitive
	rec.Trace, rec.Waiting, rec.Attempt, rec.Drift = v.trace, nil, nil, nil
	rec.State = (*state.TerraformState)(&outputs.State)
	rec.Epoch, rec.Commit, rec.Run = v.work.head.Epoch, v.work.commit.ID, v.options.Run
	rec.Outcome, rec.Error, rec.At = outcome, "", v.Now()
	rec.Changes, rec.Risk, rec.Digest = v.result.Changes, v.result.Risk, v.result.Digest
	rec.Failures, rec.RetryAt = 0, time.Time{}
	rec.Terraform, rec.LockFile = engine.Product()+" "+engine.Version(), plan.LockFile
	// What Terraform left running must be gone before the lease is free.
	lingering := v.closeSession()
	write := v.lease.Finish
	if lingering != nil {
		write = v.lease.Write
	}
	if err := insist(own, func() error { return write(own, *rec) }); err != nil {
		return fmt.Errorf("%s is applied but could not be recorded; the next pass will find its plan empty: %w", v.it.Name, err)
	}
	v.freed = lingering == nil
	v.result.Outcome = outcome
	v.tellFormer(former)
	return lingering
}

// tellChecks warns of the checks that fail after an apply, in place of those that
// failed in its plan: these may have been right since.
func (v *visit) tellChecks(planned, applied []string) {
	kept := slices.DeleteFunc(v.result.Warnings, func(warning string) bool { return slices.Contains(planned, warning) })
	v.result.Warnings = append(kept, applied...)
}

// readOutputs reads what the state's outputs are by now.
func (v *visit) readOutputs(ctx context.Context) (terraform.Outputs, error) {
	own, cancel := ownDeadline(ctx)
	defer cancel()
	if err := v.readKey(own); err != nil {
		return terraform.Outputs{}, err
	}
	return v.session.Outputs(own, v.key)
}

// noteLock keeps with the lease that a Terraform has left its lock of the state,
// or may have.
func (v *visit) noteLock(err error) {
	var step *terraform.StepError
	var unlock *terraform.UnlockError
	switch {
	case v.begun.IsZero():
	case errors.As(err, &unlock):
		v.lease.Killed(v.begun, unlock.ID)
	case errors.Is(err, terraform.ErrKilled) && errors.As(err, &step):
		v.lease.Killed(v.begun, step.Lock)
	}
}

// failed records a run that did not come to its end, and returns the error.
// An attempt stays in the record.
func (v *visit) failed(ctx context.Context, err error) error {
	v.noteLock(err)
	if errors.Is(context.Cause(ctx), state.ErrLeaseLost) {
		return fmt.Errorf("%w; stopped: %w", err, state.ErrLeaseLost) // no longer ours to write
	}
	var errored *terraform.ErroredStateError
	if errors.As(err, &errored) {
		err = v.recovery(ctx, errored)
	}
	stopped := ctx.Err() != nil
	rec := &v.record
	if rec.Trace == nil && rec.Attempt == nil {
		v.describe() // else it tells of what was applied
	}
	rec.Outcome, rec.Error, rec.At, rec.Waiting = state.Failed, err.Error(), v.Now(), waiting(v.it, v.trace)
	rec.Changes, rec.Risk, rec.Digest = v.result.Changes, v.result.Risk, v.result.Digest
	rec.RetryAt = time.Time{}
	var waits *waitError
	switch {
	case errors.As(err, &waits):
		rec.Outcome = state.Blocked
		if waits.retry {
			rec.Failures++
			rec.RetryAt = v.Now().Add(v.backoff(rec.Failures))
		}
		if waits.held {
			rec.Waiting = nil
		}
	case v.work.load(v.it).Err != nil: // there is nothing to try before a commit mends it
	case stopped:
		rec.Waiting = nil
	default:
		rec.Failures++
		rec.RetryAt = v.Now().Add(v.backoff(rec.Failures))
	}
	ctx, cancel := ownDeadline(ctx)
	defer cancel()
	if werr := insist(ctx, func() error { return v.lease.Write(ctx, *rec) }); werr != nil {
		v.log.Warn("the failure could not be recorded", "error", werr)
	}
	return err
}

// describe brings the record's description of the workspace up to date.
func (v *visit) describe() {
	ws := v.work.load(v.it)
	rec := &v.record
	rec.Name, rec.Path, rec.Identity, rec.Reads = v.it.Name, gitpath.Quote(v.it.Path), ws.Identity, ws.Reads
	rec.DependsOn = v.work.graph.DependsOn(v.it.Name)
	rec.Removed = false
}

// backoff is how long to wait before the next try after n failures in a row:
// a minute, doubled each time up to an hour, a fifth more or less.
func (r *Reconciler) backoff(n int) time.Duration {
	wait := min(time.Minute<<min(n-1, 10), time.Hour)
	return wait*4/5 + r.Jitter(wait*2/5)
}

// recovery keeps the state that Terraform could not write, and holds the
// workspace until a person has brought it in.
func (v *visit) recovery(ctx context.Context, errored *terraform.ErroredStateError) error {
	ctx, cancel := ownDeadline(ctx)
	defer cancel()
	kept := errored.File
	if file, err := os.Open(kept); err != nil {
		v.log.Error("the state that Terraform could not write cannot be read", "file", kept, "error", err)
	} else {
		defer file.Close()
		if at, err := v.Snapshots.PutFile(ctx, v.options.Run, v.it.Name, "errored.tfstate", file); err != nil {
			v.log.Error("the state that Terraform could not write is on this machine only", "file", kept, "error", err)
		} else {
			kept += " and " + at
		}
	}
	return v.hold(ctx, v.it, errored.File, kept)
}

// hold places a recovery hold on a workspace whose state was not written, and
// is in that file: kept says where else.
func (s *site) hold(ctx context.Context, it *item, file, kept string) error {
	mend := fmt.Sprintf("in a checkout of %s run `terraform init`, then `terraform state push FILE`", it.Path)
	switch {
	case terraform.CutOff(file):
		mend = "the file is cut off, so that nothing of it can be brought in: look for what that apply made"
	case strings.HasPrefix(s.work.identity(it), localPrefix):
		mend = fmt.Sprintf("run `cp %s %s`", file, s.statePath(it.Name))
	}
	hold := state.Hold{
		Name: it.Name, Kind: state.Recovery, By: "run " + s.options.Run, At: s.Now(),
		Reason: "Terraform applied changes and could not write its state: it is kept in " + kept,
		Help:   fmt.Sprintf("%s, then `reconcile resume %s`", mend, it.Name),
	}
	if err := insist(ctx, func() error { return s.Record.Hold(ctx, hold) }); err != nil {
		return fmt.Errorf("%s; and the hold could not be placed: %w", holdText(hold), err)
	}
	return &waitError{why: holdText(hold), held: true}
}
