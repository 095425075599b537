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
		e := &Runner{Config: &run.Config{Executor: hangingExecutor{}}}
		if ended, _, err := e.hasEnded(t.Context(), state.Task{ID: "1"}); ended || !errors.Is(err, run.ErrTransient) {
			t.Errorf("ended: %v, %v", ended, err)
		}
		if waited := time.Since(asked); waited != statusTimeout {
			t.Errorf("waited for %s", waited)
		}
	})
}
