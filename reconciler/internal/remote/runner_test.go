package remote

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"reconcile/reconciler/run"
	"reconcile/state"
)

// hangingExecutor is an executor that never answers.
type hangingExecutor struct{ run.Executor }

func (hangingExecutor) Status(ctx context.Context, _ string) (run.TaskStatus, string, error) {
	<-ctx.Done()
	return run.TaskRunning, "", ctx.Err()
}

// A pass does not wait without limit for the answer of an executor: it asks again.
func TestSilentExecutor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := time.Now()
		runner := &Runner{Config: &run.Config{Executor: hangingExecutor{}}}
		if ended, _, err := runner.hasEnded(t.Context(), state.Task{ID: "1"}); ended || !errors.Is(err, run.ErrTransient) {
			t.Errorf("ended: %v, %v", ended, err)
		}
		if waited := time.Since(asked); waited != statusTimeout {
			t.Errorf("waited for %s", waited)
		}
	})
}

// forgetfulExecutor is an executor that does not know any task.
type forgetfulExecutor struct{ run.Executor }

func (forgetfulExecutor) Status(context.Context, string) (run.TaskStatus, string, error) {
	return run.TaskNotFound, "", nil
}

// A task that a machine dispatched whose clock was ahead is not waited for until that time.
func TestTaskFromTheFuture(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	runner := &Runner{Timeout: time.Hour, Config: &run.Config{Executor: forgetfulExecutor{}, Now: func() time.Time { return now }}}
	for ahead, want := range map[time.Duration]bool{-startGrace: true, 0: false, time.Minute: false, 240 * time.Hour: true} {
		task := state.Task{ID: "1", DispatchedAt: now.Add(ahead)}
		if ended, _, err := runner.hasEnded(t.Context(), task); ended != want || err != nil {
			t.Errorf("dispatched %s ahead: ended: %v, %v", ahead, ended, err)
		}
		ctx, cancel := runner.bound(t.Context(), task)
		cancel()
		if end, ok := ctx.Deadline(); !ok || end.After(time.Now().Add(2*time.Hour)) {
			t.Errorf("dispatched %s ahead: waits until %s", ahead, end)
		}
	}
}
