package reconciler_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reconcile/reconciler/internal/reconcilertest"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// An upstream is renamed, its state moves, and its apply fails. A reader that was last applied
// before all that, and leaves it, is known only by the state that it read: what it may use is not
// deleted before it has left.
func TestReaderOfAnUpstreamThatWasRenamedAndMoved(t *testing.T) {
	t.Parallel()
	formatUp := func(place, resources string) string {
		return "\n-- env/new/main.tf --\nterraform {\n  backend \"local\" {\n    path = \"../../states/" + place + ".tfstate\"\n  }\n}\n" + resources
	}
	const used = "resource \"terraform_data\" \"used\" {\n  input = \"used\"\n}\noutput \"used\" {\n  value = terraform_data.used.output\n}\n"
	const failing = "resource \"terraform_data\" \"fails\" {\n  provisioner \"local-exec\" {\n    command = \"exit 3\"\n  }\n}\n"
	w := reconcilertest.NewEnv(t, formatUp("one", used)+`
-- env/reader/main.tf --
data "terraform_remote_state" "up" {
  backend = "local"
  config = {
    path = "../../states/one.tfstate"
  }
}
resource "terraform_data" "this" {
  input = data.terraform_remote_state.up.outputs.used
}
`)
	w.Repo.Git("mv", "env/new", "env/old")
	w.Repo.Push()
	w.Repo.CommitStaged("it has another name")
	w.Repo.Push()
	if _, got := w.RunPass(run.Options{}); got["old"] != state.Applied || got["reader"] != state.Applied {
		t.Fatalf("the scene: %v", got)
	}
	apply := func(want state.Outcome, when string) {
		t.Helper()
		result, got := w.RunPass(run.Options{Only: []string{"new"}})
		if got["new"] != want {
			t.Fatalf("%s: %+v", when, result)
		}
	}
	w.Repo.Git("mv", "env/old", "env/new")
	w.Repo.CommitStaged("renamed")
	w.Repo.Push()
	apply(state.NoChanges, "renamed")
	w.Commit(formatUp("two", used+failing) + "\n-- env/reader/main.tf --\nresource \"terraform_data\" \"this\" {\n  input = \"its own\"\n}\n")
	apply(state.Failed, "moved")
	w.Commit(formatUp("two", "resource \"terraform_data\" \"other\" {}\n"))
	apply(state.Blocked, "deletes what the reader may use")
	if _, got := w.RunPass(run.Options{}); got["new"] != state.Applied || got["reader"] != state.Applied {
		t.Errorf("with the reader: %v", got)
	}
}

// A reader is held while its upstream is renamed, and moved, with success, and the reader leaves
// it. It is known only by what the upstream was: what it may use is not deleted before it has left.
func TestReaderOfAnUpstreamThatWasRenamedWithSuccess(t *testing.T) {
	t.Parallel()
	const used = "resource \"terraform_data\" \"used\" {\n  input = \"used\"\n}\noutput \"used\" {\n  value = terraform_data.used.output\n}\n"
	backend := func(place string) string {
		return "terraform {\n  backend \"local\" {\n    path = \"../../states/" + place + ".tfstate\"\n  }\n}\n"
	}
	read := func(place string) string {
		return "\n-- env/reader/main.tf --\ndata \"terraform_remote_state\" \"up\" {\n  backend = \"local\"\n  config = {\n    path = \"" + place + "\"\n  }\n}\n" +
			"resource \"terraform_data\" \"this\" {\n  input = data.terraform_remote_state.up.outputs.used\n}\n"
	}
	dependsOn := func(name string) string {
		return "\n-- env/reconcile.hcl --\nworkspace \"reader\" {\n  depends_on = [" + name + "]\n}\n"
	}
	const own = "\n-- env/reader/main.tf --\nresource \"terraform_data\" \"this\" {\n  input = \"its own\"\n}\n"
	for name, c := range map[string]struct {
		first, renamed, left, deletes string
		movesState                    bool
	}{
		"its state moves later": {
			first:   "\n-- env/old/main.tf --\n" + backend("one") + used + read("../../states/one.tfstate"),
			renamed: "\n-- env/new/main.tf --\n" + backend("one") + used,
			left:    "\n-- env/new/main.tf --\n" + backend("two") + used + own,
			deletes: "\n-- env/new/main.tf --\n" + backend("two") + "resource \"terraform_data\" \"other\" {}\n",
		},
		"known by its name": {
			first:   "\n-- env/old/main.tf --\n" + backend("one") + used + own + dependsOn(`"old"`),
			renamed: "\n-- env/new/main.tf --\n" + backend("one") + used + dependsOn(`"new"`),
			left:    dependsOn("") + "-- env/reader/more.tf --\nresource \"terraform_data\" \"more\" {}\n",
			deletes: "\n-- env/new/main.tf --\n" + backend("one") + "resource \"terraform_data\" \"other\" {}\n",
		},
		"a person moves its state": {
			first:      "\n-- env/old/main.tf --\n" + used + read("../old/terraform.tfstate"),
			renamed:    "\n-- env/new/main.tf --\n" + used + read("../new/terraform.tfstate"),
			left:       own,
			deletes:    "\n-- env/new/main.tf --\nresource \"terraform_data\" \"other\" {}\n",
			movesState: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := reconcilertest.NewEnv(t, c.first)
			if _, got := w.RunPass(run.Options{}); got["old"] != state.Applied || got["reader"] != state.Applied {
				t.Fatalf("the scene: %v", got)
			}
			w.Must(w.Record.PlaceHold(t.Context(), state.Hold{Name: "reader", Kind: state.Suspended, Reason: "test"}))
			w.Repo.Git("rm", "-rq", "env/old")
			if c.movesState {
				states := filepath.Join(w.Spec.Home, "tfstate")
				w.Must(os.Rename(filepath.Join(states, "old.tfstate"), filepath.Join(states, "new.tfstate")))
			}
			w.Commit(c.renamed)
			if result, got := w.RunPass(run.Options{}); got["new"] != state.NoChanges {
				t.Fatalf("renamed: %+v", result)
			}
			w.Commit(c.left)
			w.RunPass(run.Options{})
			w.Commit(c.deletes)
			result, got := w.RunPass(run.Options{})
			if waits, _ := result.Find("new"); got["new"] != state.Blocked || !strings.Contains(waits.Error, "waits until its readers are applied") {
				t.Fatalf("it deletes what the reader may use: %+v", result)
			}
			_, err := w.Record.RemoveHold(t.Context(), "reader")
			w.Must(err)
			if _, got := w.RunPass(run.Options{}); got["new"] != state.Applied || got["reader"] != state.Applied {
				t.Errorf("with the reader: %v", got)
			}
		})
	}
}
