package reconciler

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"reconcile/state"
)

// silent is an executor that takes a question and gives no answer.
type silent struct{ Executor }

func (silent) Status(ctx context.Context, _ string) (TaskStatus, string, error) {
	<-ctx.Done()
	return TaskRunning, "", ctx.Err()
}

// Nobody waits for the answer of an executor for ever: it is asked again.
func TestSilentExecutor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := time.Now()
		e := &errand{Reconciler: &Reconciler{Config: Config{Executor: silent{}}}}
		if ended, _, err := e.ended(t.Context(), state.Task{ID: "1"}); ended || !errors.Is(err, ErrTransient) {
			t.Errorf("ended: %v, %v", ended, err)
		}
		if waited := time.Since(asked); waited != answersWithin {
			t.Errorf("waited for %s", waited)
		}
	})
}
