package reconciler_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"reconcile/reconciler/run"
	"reconcile/state"
)

// runScheduled runs a scheduled pass, and returns solo's outcome.
func runScheduled(w *testEnv) (outcome state.Outcome, why string) {
	w.t.Helper()
	result, got := w.runPass(run.Options{Trigger: run.Schedule})
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
		arrange func(w *testEnv) (move func())
	}{
		"it lies in the work tree": {"copy it with", func(w *testEnv) func() {
			w.config.WorkTrees = []string{t.TempDir()}
			lying := filepath.Join(w.config.WorkTrees[0], "env", "solo", "terraform.tfstate")
			w.must(os.MkdirAll(filepath.Dir(lying), 0o700))
			w.must(os.WriteFile(lying, []byte("a state"), 0o600))
			return func() { w.must(os.Remove(lying)) }
		}},
		"its backend moved": {"migrate-state", func(w *testEnv) func() {
			w.runPass(run.Options{})
			stateFile := filepath.Join(w.dir, "tfstate", "solo.tfstate")
			made, err := os.ReadFile(stateFile)
			w.must(err)
			w.must(os.Remove(stateFile))
			w.commit("-- env/solo/backend.tf --\nterraform {\n  backend \"local\" {\n    path = \"elsewhere.tfstate\"\n  }\n}\n")
			return func() { w.must(os.WriteFile(stateFile, made, 0o600)) }
		}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := newTestEnv(t, soloFiles)
			now := time.Now()
			w.config.Now = func() time.Time { return now }
			move := c.arrange(w)

			var last time.Duration
			for range 3 {
				if outcome, why := runScheduled(w); outcome != state.Blocked || !strings.Contains(why, c.says) {
					t.Fatalf("%s: %s", outcome, why)
				}
				rec, _, err := w.record.Workspace(t.Context(), "solo")
				w.must(err)
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
