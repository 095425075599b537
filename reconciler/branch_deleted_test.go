package reconciler_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reconcile/reconciler/internal/reconcilertest"
	"reconcile/reconciler/run"
	"reconcile/reconciler/source/gitwire"
	"reconcile/state"
)

const chainFiles = `
-- env/first/main.tf --
resource "terraform_data" "this" {
  input = "hello"
}
-- env/second/main.tf --
resource "terraform_data" "this" {
  input = "hello"
}
-- env/reconcile.hcl --
workspaces = ["env/*"]

workspace "second" {
  depends_on = ["first"]
}
`

// The watched branch is deleted while a workspace is applied: nothing more is begun at its commit,
// and the pass says that the branch is gone. When it is there again, passes go on.
func TestBranchDeletedDuringAPass(t *testing.T) {
	t.Parallel()
	for during, want := range map[string]outcomeMap{
		"first":  {"first": state.Applied},
		"second": {"first": state.Applied, "second": state.Applied},
	} {
		for _, others := range []string{"", "other"} {
			t.Run(during+others, func(t *testing.T) {
				t.Parallel()
				w := reconcilertest.NewEnv(t, chainFiles)
				w.Config.TipPoll = time.Nanosecond
				tip := w.Repo.Git("rev-parse", "main")
				if others != "" {
					w.Repo.Git("push", "-q", "origin", "main:refs/heads/"+others)
				}
				w.Config.Observe = func(e run.Event) {
					if e.Workspace == during && e.Phase == run.PhaseApply {
						w.Repo.Git("--git-dir", w.Repo.Dir, "update-ref", "-d", "refs/heads/main")
					}
				}
				result, err := w.Reconciler().Pass(t.Context(), t.Context(), run.Options{Trigger: run.TriggerSchedule})
				if !errors.Is(err, gitwire.ErrNoBranch) && !errors.Is(err, gitwire.ErrEmpty) || result.Exit != run.ExitFailed {
					t.Errorf("the pass ends with %v: %+v", err, result)
				}
				if diff := cmp.Diff(want, reconcilertest.Outcomes(result)); diff != "" {
					t.Error(diff)
				}
				w.Config.Observe = nil
				assertPassFails(w)
				w.Repo.Git("push", "-q", "origin", tip+":refs/heads/main")
				left := outcomeMap{}
				if during == "first" {
					left["second"] = state.Applied
				}
				assertConverges(w, left)
			})
		}
	}
}
