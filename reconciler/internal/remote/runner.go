// Package remote gives the work on a workspace to another process, through an executor,
// and is the other end of it: what that process does. The record carries the task and
// its result.
package remote

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"time"

	"reconcile/internal/sleep"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// Runner runs work in another process. It records the task before starting it, so
// that a later pass finds it instead of starting a second one.
type Runner struct {
	Config *run.Config
	Tasks  *state.Record // store of the tasks, by name
	Log    *slog.Logger
	Start  func(ctx context.Context, task state.Task) (id string, err error)
	// Poll reports whether the task's result is available, and takes it. A BlockedError
	// ends the wait.
	Poll func(ctx context.Context, task *state.Task) (bool, error)
	// RetryAfter is the minimum age of a task that exited without a result before the
	// same work is started again. timeout limits the wait for a task; 0 waits until it
	// ends.
	RetryAfter, Timeout time.Duration
	// observed: the executor has reported the task at least once.
	observed bool
}

// startGrace is how long an executor may report a task that it has just started as not
// found: ECS and CodeBuild answer from replicas that lag.
const startGrace = 5 * time.Minute

// maxSkew is more than the clocks of two machines differ by.
const maxSkew = time.Hour

// statusTimeout limits one status request to the executor.
const statusTimeout = time.Minute

// Run starts the task, or finds it running, and waits for its end. It returns the task
// also with an error.
func (r *Runner) Run(ctx context.Context, next state.Task) (state.Task, error) {
	task, err := r.startOrFind(ctx, next)
	if err != nil {
		return task, err
	}
	return r.wait(ctx, task)
}

// startOrFind finds the unfinished task that an earlier process started for the same
// work; otherwise it records and starts a new one.
func (r *Runner) startOrFind(ctx context.Context, next state.Task) (state.Task, error) {
	old, _, err := r.Tasks.Task(ctx, next.Name)
	if err != nil {
		return old, err
	}
	next.Key, next.DispatchedAt, next.TryCount = rand.Text(), r.Config.Now(), 1
	if !old.Done && old.IsSameWork(next) {
		if found, err := r.isRunning(ctx, old); found || err != nil {
			return old, err
		}
		if left := r.RetryAfter - r.age(old); old.ID != "" && left > 0 {
			return old, fmt.Errorf("%s exited without a result; see its log; will retry in %s", old.ID, left.Round(time.Minute))
		}
		next.TryCount = old.TryCount + 1
	}
	if old.Done || old.ID != "" || !old.IsSameWork(next) {
		if err := r.Tasks.PutTask(ctx, old, next); err != nil {
			return next, err
		}
	} else {
		next = old // it may not have been started: the same key finds it or starts it
	}
	started := next
	if started.ID, err = r.Start(ctx, next); err != nil {
		return next, fmt.Errorf("start the remote task for %s: %w", next.Name, err)
	}
	r.Log.Info("remote task started", "id", started.ID)
	own, cancel := run.CleanupContext(ctx) // it runs now: a later pass must find it
	defer cancel()
	err = run.RetryWrite(own, func() error { return r.Tasks.PutTask(own, next, started) })
	if errors.Is(err, state.ErrConflict) {
		err = nil // it has already ended
	}
	return started, err
}

// isRunning reports whether a started task still runs or has a result. It repeats the
// request until the executor answers.
func (r *Runner) isRunning(ctx context.Context, task state.Task) (bool, error) {
	if task.ID == "" || r.Timeout > 0 && r.age(task) >= r.Timeout {
		return false, nil
	}
	short, cancel := r.bound(ctx, task)
	defer cancel()
	for pause := r.Config.TaskPoll / 32; ; pause = min(2*pause, r.Config.TaskPoll) {
		ended, _, err := r.hasEnded(short, task)
		switch {
		case ended:
			return r.Poll(ctx, &task)
		case err == nil:
			r.Log.Info("remote task already running", "id", task.ID, "since", task.DispatchedAt)
			return true, nil
		case !errors.Is(err, run.ErrTransient) && short.Err() == nil:
			return false, fmt.Errorf("get the status of remote task %s for %s: %w", task.ID, task.Name, err)
		}
		if done, _ := r.Poll(ctx, &task); done {
			return true, nil
		}
		r.Log.Warn("could not get the status of the remote task; will retry", "id", task.ID, "error", err)
		if err := sleep.For(short, pause); ctx.Err() != nil {
			return false, abandonedError(task, err)
		} else if err != nil {
			return false, nil // the task has timed out
		}
	}
}

// age returns how long ago the task was dispatched. A time far ahead was written where the clock
// was wrong, and counts as long ago: else nothing would be tried again before that time.
func (r *Runner) age(task state.Task) time.Duration {
	age := r.Config.Now().Sub(task.DispatchedAt)
	if age < -maxSkew {
		return math.MaxInt64
	}
	return age
}

// bound returns a context that ends at the task's timeout.
func (r *Runner) bound(ctx context.Context, task state.Task) (context.Context, context.CancelFunc) {
	if r.Timeout == 0 {
		return context.WithCancel(ctx)
	}
	left := r.Timeout - r.age(task)
	return context.WithTimeoutCause(ctx, left, fmt.Errorf("the remote task took longer than %s", r.Timeout))
}

// abandonedError returns the error for a task that runs on without anyone waiting.
func abandonedError(task state.Task, why error) error {
	return fmt.Errorf("%s still works on %s; the next pass will find it (%w)", task.ID, task.Name, why)
}

// hasEnded reports whether the task has ended. A task that the executor does not know
// has ended if it was observed before, or was started longer than startGrace ago.
func (r *Runner) hasEnded(ctx context.Context, task state.Task) (ended bool, why string, err error) {
	brief, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	status, why, err := r.Config.Executor.Status(brief, task.ID)
	switch {
	case err != nil && brief.Err() != nil:
		return false, "", fmt.Errorf("%w: %w", run.ErrTransient, err)
	case err != nil:
		return false, "", err
	case status == run.TaskNotFound:
		return r.observed || r.age(task) >= startGrace, why, nil
	}
	r.observed = true
	return status == run.TaskEnded, why, nil
}

// wait waits until the task has a result, or has exited without one.
func (r *Runner) wait(ctx context.Context, task state.Task) (state.Task, error) {
	ctx, cancel := r.bound(ctx, task)
	defer cancel()
	ended, why := false, ""
	for pause := r.Config.TaskPoll / 32; ; pause = min(2*pause, r.Config.TaskPoll) {
		done, err := r.Poll(ctx, &task)
		var waits *run.BlockedError
		switch {
		case errors.As(err, &waits):
			return task, err
		case err != nil && ctx.Err() == nil:
			r.Log.Warn("could not get the result of the remote task; still waiting", "error", err)
		case err != nil:
		case done:
			return task, nil
		case ended:
			return task, fmt.Errorf("%s exited without a result (%s); see its log; will retry", task.ID, why)
		}
		if !ended {
			if ended, why, err = r.hasEnded(ctx, task); err != nil && ctx.Err() == nil {
				r.Log.Warn("could not get the status of the remote task; still waiting", "id", task.ID, "error", err)
			} else if ended {
				continue // poll once more: its result may be new
			}
		}
		if err := sleep.For(ctx, pause); err != nil {
			return task, abandonedError(task, err)
		}
	}
}
