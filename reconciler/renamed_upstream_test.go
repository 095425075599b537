package reconciler_test

import (
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
