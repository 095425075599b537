package reconciler_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"reconcile/reconciler/internal/reconcilertest"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// runScheduled runs a scheduled pass, and returns solo's outcome.
func runScheduled(w *reconcilertest.Env) (outcome state.Outcome, why string) {
	w.T.Helper()
	result, got := w.RunPass(run.Options{Trigger: run.TriggerSchedule})
	for _, ws := range result.Workspaces {
		why += ws.Error
	}
	return got["solo"], why
}

// A workspace that waits for a person to move its state is checked again by itself, later
// each time: no one need report that the state was moved.
func TestStateThatWasMovedIsFoundBySchedule(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		says    string
		arrange func(w *reconcilertest.Env) (move func())
	}{
		"it lies in the work tree": {"copy it with", func(w *reconcilertest.Env) func() {
			w.Config.WorkTrees = []string{t.TempDir()}
			lying := filepath.Join(w.Config.WorkTrees[0], "env", "solo", "terraform.tfstate")
			w.Must(os.MkdirAll(filepath.Dir(lying), 0o700))
			w.Must(os.WriteFile(lying, []byte("a state"), 0o600))
			return func() { w.Must(os.Remove(lying)) }
		}},
		"its backend moved": {"migrate-state", func(w *reconcilertest.Env) func() {
			w.RunPass(run.Options{})
			stateFile := filepath.Join(w.Spec.Home, "tfstate", "solo.tfstate")
			made, err := os.ReadFile(stateFile)
			w.Must(err)
			w.Must(os.Remove(stateFile))
			w.Commit("-- env/solo/backend.tf --\nterraform {\n  backend \"local\" {\n    path = \"elsewhere.tfstate\"\n  }\n}\n")
			return func() { w.Must(os.WriteFile(stateFile, made, 0o600)) }
		}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := reconcilertest.NewEnv(t, soloFiles)
			now := time.Now()
			w.Config.Now = func() time.Time { return now }
			move := c.arrange(w)

			var last time.Duration
			for range 3 {
				if outcome, why := runScheduled(w); outcome != state.Blocked || !strings.Contains(why, c.says) {
					t.Fatalf("%s: %s", outcome, why)
				}
				rec, _, err := w.Record.Workspace(t.Context(), "solo")
				w.Must(err)
				wait := rec.RetryAt.Sub(now)
				if wait <= last {
					t.Errorf("looked at again after %s, and before that after %s", wait, last)
				}
				last, now = wait, rec.RetryAt.Add(time.Second)
			}
			move()
			if outcome, why := runScheduled(w); outcome != state.Applied && outcome != state.NoChanges {
				t.Errorf("after the move: %s %s", outcome, why)
			}
		})
	}
}

func TestStateThatMovedInGitAloneIsNotMadeAgain(t *testing.T) {
	t.Parallel()
	w := reconcilertest.NewEnv(t, soloFiles)
	w.RunPass(run.Options{})
	w.Commit("-- env/solo/backend.tf --\nterraform {\n  backend \"local\" {\n    path = \"elsewhere.tfstate\"\n  }\n}\n")
	w.Must(os.Remove(filepath.Join(w.Spec.Home, "tfstate", "solo.tfstate")))
	for range 2 {
		result, got := w.RunPass(run.Options{})
		if got["solo"] != state.Blocked || !strings.Contains(result.Workspaces[0].Error, "migrate-state") {
			t.Errorf("%+v", result)
		}
	}
}
