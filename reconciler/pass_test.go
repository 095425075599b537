package reconciler_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"reconcile/reconciler/run"
	"reconcile/state"
)

// smallFiles is two workspaces that share a module, and a reader of one of them.
const smallFiles = `
-- modules/greeting/main.tf --
variable "name" {
  type = string
}

resource "terraform_data" "this" {
  input = "hello ${var.name}"
}

output "text" {
  value = terraform_data.this.output
}
-- env/tokyo/main.tf --
module "greeting" {
  source = "../../modules/greeting"
  name   = "tokyo"
}

output "text" {
  value = module.greeting.text
}
-- env/osaka/main.tf --
module "greeting" {
  source = "../../modules/greeting"
  name   = "osaka"
}
-- env/reader/main.tf --
data "terraform_remote_state" "tokyo" {
  backend = "local"
  config = {
    path = "../tokyo/terraform.tfstate"
  }
}

resource "terraform_data" "seen" {
  input = data.terraform_remote_state.tokyo.outputs.text
}
`

type outcomeMap = map[string]state.Outcome

func TestPassAppliesWhatIsStaleAndNothingElse(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t, smallFiles)
	first, got := w.runPass(run.Options{})
	if diff := cmp.Diff(outcomeMap{"tokyo": state.Applied, "osaka": state.Applied, "reader": state.Applied}, got); diff != "" {
		t.Errorf("first pass: %s", diff)
	}
	if first.Outcome != run.OutcomeApplied || first.Exit != 0 || first.Snapshot == "" {
		t.Errorf("first pass: %+v", first)
	}

	second, got := w.runPass(run.Options{})
	if len(got) > 0 || second.Outcome != run.OutcomeInSync || second.Snapshot != "" {
		t.Errorf("second pass: %v %+v", got, second)
	}

	// The reader of tokyo is not stale when tokyo's outputs stay the same.
	w.commit("-- env/tokyo/more.tf --\nresource \"terraform_data\" \"more\" {}\n")
	_, got = w.runPass(run.Options{})
	if diff := cmp.Diff(outcomeMap{"tokyo": state.Applied}, got); diff != "" {
		t.Errorf("early cutoff: %s", diff)
	}

	// A comment in a module: stale, and empty plans.
	w.commit("-- modules/greeting/note.tf --\n# a comment\n")
	_, got = w.runPass(run.Options{})
	if diff := cmp.Diff(outcomeMap{"tokyo": state.NoChanges, "osaka": state.NoChanges}, got); diff != "" {
		t.Errorf("comment: %s", diff)
	}
}
