package reconciler

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"reconcile/state"
)

// hangingExecutor is an executor that never answers.
type hangingExecutor struct{ Executor }

func (hangingExecutor) Status(ctx context.Context, _ string) (TaskStatus, string, error) {
	<-ctx.Done()
	return TaskRunning, "", ctx.Err()
}

// A pass does not wait without limit for the answer of an executor: it asks again.
func TestSilentExecutor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := time.Now()
		e := &remoteTask{config: &Config{Executor: hangingExecutor{}}}
		if ended, _, err := e.hasEnded(t.Context(), state.Task{ID: "1"}); ended || !errors.Is(err, ErrTransient) {
			t.Errorf("ended: %v, %v", ended, err)
		}
		if waited := time.Since(asked); waited != statusTimeout {
			t.Errorf("waited for %s", waited)
		}
	})
}
