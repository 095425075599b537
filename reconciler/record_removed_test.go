package reconciler_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reconcile/reconciler/internal/reconcilertest"
	"reconcile/reconciler/run"
)

// The record is removed while a workspace is applied, as by an unmounted disk: the pass knows that
// there was one, and does not create everything once more.
func TestRecordRemovedDuringAPass(t *testing.T) {
	t.Parallel()
	w := reconcilertest.NewEnv(t, chainFiles)
	applies := map[string]int{}
	w.Config.Observe = func(e run.Event) {
		if e.Phase != run.PhaseApply {
			return
		}
		if applies[e.Workspace]++; e.Workspace == "first" && applies["first"] == 1 {
			if err := os.RemoveAll(filepath.Join(w.Spec.Home, "state")); err != nil {
				t.Error(err)
			}
		}
	}
	result, err := w.Reconciler().Pass(t.Context(), t.Context(), run.Options{Trigger: run.TriggerSchedule})
	if err == nil || !strings.Contains(err.Error(), "was removed during this pass") || result.Exit != run.ExitFailed {
		t.Errorf("the pass ends with %v: %+v", err, result)
	}
	if applies["first"] != 1 || applies["second"] > 1 {
		t.Errorf("applies: %v", applies)
	}
}
