package reconciler_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"reconcile/reconciler/internal/reconcilertest"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// Pipes that a provisioner leaves in the checkout, where Terraform and reconcile look for files, stop
// no pass: opening one waits, and no signal ends that.
func TestPipesInTheCheckout(t *testing.T) {
	t.Parallel()
	w := reconcilertest.NewEnv(t, `
-- env/reconcile.hcl --
defaults {
  apply = "always"
}
workspace "b" {
  depends_on = ["a"]
}
-- env/a/main.tf --
resource "terraform_data" "a" {
  provisioner "local-exec" {
    command = "mkfifo errored.tfstate own.auto.tfvars ../b/errored.tfstate ../b/new.tf ../b/x.auto.tfvars && rm ../b/main.tf && mkfifo ../b/main.tf"
  }
}
-- env/b/main.tf --
resource "terraform_data" "b" {}
`)
	if result, got := w.RunPass(run.Options{}); got["a"] != state.Applied || got["b"] != state.Applied {
		t.Fatalf("%+v", result)
	}
	w.Commit("-- env/a/main.tf --\nresource \"terraform_data\" \"a\" {\n  input = 1\n}\n")
	if result, got := w.RunPass(run.Options{}); got["a"] != state.Applied {
		t.Errorf("after that: %+v", result)
	}
}

// A pipe in the place of a local state fails its workspace, and no other.
func TestPipeInPlaceOfAState(t *testing.T) {
	t.Parallel()
	w := reconcilertest.NewEnv(t, soloFiles+cleanFiles)
	w.RunPass(run.Options{})
	file := filepath.Join(w.Spec.Home, "tfstate", "solo.tfstate")
	w.Must(os.Remove(file))
	w.Must(syscall.Mkfifo(file, 0o600))
	w.Commit("-- env/solo/more.tf --\nresource \"terraform_data\" \"more\" {}\n-- env/a/more.tf --\nresource \"terraform_data\" \"more\" {}\n")
	result, got := w.RunPass(run.Options{})
	solo, _ := result.Find("solo")
	if got["solo"] != state.Failed || got["a"] != state.Applied || !strings.Contains(solo.Error, "no regular file") {
		t.Errorf("%v: %+v", got, solo)
	}
}

// A pipe that a provisioner leaves in the place of its lock file keeps no second plan waiting: the
// workspace fails, and the next pass goes on.
func TestPipeInPlaceOfALockFile(t *testing.T) {
	t.Parallel()
	w := reconcilertest.NewEnv(t, `
-- env/reconcile.hcl --
defaults {
  apply = "always"
}
-- env/a/main.tf --
resource "terraform_data" "a" {
  provisioner "local-exec" {
    command = "rm -f .terraform.lock.hcl && mkfifo .terraform.lock.hcl && echo 'x = 1' > own.auto.tfvars"
  }
}
`)
	result, _ := w.RunPass(run.Options{})
	if a, _ := result.Find("a"); a.Outcome != state.Failed || !strings.Contains(a.Error, ".terraform.lock.hcl is no regular file") {
		t.Errorf("%+v", a)
	}
	if result, got := w.RunPass(run.Options{Trigger: run.TriggerManual}); got["a"] != state.NoChanges {
		t.Errorf("after that: %+v", result)
	}
}
