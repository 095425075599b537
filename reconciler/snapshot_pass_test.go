package reconciler_test

import (
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"reconcile/reconciler"
	"reconcile/reconciler/internal/reconcilertest"
	"reconcile/reconciler/run"
	"reconcile/state"
	"reconcile/state/snapshot"
)

const valuedFiles = `
-- env/traffic/main.tf --
variable "to" {}
variable "fails" { default = false }
resource "terraform_data" "x" {
  input = var.to
}
resource "terraform_data" "failing" {
  count      = var.fails ? 1 : 0
  depends_on = [terraform_data.x]
  provisioner "local-exec" {
    command = "exit 1"
  }
}
-- env/traffic/terraform.tfvars --
to = 1
-- env/traffic/dr.tfvars --
to = 2
-- env/traffic/failing.tfvars --
to    = 3
fails = true
`

func (e *valuedEnv) applySnapshot(values string) (*run.Result, map[string]state.Outcome) {
	e.T.Helper()
	return e.RunPass(run.Options{Snapshot: snapshot.Latest, Only: []string{"traffic"}, Values: []string{"env/traffic/" + values}})
}

type valuedEnv struct{ *reconcilertest.Env }

func newValuedEnv(t *testing.T) *valuedEnv {
	w := &valuedEnv{reconcilertest.NewEnv(t, valuedFiles)}
	w.Config.Gate = "always"
	w.RunPass(run.Options{})
	return w
}

func (e *valuedEnv) hold() (state.Hold, bool) {
	e.T.Helper()
	holds, err := e.Record.Holds(e.T.Context())
	e.Must(err)
	hold, found := holds["traffic"]
	return hold, found
}

// A pass that has already decided to apply the branch, and waits for the lease, does not undo
// what a person applies from a snapshot meanwhile.
func TestSnapshotIsNotUndoneByAPassThatWaits(t *testing.T) {
	t.Parallel()
	w := newValuedEnv(t)
	w.Commit("-- env/traffic/terraform.tfvars --\nto = 4\n")
	var once sync.Once
	config := w.Config
	config.Observe = func(e run.Event) {
		if e.Workspace != "traffic" || e.Phase != run.PhaseLease {
			return
		}
		once.Do(func() {
			beside := w.Config
			beside.WorkDir = filepath.Join(t.TempDir(), "beside")
			result, err := reconciler.New(beside).Pass(t.Context(), t.Context(), run.Options{Snapshot: snapshot.Latest, Only: []string{"traffic"}, Values: []string{"env/traffic/dr.tfvars"}})
			if err != nil || reconcilertest.Outcomes(result)["traffic"] != state.Applied {
				t.Errorf("the snapshot: %+v, %v", result, err)
			}
		})
	}
	result, err := reconciler.New(config).Pass(t.Context(), t.Context(), run.Options{Trigger: run.TriggerSchedule})
	w.Must(err)
	if got := reconcilertest.Outcomes(result)["traffic"]; got != state.Blocked {
		t.Errorf("the pass that waited: %s", got)
	}
	if result, got := w.RunPass(run.Options{}); got["traffic"] == state.Applied || result.Exit != run.ExitOK {
		t.Errorf("the pass after it: %+v", result)
	}
	w.Commit("-- env/traffic/terraform.tfvars --\nto = 2\n")
	if _, got := w.RunPass(run.Options{Trigger: run.TriggerSchedule}); got["traffic"] != state.NoChanges {
		t.Errorf("the commit that says the same: %v", got)
	}
	if hold, found := w.hold(); found {
		t.Errorf("it is still held: %+v", hold)
	}
}

// An apply from a snapshot that fails half-way is held, too; the snapshot can be tried again.
func TestSnapshotThatFailsIsHeld(t *testing.T) {
	t.Parallel()
	w := newValuedEnv(t)
	if _, got := w.applySnapshot("failing.tfvars"); got["traffic"] != state.Failed {
		t.Fatalf("outcomes: %v", got)
	}
	if _, found := w.hold(); !found {
		t.Fatal("it is not held")
	}
	if _, got := w.RunPass(run.Options{Trigger: run.TriggerSchedule}); got["traffic"] != state.Blocked {
		t.Errorf("the next pass: %v", got)
	}
	if _, got := w.applySnapshot("dr.tfvars"); got["traffic"] != state.Applied {
		t.Errorf("the snapshot again: %v", got)
	}
	if hold, _ := w.hold(); len(hold.Values) != 1 || hold.Values[0] != "env/traffic/dr.tfvars" {
		t.Errorf("the hold: %+v", hold)
	}
}

// What is applied by hand already is held as well: its plan is empty, and the branch says
// something else. A plan that waits holds nothing.
func TestSnapshotHolds(t *testing.T) {
	t.Parallel()
	w := newValuedEnv(t)
	w.Config.Gate = "approve"
	if _, got := w.applySnapshot("dr.tfvars"); got["traffic"] != state.Blocked {
		t.Fatalf("outcomes: %v", got)
	}
	if hold, found := w.hold(); found {
		t.Errorf("a plan that waits is held: %+v", hold)
	}
	w.Config.Gate = "always"
	w.applySnapshot("dr.tfvars")
	if _, err := w.Record.RemoveHold(t.Context(), "traffic"); err != nil {
		t.Fatal(err)
	}
	result, got := w.RunPass(run.Options{Snapshot: snapshot.Latest, Only: []string{"traffic"}, Values: []string{"env/traffic/dr.tfvars"}, Replan: true})
	if got["traffic"] != state.NoChanges || !result.FromSnapshot {
		t.Errorf("applied already: %v", got)
	}
	if _, found := w.hold(); !found {
		t.Error("what is applied already is not held")
	}
	if _, got := w.RunPass(run.Options{}); got["traffic"] != state.Blocked {
		t.Errorf("the next pass: %v", got)
	}
}

// A saved plan that was changed after the attempt was written is not applied: nothing is held, or
// what was held before stays held.
func TestSnapshotThatWasNotBegunHoldsNothing(t *testing.T) {
	t.Parallel()
	for name, before := range map[string][]string{"nothing was held": nil, "another was held": {"env/traffic/dr.tfvars"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newValuedEnv(t)
			if before != nil {
				w.applySnapshot("dr.tfvars")
			}
			w.Config.Observe = func(e run.Event) {
				if e.Phase == run.PhaseApply {
					changeSavedPlan(w.Env)
				}
			}
			if result, got := w.applySnapshot("failing.tfvars"); got["traffic"] != state.Failed || !strings.Contains(result.Workspaces[0].Error, "nothing was applied") {
				t.Fatalf("the scene: %+v", result)
			}
			if hold, found := w.hold(); found != (before != nil) || !slices.Equal(hold.Values, before) {
				t.Errorf("it is held: %+v", hold)
			}
		})
	}
}
