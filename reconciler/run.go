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

	DriftCheck = "drift" // a drift check, not a pass
)

// run is one run of reconcile: a pass, a plan, a drift check, or a task of one. It has
// an id and the options that it was started with.
type run struct {
	reconciler *Reconciler
	config     *Config
	options    Options
	log        *slog.Logger
	started    time.Time
	result     *Result

	leaseWaitExhausted atomic.Bool // the wait for another run's lease has timed out once
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
			Outcome: OutcomeInSync, Workspaces: []WorkspaceResult{}, // scripts expect a list, even if empty
		},
	}
}

// warn adds a warning about the whole run, once.
func (r *run) warn(text string) {
	if !slices.Contains(r.result.Warnings, text) {
		r.result.Warnings = append(r.result.Warnings, text)
		r.log.Warn(text)
	}
}

func (r *run) stopError(ctx context.Context) error {
	return fmt.Errorf("the pass was stopped (%w); the next pass continues from here", context.Cause(ctx))
}

// waitForLease waits for a lease that another run holds. After one timeout it does not
// wait again: otherwise a run would wait once for each workspace.
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

// withLease acquires rec's lease, re-reads the record and calls do. It returns
// errConcurrentUpdate if the record changed since. generation, if not 0, must still be
// the head's. It waits for the lease: only that proves that the last holder is dead.
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
	if now.Rev != rec.Rev { // it may belong to another state now
		return fmt.Errorf("%s: %w", rec.Name, errConcurrentUpdate)
	}
	return do(lease, now)
}

var errConcurrentUpdate = errors.New("another run has changed its record meanwhile")
