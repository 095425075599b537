package reconciler_test

import (
	"strings"
	"testing"

	"reconcile/reconciler/internal/reconcilertest"
	"reconcile/reconciler/run"
	"reconcile/state"
)

const (
	secretUpstreamFiles = `
-- env/reader/up.tf --
data "terraform_remote_state" "up" {
  backend = "local"
  config = {
    path = "../up/terraform.tfstate"
  }
}
-- env/up/main.tf --
resource "terraform_data" "t" {
  input = sensitive("First-secret")
}

output "t" {
  value     = terraform_data.t.output
  sensitive = true
}
-- env/reader/main.tf --
resource "terraform_data" "seen" {
  input = "sees"
}
`
	rotatedSecretFiles = `
-- env/up/main.tf --
resource "terraform_data" "t" {
  input = sensitive("Second-secret")
}

resource "terraform_data" "bad" {
  depends_on = [terraform_data.t]
  provisioner "local-exec" {
    command = "exit 3"
  }
}

output "t" {
  value     = terraform_data.t.output
  sensitive = true
}
-- env/reader/main.tf --
resource "terraform_data" "seen" {
  input = "now sees ${data.terraform_remote_state.up.outputs.t}"

  provisioner "local-exec" {
    command = "echo ${data.terraform_remote_state.up.outputs.t}"
  }
}

output "passed" {
  value = data.terraform_remote_state.up.outputs.t
}
`
)

// An apply that failed has put a sensitive output into the state that no record knows. A reader
// that is planned or applied then does not print it.
func TestSecretOfAnApplyThatFailed(t *testing.T) {
	t.Parallel()
	w := reconcilertest.NewEnv(t, secretUpstreamFiles)
	w.RunPass(run.Options{})
	w.Commit(rotatedSecretFiles)
	if _, got := w.RunPass(run.Options{}); got["up"] != state.Failed || got["reader"] != state.Skipped {
		t.Fatalf("the scene: %v", got)
	}
	planned, err := w.Reconciler().Plan(t.Context(), t.Context(), run.Options{Only: []string{"reader"}})
	w.Must(err)
	if text := planned.Workspaces[0].Plan; !strings.Contains(text, "now sees (redacted)") || strings.Contains(text, "Second-secret") {
		t.Error(text)
	}
	if _, got := w.RunPass(run.Options{Only: []string{"reader"}}); got["reader"] != state.Applied {
		t.Fatalf("the reader: %v", got)
	}
	checkLogsHide(w, "Second-secret")
	checkReaderHasSecrets(w)
}
