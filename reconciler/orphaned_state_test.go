package reconciler_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"reconcile/internal/stateid"
	"reconcile/reconciler/inspect"
	"reconcile/reconciler/internal/reconcilertest"
	"reconcile/reconciler/run"
	"reconcile/state"
)

const upstreamAndReaderFiles = `
-- env/up/main.tf --
resource "terraform_data" "x" {
  input = "1"
}

output "o" {
  value = terraform_data.x.output
}
-- env/reader/main.tf --
data "terraform_remote_state" "up" {
  backend = "local"
  config = {
    path = "../up/terraform.tfstate"
  }
}

resource "terraform_data" "seen" {
  input = data.terraform_remote_state.up.outputs.o
  lifecycle {
    precondition {
      condition     = data.terraform_remote_state.up.outputs.o != "refused"
      error_message = "refused"
    }
  }
}
`

// The outputs with which a reader was applied are compared with the last ones of its
// upstream even if the upstream was removed as well.
func TestReaderOfARemovedUpstream(t *testing.T) {
	t.Parallel()
	changed := func(to string) string {
		up, _, _ := strings.Cut(upstreamAndReaderFiles, "-- env/reader")
		return strings.Replace(up, `"1"`, `"`+to+`"`, 1)
	}
	for name, c := range map[string]struct {
		change string // of the upstream, before it is removed
		reader state.Outcome
		forget bool // the reader is up to date once the upstream is removed
	}{
		"in sync":          {"-- README.md --\n", "", true},
		"it failed":        {changed("refused"), state.Failed, false},
		"it waits":         {changed("2") + "-- env/reconcile.hcl --\nworkspace \"reader\" {\n  apply = \"plan-only\"\n}\n", state.Blocked, false},
		"upstream in part": {"-- env/up/more.tf --\nresource \"terraform_data\" \"y\" {\n  depends_on = [terraform_data.x]\n  provisioner \"local-exec\" {\n    command = \"exit 3\"\n  }\n}\n", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := reconcilertest.NewEnv(t, upstreamAndReaderFiles)
			w.RunPass(run.Options{})
			w.Commit(c.change)
			if _, got := w.RunPass(run.Options{}); got["reader"] != c.reader {
				t.Fatalf("the scene: %v", got)
			}
			w.Repo.Git("rm", "-rq", "env/up")
			w.Repo.CommitStaged("removed")
			w.Repo.Push()
			for range 2 {
				result, got := w.RunPass(run.Options{})
				if forgotten := got["reader"] == ""; forgotten != c.forget || forgotten != (result.Exit == run.ExitOK) {
					t.Errorf("exit %d, %v", result.Exit, got)
				}
			}
		})
	}
}

// An orphaned state is reported with its location.
func TestStateThatNoWorkspaceOwns(t *testing.T) {
	t.Parallel()
	w := reconcilertest.NewEnv(t, upstreamAndReaderFiles)
	w.RunPass(run.Options{})
	w.Repo.Git("rm", "-rq", "env")
	w.Repo.CommitStaged("removed")
	w.Commit("-- env/other/main.tf --\nresource \"terraform_data\" \"x\" {}\n")
	result, got := w.RunPass(run.Options{})
	for _, name := range []string{"up", "reader"} {
		lies := filepath.Join(w.Spec.Home, "tfstate", name+".tfstate")
		i := slices.IndexFunc(result.Workspaces, func(r run.WorkspaceResult) bool { return r.Name == name })
		if got[name] != state.Removed || !strings.Contains(result.Workspaces[i].Error, lies) {
			t.Errorf("%s: %+v", name, result.Workspaces[i])
		}
		if at := orphanedStateOf(w, name); at != lies {
			t.Errorf("status reports the state of %s at %q", name, at)
		}
	}
	if at := orphanedStateOf(w, "other"); at != "" {
		t.Errorf("%s has an owner", at)
	}
	w.Repo.Revert("HEAD~1") // both are back
	w.Repo.Push()
	w.RunPass(run.Options{})
	if at := orphanedStateOf(w, "up"); at != "" {
		t.Errorf("%s has an owner again", at)
	}
}

func orphanedStateOf(w *reconcilertest.Env, name string) string {
	w.T.Helper()
	status, err := inspect.ReadStatus(w.T.Context(), w.Config)
	w.Must(err)
	for _, ws := range status.Workspaces {
		if ws.Name == name {
			return ws.OrphanedState
		}
	}
	w.T.Fatalf("status has no %s", name)
	return ""
}

// moveStateInRecord makes the record of a workspace say that its state is at another place.
func moveStateInRecord(w *reconcilertest.Env, name string, to stateid.ID) {
	w.T.Helper()
	rec, _, err := w.Record.Workspace(w.T.Context(), name)
	w.Must(err)
	lease, err := w.Record.Acquire(w.T.Context(), state.LeaseRequest{Identity: "test", Workspace: name, Run: "test"})
	w.Must(err)
	rec.Identity = to
	w.Must(lease.Write(w.T.Context(), rec))
	w.Must(lease.Release(w.T.Context()))
}

// newFailedMove returns an environment where the apply that moved a workspace's state has failed.
func newFailedMove(t *testing.T) *reconcilertest.Env {
	t.Helper()
	w := reconcilertest.NewEnv(t, soloFiles)
	w.RunPass(run.Options{})
	moveStateInRecord(w, "solo", "s3://elsewhere/solo")
	w.Commit(failingSolo)
	if _, got := w.RunPass(run.Options{Adopt: true}); got["solo"] != state.Failed {
		t.Fatalf("the scene: %v", got)
	}
	return w
}

// A workspace whose state was moved on purpose has left an old one. That is reported
// once, even if the apply that moved it failed at first.
func TestStateThatAWorkspaceLeft(t *testing.T) {
	t.Parallel()
	w := newFailedMove(t)
	w.Repo.Revert("HEAD")
	w.Repo.Push()
	says := func() int {
		result, _ := w.RunPass(run.Options{Replan: true})
		return strings.Count(strings.Join(result.Workspaces[0].Warnings, "\n"), "at s3://elsewhere/solo before")
	}
	if first, second := says(), says(); first != 1 || second != 0 {
		t.Errorf("reported %d and %d times", first, second)
	}
}

// A workspace that was removed after the apply which moved its state had failed leaves two states.
func TestStatesThatARemovedWorkspaceLeft(t *testing.T) {
	t.Parallel()
	w := newFailedMove(t)
	w.Repo.Git("rm", "-rq", "env/solo")
	w.Repo.CommitStaged("removed")
	w.Commit(cleanFiles)
	want := filepath.Join(w.Spec.Home, "tfstate", "solo.tfstate") + ", s3://elsewhere/solo"
	result, _ := w.RunPass(run.Options{})
	if removed, _ := result.Find("solo"); !strings.HasSuffix(removed.Error, want) {
		t.Errorf("result: %+v", removed)
	}
	if at := orphanedStateOf(w, "solo"); at != want {
		t.Errorf("status reports the states at %q", at)
	}
	if at, err := w.Reconciler().Forget(t.Context(), "solo"); at != want {
		t.Errorf("forget reports the states at %q, %v", at, err)
	}
}
