package reconciler

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/oklog/ulid/v2"

	"reconcile/state"
)

// Triggers of a run.
const (
	Schedule = "schedule"
	Manual   = "manual"
	Webhook  = "webhook"

	DriftCheck = "drift" // no pass: somebody looks for drift
)

// run is one run of reconcile: a pass, a plan, a look for drift, or a part of
// one. It has an id, and the options that it was started with.
type run struct {
	reconciler *Reconciler
	config     *Config
	options    Options
	log        *slog.Logger
	started    time.Time
	result     *Result

	leaseWaitExhausted atomic.Bool // it has waited for another run's lease as long as it may
}

func (r *Reconciler) newRun(o Options) *run {
	if o.Run == "" {
		o.Run = ulid.Make().String()
	}
	if o.Trigger == "" {
		o.Trigger = Manual
	}
	return &run{
		reconciler: r, config: &r.config, options: o,
		log: r.config.Log.With("run", o.Run), started: r.config.Now(),
		result: &Result{
			Run: o.Run, Repo: r.config.Repo, Branch: r.config.Branch, Trigger: o.Trigger,
			Outcome: OutcomeInSync, Workspaces: []WorkspaceResult{}, // scripts are given a list, also an empty one
		},
	}
}

// warn adds a warning about the run as a whole, once.
func (r *run) warn(text string) {
	if !slices.Contains(r.result.Warnings, text) {
		r.result.Warnings = append(r.result.Warnings, text)
		r.log.Warn(text)
	}
}

// stopError returns the error of a run that was told to stop.
func (r *run) stopError(ctx context.Context) error {
	return fmt.Errorf("the pass was stopped (%w); the next one goes on from here", context.Cause(ctx))
}

// waitForLease waits for a lease that another run holds. Once the wait was in
// vain it does not wait again: a run would wait once for each workspace.
func (r *run) waitForLease(ctx context.Context, request state.LeaseRequest) (*state.Lease, error) {
	request.MaxWait = r.config.Wait
	if r.leaseWaitExhausted.Load() {
		request.MaxWait = 0
	}
	lease, err := r.config.Record.Acquire(ctx, request)
	var busy *state.BusyError
	if errors.As(err, &busy) {
		r.leaseWaitExhausted.Store(true)
	}
	return lease, err
}

// withLease acquires the lease of rec, reads the record again and calls do. It
// returns errConcurrentUpdate if the record has changed since rec was read. A
// generation other than 0 must still be the head's. It waits for the lease,
// because nothing else shows that the last holder is dead.
func (r *run) withLease(ctx context.Context, generation int64, rec state.Workspace, do func(*state.Lease, state.Workspace) error) (err error) {
	lease, err := r.waitForLease(ctx, state.LeaseRequest{
		Identity: r.config.leaseIdentity(rec.Name, rec.Identity), Workspace: rec.Name, Run: r.options.Run, Generation: generation,
	})
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := cleanupContext(ctx)
		defer cancel()
		if rerr := retryWrite(ctx, func() error { return lease.Release(ctx) }); err == nil {
			err = rerr
		}
	}()
	now, known, err := r.config.Record.Workspace(ctx, rec.Name)
	if err != nil || !known {
		return err
	}
	if now.Rev != rec.Rev { // it may be of another state by now
		return fmt.Errorf("%s: %w", rec.Name, errConcurrentUpdate)
	}
	return do(lease, now)
}

// errConcurrentUpdate says that another run has written the workspace's record.
var errConcurrentUpdate = errors.New("another run has changed its record meanwhile")
