// Package run holds what every run of reconcile shares. A run is a pass, a plan, a drift
// check or a task. It has a configuration and options, events and a result, leases, and
// the errors that decide a workspace's outcome. What a run does with the workspaces is in
// the packages above.
package run

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/oklog/ulid/v2"

	"reconcile/internal/runid"
	"reconcile/state"
)

// Triggers of a run.
const (
	TriggerSchedule = "schedule"
	TriggerManual   = "manual"
	TriggerWebhook  = "webhook"

	TriggerDrift = "drift" // a drift check, not a pass
)

// Run is one run of reconcile: a pass, a plan, a drift check, or a task of one. It has
// an id and the options that it was started with.
type Run struct {
	Config  *Config
	Options Options
	Log     *slog.Logger
	Started time.Time
	Result  *Result

	phases             phaseClock
	leaseWaitExhausted atomic.Bool // the wait for another run's lease has timed out once
}

// New returns a run with the given options. It gets a new id unless the options have one.
func New(c *Config, o Options) *Run {
	if o.Run == "" {
		o.Run = runid.ID(ulid.Make().String())
	}
	if o.Trigger == "" {
		o.Trigger = TriggerManual
	}
	return &Run{
		Config: c, Options: o,
		Log: c.Log.With("run", o.Run), Started: c.Now(),
		Result: &Result{
			Run: o.Run, Repo: c.Repo, Branch: c.Branch, Trigger: o.Trigger,
			Outcome: OutcomeInSync, Workspaces: []WorkspaceResult{}, // scripts expect a list, even if empty
		},
	}
}

// Warn adds a warning about the whole run, once. It is logged as a warning once in all runs of
// the configuration: `watch` would repeat it with every pass.
func (r *Run) Warn(text string) {
	if slices.Contains(r.Result.Warnings, text) {
		return
	}
	r.Result.Warnings = append(r.Result.Warnings, text)
	level := slog.LevelDebug
	if r.Config.warned.add(text) {
		level = slog.LevelWarn
	}
	r.Log.Log(context.Background(), level, text)
}

// warnedTexts are the warnings that were logged. nil remembers nothing.
type warnedTexts struct {
	mu    sync.Mutex
	texts map[string]bool
}

// add reports whether the text is new. It forgets all texts when there are very many.
func (w *warnedTexts) add(text string) bool {
	if w == nil {
		return true
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	const maxTexts = 10_000
	if w.texts[text] {
		return false
	}
	if len(w.texts) >= maxTexts || w.texts == nil {
		w.texts = map[string]bool{}
	}
	w.texts[text] = true
	return true
}

// ErrStopped is in the error of a run that a signal or another cause has stopped.
var ErrStopped = errors.New("the pass was stopped")

// StopError returns the error of a run that a signal or another cause has stopped.
func (r *Run) StopError(ctx context.Context) error {
	return fmt.Errorf("%w (%w); the next pass continues from here", ErrStopped, context.Cause(ctx))
}

// WaitForLease waits for a lease that another run holds. After one timeout it does not
// wait again: otherwise a run would wait once for each workspace.
func (r *Run) WaitForLease(ctx context.Context, request state.LeaseRequest) (*state.Lease, error) {
	request.MaxWait = r.Config.Wait
	if r.leaseWaitExhausted.Load() {
		request.MaxWait = 0
	}
	lease, err := r.Config.Record.Acquire(ctx, request)
	var busy *state.BusyError
	if errors.As(err, &busy) {
		r.leaseWaitExhausted.Store(true)
	}
	return lease, err
}

// WithLease acquires rec's lease, re-reads the record and calls do. It returns
// ErrConcurrentUpdate if the record changed since. generation, if not 0, must still be
// the head's. It waits for the lease: only that proves that the last holder is dead.
func (r *Run) WithLease(ctx context.Context, generation int64, rec state.Workspace, do func(*state.Lease, state.Workspace) error) (err error) {
	lease, err := r.WaitForLease(ctx, state.LeaseRequest{
		Identity: r.Config.LeaseIdentity(rec.Name, rec.Identity), Workspace: rec.Name, Run: r.Options.Run, Generation: generation,
	})
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := CleanupContext(ctx)
		defer cancel()
		if rerr := RetryWrite(ctx, func() error { return lease.Release(ctx) }); err == nil {
			err = rerr
		}
	}()
	now, known, err := r.Config.Record.Workspace(ctx, rec.Name)
	if err != nil || !known {
		return err
	}
	if now.Rev != rec.Rev { // it may belong to another state now
		return fmt.Errorf("%s: %w", rec.Name, ErrConcurrentUpdate)
	}
	return do(lease, now)
}
