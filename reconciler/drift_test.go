package reconciler_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"reconcile/reconciler"
	"reconcile/state"
)

// drifting is a world of which one workspace is made after a file outside Git,
// as a resource in a cloud is: app, which reads common as well.
type drifting struct{ *world }

func newDrifting(t *testing.T) drifting {
	w := drifting{newWorld(t, "")}
	w.outside("as applied")
	w.commit(fmt.Sprintf(`
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
`, w.file()))
	w.pass(reconciler.Options{})
	return w
}

func (w drifting) file() string { return filepath.Join(w.dir, "outside.tfstate") }

// outside changes the world.
func (w drifting) outside(text string) {
	w.must(os.WriteFile(w.file(), fmt.Appendf(nil,
		`{"version": 4, "terraform_version": "1.11.0", "serial": 1, "lineage": "o", "outputs": {"text": {"value": %q, "type": "string"}}, "resources": []}`, text), 0o600))
}

// look looks for drift, and has meanwhile happen when a workspace was planned
// and is about to be recorded.
func (w drifting) look(workspace string, meanwhile func(), only ...string) *reconciler.Result {
	w.t.Helper()
	config := w.config
	config.Observe = func(e reconciler.Event) {
		if e.Workspace == workspace && e.Phase == reconciler.PhaseRecord {
			meanwhile()
		}
	}
	result, err := reconciler.New(config).Drift(w.t.Context(), w.t.Context(), reconciler.Options{Only: only})
	w.must(err)
	return result
}

// other runs a pass in another place, as on another machine.
func (w drifting) other(o reconciler.Options) map[string]state.Outcome {
	w.t.Helper()
	config := w.config
	config.Work = filepath.Join(w.dir, "other")
	result, err := reconciler.New(config).Pass(w.t.Context(), w.t.Context(), o)
	w.must(err)
	return outcomes(result)
}

func (w drifting) drift(name string) *state.Drift {
	rec, _, err := w.record.Workspace(w.t.Context(), name)
	w.must(err)
	return rec.Drift
}

func TestDriftIsRecordedAndClearedByAPass(t *testing.T) {
	w := newDrifting(t)
	before, err := w.record.Head(t.Context())
	w.must(err)
	if w.drift("app") != nil {
		t.Error("drift is recorded that nobody has looked for")
	}
	w.outside("by hand")
	result := w.look("", nil)
	if diff := cmp.Diff(did{"app": state.Drifted, "common": state.NoChanges}, outcomes(result)); diff != "" {
		t.Errorf("outcomes: %s", diff)
	}
	if result.Exit != reconciler.ExitPending || result.Outcome != reconciler.OutcomeDrifted || !cmp.Equal(result.Drifted, []string{"app"}) {
		t.Errorf("%+v", result)
	}
	if d := w.drift("app"); d == nil || !d.Found || d.Changes.Change != 1 || d.Digest == "" || d.Run != result.Run || d.At.IsZero() {
		t.Errorf("app's drift: %+v", d)
	}
	if d := w.drift("common"); d == nil || d.Found {
		t.Errorf("common's drift: %+v", d)
	}
	after, err := w.record.Head(t.Context())
	w.must(err)
	if before.Rev != after.Rev {
		t.Error("looking for drift wrote the head: a pass would have to look at everything again")
	}
	if _, got := w.pass(reconciler.Options{}); len(got) > 0 {
		t.Errorf("a pass has put drift back by itself: %v", got)
	}

	// Back as it was, and a pass that finds its plan empty: not known any more.
	w.outside("as applied")
	result, got := w.pass(reconciler.Options{Only: []string{"app"}, Replan: true})
	if got["app"] != state.NoChanges || w.drift("app") != nil || result.Drifted == nil || len(result.Drifted) > 0 {
		t.Errorf("after an empty plan: %v, %+v, %q", got, w.drift("app"), result.Drifted)
	}

	// Put back by a pass.
	w.outside("by hand")
	w.look("", nil)
	if _, got := w.pass(reconciler.Options{Only: []string{"app"}, Replan: true}); got["app"] != state.Applied || w.drift("app") != nil {
		t.Errorf("after an apply: %v, %+v", got, w.drift("app"))
	}
	if result := w.look("", nil); result.Exit != reconciler.ExitOK || result.Outcome != reconciler.OutcomeInSync || len(result.Drifted) > 0 {
		t.Errorf("after an apply: %+v", result)
	}
}

func TestDriftThatAPassOvertookIsDropped(t *testing.T) {
	for name, test := range map[string]struct {
		meanwhile func(w drifting)
		outcome   state.Outcome
		recorded  bool
	}{
		"the workspace was applied": {func(w drifting) {
			if got := w.other(reconciler.Options{Only: []string{"app"}, Replan: true}); got["app"] != state.Applied {
				w.t.Errorf("the other pass: %v", got)
			}
		}, state.Busy, false},
		"an upstream was applied": {func(w drifting) {
			w.commit("-- env/common/main.tf --\noutput \"text\" {\n  value = \"two\"\n}\n")
			if got := w.other(reconciler.Options{Only: []string{"common"}}); got["common"] != state.Applied {
				w.t.Errorf("the other pass: %v", got)
			}
		}, state.Busy, false},
		"only the tip has moved": {func(w drifting) {
			w.commit("-- README.md --\nabout\n")
			if got := w.other(reconciler.Options{}); len(got) > 0 {
				w.t.Errorf("the other pass: %v", got)
			}
		}, state.Drifted, true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newDrifting(t)
			w.outside("by hand")
			result := w.look("app", func() { test.meanwhile(w) })
			if got := outcomes(result)["app"]; got != test.outcome {
				t.Errorf("app is %s, want %s: %+v", got, test.outcome, result)
			}
			if got := w.drift("app"); (got != nil) != test.recorded {
				t.Errorf("recorded: %+v", got)
			}
		})
	}
}

func TestDriftWaitsForAPassThatIsDue(t *testing.T) {
	w := newDrifting(t)
	w.outside("by hand")
	w.commit("-- env/common/main.tf --\noutput \"text\" {\n  value = \"two\"\n}\n\nresource \"terraform_data\" \"bad\" {\n  provisioner \"local-exec\" {\n    command = \"exit 3\"\n  }\n}\n")
	due := func(name, why string) {
		t.Helper()
		result := w.look(name, func() { t.Errorf("%s was looked at", name) }, name)
		if ws := result.Workspaces[0]; ws.Outcome != state.Skipped || !strings.Contains(ws.Error, "a pass is due first ("+why) {
			t.Errorf("%+v", ws)
		}
		if w.drift(name) != nil {
			t.Errorf("drift of %s is recorded", name)
		}
	}
	due("common", "env/common")
	w.pass(reconciler.Options{}) // common fails half-way
	due("common", "interrupted apply of ")
	due("app", "interrupted apply of its upstream common")

	// Its attempt was none of app's: when common is in order, app is looked at,
	// and so is one whose failure was taken back, once a pass has seen that.
	w.Revert("HEAD")
	w.Push()
	w.pass(reconciler.Options{})
	w.commit("-- env/common/main.tf --\noutput \"text\" {\n  value = file(\"missing\")\n}\n")
	w.pass(reconciler.Options{})
	w.Revert("HEAD")
	w.Push()
	due("common", "what its last run left undone was taken back")
	w.pass(reconciler.Options{})
	result := w.look("", nil)
	if got := outcomes(result); got["common"] != state.NoChanges || result.Outcome == reconciler.OutcomeBlocked {
		t.Errorf("%+v", result)
	}
}
