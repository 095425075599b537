package reconciler_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"reconcile/reconciler"
	"reconcile/reconciler/internal/reconcilertest"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// driftEnv is a test environment with a workspace, app, whose resource is in a file
// outside Git, like a resource in a cloud. app also reads common.
type driftEnv struct{ *reconcilertest.Env }

func newDriftEnv(t *testing.T) driftEnv {
	w := driftEnv{reconcilertest.NewEnv(t, "")}
	w.changeOutside("as applied")
	w.Commit(fmt.Sprintf(`
-- env/common/main.tf --
output "text" {
  value = "one"
}
-- env/app/main.tf --
data "terraform_remote_state" "outside" {
  backend = "local"
  config  = { path = %q }
}

data "terraform_remote_state" "common" {
  backend = "local"
  config  = { path = "../common/terraform.tfstate" }
}

resource "terraform_data" "it" {
  input = [data.terraform_remote_state.outside.outputs.text, data.terraform_remote_state.common.outputs.text]
}
`, w.outsideStateFile()))
	w.RunPass(run.Options{})
	return w
}

func (w driftEnv) outsideStateFile() string { return filepath.Join(w.Spec.Home, "outside.tfstate") }

// changeOutside changes that file.
func (w driftEnv) changeOutside(text string) {
	w.Must(os.WriteFile(w.outsideStateFile(), fmt.Appendf(nil,
		`{"version": 4, "terraform_version": "1.11.0", "serial": 1, "lineage": "o", "outputs": {"text": {"value": %q, "type": "string"}}, "resources": []}`, text), 0o600))
}

// checkDrift runs a drift check. It calls meanwhile when a workspace was planned and is
// about to be recorded.
func (w driftEnv) checkDrift(workspace string, meanwhile func(), only ...string) *run.Result {
	w.T.Helper()
	config := w.Config
	config.Observe = func(e run.Event) {
		if e.Workspace == workspace && e.Phase == run.PhaseRecord {
			meanwhile()
		}
	}
	result, err := reconciler.New(config).Drift(w.T.Context(), w.T.Context(), run.Options{Only: only})
	w.Must(err)
	return result
}

// runOtherPass runs a pass in another place, as on another machine.
func (w driftEnv) runOtherPass(o run.Options) map[string]state.Outcome {
	w.T.Helper()
	config := w.Config
	config.WorkDir = filepath.Join(w.Spec.Home, "other")
	result, err := reconciler.New(config).Pass(w.T.Context(), w.T.Context(), o)
	w.Must(err)
	return reconcilertest.Outcomes(result)
}

func (w driftEnv) recordedDrift(name string) *state.Drift {
	rec, _, err := w.Record.Workspace(w.T.Context(), name)
	w.Must(err)
	return rec.Drift
}

func TestDriftIsRecordedAndClearedByAPass(t *testing.T) {
	t.Parallel()
	w := newDriftEnv(t)
	before, err := w.Record.Head(t.Context())
	w.Must(err)
	if w.recordedDrift("app") != nil {
		t.Error("drift is recorded without a drift check")
	}
	w.changeOutside("by hand")
	result := w.checkDrift("", nil)
	if diff := cmp.Diff(outcomeMap{"app": state.Drifted, "common": state.NoChanges}, reconcilertest.Outcomes(result)); diff != "" {
		t.Errorf("outcomes: %s", diff)
	}
	if result.Exit != run.ExitPending || result.Outcome != run.OutcomeDrifted || !cmp.Equal(result.Drifted, []string{"app"}) {
		t.Errorf("%+v", result)
	}
	if d := w.recordedDrift("app"); d == nil || !d.Found || d.Changes.Change != 1 || d.PlanDigest == "" || d.Run != result.Run || d.CheckedAt.IsZero() {
		t.Errorf("app's drift: %+v", d)
	}
	if d := w.recordedDrift("common"); d == nil || d.Found {
		t.Errorf("common's drift: %+v", d)
	}
	after, err := w.Record.Head(t.Context())
	w.Must(err)
	if before.Rev != after.Rev {
		t.Error("the drift check wrote the head: a pass would have to check everything again")
	}
	if _, got := w.RunPass(run.Options{}); len(got) > 0 {
		t.Errorf("a pass has put drift back by itself: %v", got)
	}

	// The file is as it was, and a pass finds an empty plan: the drift is cleared.
	w.changeOutside("as applied")
	result, got := w.RunPass(run.Options{Only: []string{"app"}, Replan: true})
	if got["app"] != state.NoChanges || w.recordedDrift("app") != nil || result.Drifted == nil || len(result.Drifted) > 0 {
		t.Errorf("after an empty plan: %v, %+v, %q", got, w.recordedDrift("app"), result.Drifted)
	}

	// A pass corrects the drift.
	w.changeOutside("by hand")
	w.checkDrift("", nil)
	if _, got := w.RunPass(run.Options{Only: []string{"app"}, Replan: true}); got["app"] != state.Applied || w.recordedDrift("app") != nil {
		t.Errorf("after an apply: %v, %+v", got, w.recordedDrift("app"))
	}
	if result := w.checkDrift("", nil); result.Exit != run.ExitOK || result.Outcome != run.OutcomeInSync || len(result.Drifted) > 0 {
		t.Errorf("after an apply: %+v", result)
	}
}

func TestDriftThatAPassOvertookIsDropped(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		meanwhile func(w driftEnv)
		outcome   state.Outcome
		recorded  bool
	}{
		"the workspace was applied": {func(w driftEnv) {
			if got := w.runOtherPass(run.Options{Only: []string{"app"}, Replan: true}); got["app"] != state.Applied {
				w.T.Errorf("the other pass: %v", got)
			}
		}, state.Busy, false},
		"an upstream was applied": {func(w driftEnv) {
			w.Commit("-- env/common/main.tf --\noutput \"text\" {\n  value = \"two\"\n}\n")
			if got := w.runOtherPass(run.Options{Only: []string{"common"}}); got["common"] != state.Applied {
				w.T.Errorf("the other pass: %v", got)
			}
		}, state.Busy, false},
		"only the tip has moved": {func(w driftEnv) {
			w.Commit("-- README.md --\nabout\n")
			if got := w.runOtherPass(run.Options{}); len(got) > 0 {
				w.T.Errorf("the other pass: %v", got)
			}
		}, state.Drifted, true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newDriftEnv(t)
			w.changeOutside("by hand")
			result := w.checkDrift("app", func() { test.meanwhile(w) })
			if got := reconcilertest.Outcomes(result)["app"]; got != test.outcome {
				t.Errorf("app is %s, want %s: %+v", got, test.outcome, result)
			}
			if got := w.recordedDrift("app"); (got != nil) != test.recorded {
				t.Errorf("recorded: %+v", got)
			}
		})
	}
}

func TestDriftWaitsForAPassThatIsDue(t *testing.T) {
	t.Parallel()
	w := newDriftEnv(t)
	w.changeOutside("by hand")
	w.Commit("-- env/common/main.tf --\noutput \"text\" {\n  value = \"two\"\n}\n\nresource \"terraform_data\" \"bad\" {\n  provisioner \"local-exec\" {\n    command = \"exit 3\"\n  }\n}\n")
	due := func(name, why string) {
		t.Helper()
		result := w.checkDrift(name, func() { t.Errorf("%s was looked at", name) }, name)
		if ws := result.Workspaces[0]; ws.Outcome != state.Skipped || !strings.Contains(ws.Error, "a pass must run first ("+why) {
			t.Errorf("%+v", ws)
		}
		if w.recordedDrift(name) != nil {
			t.Errorf("drift of %s is recorded", name)
		}
	}
	due("common", "env/common")
	w.RunPass(run.Options{}) // common fails half-way
	due("common", "failed apply of ")
	due("app", "failed apply of ")

	// The attempt was not app's. When common is in order again, app is checked. A
	// workspace whose failed change was reverted is checked too, once a pass has seen the
	// revert.
	w.Repo.Revert("HEAD")
	w.Repo.Push()
	w.RunPass(run.Options{})
	w.Commit("-- env/common/main.tf --\noutput \"text\" {\n  value = file(\"missing\")\n}\n")
	w.RunPass(run.Options{})
	w.Repo.Revert("HEAD")
	w.Repo.Push()
	due("common", "the change that its last run did not apply was reverted")
	w.RunPass(run.Options{})
	result := w.checkDrift("", nil)
	if got := reconcilertest.Outcomes(result); got["common"] != state.NoChanges || result.Outcome == run.OutcomeBlocked {
		t.Errorf("%+v", result)
	}
}
