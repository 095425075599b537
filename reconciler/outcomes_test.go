package reconciler_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reconcile/reconciler/internal/reconcilertest"
	"reconcile/reconciler/run"
	"reconcile/reconciler/source"
	"reconcile/state"
)

// soloFiles is a repository with one workspace.
const soloFiles = `
-- env/solo/main.tf --
resource "terraform_data" "it" {
  input = "one"
}
`

// failingSolo applies half: one resource is made, the other fails.
const failingSolo = `
-- env/solo/main.tf --
resource "terraform_data" "it" {
  input = "one"
}

resource "terraform_data" "bad" {
  depends_on = [terraform_data.it]
  provisioner "local-exec" {
    command = "echo no such thing >&2; exit 3"
  }
}
`

func TestFailureStopsReadersNotNeighboursAndIsRetried(t *testing.T) {
	t.Parallel()
	w := reconcilertest.NewEnv(t, reconcilertest.SmallFiles)
	w.Commit("-- env/tokyo/bad.tf --\nresource \"terraform_data\" \"bad\" {\n  provisioner \"local-exec\" {\n    command = \"exit 3\"\n  }\n}\n")
	now := time.Now()
	w.Config.Now = func() time.Time { return now }

	result, got := w.RunPass(run.Options{Trigger: run.TriggerSchedule})
	if diff := cmp.Diff(outcomeMap{"tokyo": state.Failed, "osaka": state.Applied, "reader": state.Skipped}, got); diff != "" {
		t.Errorf("failing: %s", diff)
	}
	if result.Exit != run.ExitFailed {
		t.Errorf("exit %d", result.Exit)
	}
	rec, _, err := w.Record.Workspace(t.Context(), "tokyo")
	w.Must(err)
	if rec.Attempt == nil || rec.Trace != nil || rec.RetryAt.IsZero() {
		t.Errorf("record of the failure: %+v", rec)
	}

	// Before the retry time the head answers.
	result, _ = w.RunPass(run.Options{Trigger: run.TriggerSchedule})
	if result.Exit != run.ExitFailed || result.Snapshot != "" {
		t.Errorf("in its backoff: %+v", result)
	}

	// After the retry time, with nothing new, it is tried again, and then waits longer.
	now = now.Add(2 * time.Minute)
	if _, got = w.RunPass(run.Options{Trigger: run.TriggerSchedule}); got["tokyo"] != state.Failed {
		t.Errorf("retried: %v", got)
	}
	again, _, err := w.Record.Workspace(t.Context(), "tokyo")
	w.Must(err)
	if again.Failures != 2 || again.RetryAt.Sub(now) < rec.RetryAt.Sub(rec.OutcomeAt) {
		t.Errorf("second failure: %+v", again)
	}

	// The commit is reverted. The attempt makes the workspace stale although its inputs
	// equal the trace, and the half that was made is removed.
	now = now.Add(2 * time.Hour)
	w.Repo.Revert("HEAD")
	w.Repo.Push()
	_, got = w.RunPass(run.Options{Trigger: run.TriggerSchedule})
	if diff := cmp.Diff(outcomeMap{"tokyo": state.Applied, "reader": state.Applied}, got); diff != "" {
		t.Errorf("reverted: %s", diff)
	}
}

func TestRevertAfterHalfAnApplyIsStale(t *testing.T) {
	t.Parallel()
	w := reconcilertest.NewEnv(t, soloFiles)
	w.RunPass(run.Options{})
	w.Commit(failingSolo)
	if _, got := w.RunPass(run.Options{}); got["solo"] != state.Failed {
		t.Fatalf("the failing commit: %v", got)
	}
	w.Repo.Revert("HEAD")
	w.Repo.Push()
	result, got := w.RunPass(run.Options{})
	if got["solo"] != state.Applied {
		t.Fatalf("reverted: %v", got)
	}
	if stale := result.Workspaces[0].StaleReasons; len(stale) == 0 || !strings.HasPrefix(stale[0], "failed apply of ") {
		t.Errorf("stale by %v", stale)
	}
	if warnings := result.Workspaces[0].Warnings; len(warnings) > 0 {
		t.Errorf("warned of an apply that ended by itself: %q", warnings)
	}
}

func TestSkippedCommitForcePushAndRemoval(t *testing.T) {
	t.Parallel()
	w := reconcilertest.NewEnv(t, reconcilertest.SmallFiles)
	w.Commit("-- README.md --\nabout\n")
	w.RunPass(run.Options{})
	w.Repo.Amend("rewritten", map[string]string{"env/osaka/more.tf": "resource \"terraform_data\" \"more\" {}\n"})
	w.Repo.Push()
	result, got := w.RunPass(run.Options{})
	if diff := cmp.Diff(outcomeMap{"osaka": state.Applied}, got); diff != "" {
		t.Errorf("force-push: %s", diff)
	}
	if !result.Rewritten {
		t.Error("the rewritten history was not reported")
	}

	w.Repo.Git("rm", "-rq", "env/osaka")
	w.Repo.CommitStaged("osaka is no more")
	w.Repo.Push()
	result, got = w.RunPass(run.Options{})
	if diff := cmp.Diff(outcomeMap{"osaka": state.Removed}, got); diff != "" {
		t.Errorf("removed: %s", diff)
	}
	if result.Exit != run.ExitOK {
		t.Errorf("exit %d", result.Exit)
	}

	w.Repo.Revert("HEAD")
	w.Repo.Push()
	if _, got = w.RunPass(run.Options{}); got["osaka"] != state.NoChanges {
		t.Errorf("back again: %v", got)
	}
}

func TestWhatIsNotAllowedIsPlannedAndWaits(t *testing.T) {
	t.Parallel()
	for _, setting := range []string{`apply = "plan-only"`, `apply = "approve"`} {
		t.Run(setting, func(t *testing.T) {
			w := reconcilertest.NewEnv(t, soloFiles+"-- env/reconcile.hcl --\nworkspace \"solo\" {\n  "+setting+"\n}\n")
			result, got := w.RunPass(run.Options{Trigger: run.TriggerSchedule})
			if got["solo"] != state.Blocked || result.Exit != run.ExitPending || result.Workspaces[0].Changes.Add != 1 {
				t.Fatalf("%+v", result)
			}
			if info, err := os.Stat(filepath.Join(w.Spec.Home, "tfstate", "solo.tfstate")); err == nil && info.Size() > 0 {
				t.Error("something was applied")
			}
			result, _ = w.RunPass(run.Options{Trigger: run.TriggerSchedule})
			if result.Snapshot != "" || result.Exit != run.ExitPending || len(result.Workspaces) != 1 {
				t.Errorf("settled, the head answers: %+v", result)
			}
		})
	}
}

func TestSuspendedAltersNoExitCode(t *testing.T) {
	t.Parallel()
	w := reconcilertest.NewEnv(t, soloFiles)
	w.Must(w.Record.PlaceHold(t.Context(), state.Hold{Name: "solo", Kind: state.Suspended, PlacedBy: "me", Reason: "drill"}))
	result, got := w.RunPass(run.Options{})
	if got["solo"] != state.Blocked || result.Exit != run.ExitOK || !result.Workspaces[0].Suspended {
		t.Fatalf("%+v", result)
	}
	if _, err := w.Record.RemoveHold(t.Context(), "solo"); err != nil {
		t.Fatal(err)
	}
	if _, got := w.RunPass(run.Options{Trigger: run.TriggerSchedule}); got["solo"] != state.Applied {
		t.Errorf("resumed: %v", got)
	}
}

func TestAnOldEstateIsAdoptedOnlyWhenItsPlanIsEmpty(t *testing.T) {
	t.Parallel()
	w := reconcilertest.NewEnv(t, soloFiles)
	w.RunPass(run.Options{})
	old := filepath.Join(w.Spec.Home, "tfstate", "solo.tfstate")

	same := reconcilertest.NewEnv(t, soloFiles)
	copyState(same, old)
	if _, got := same.RunPass(run.Options{}); got["solo"] != state.NoChanges {
		t.Errorf("empty plan: %v", got)
	}

	differs := reconcilertest.NewEnv(t, strings.Replace(soloFiles, `"one"`, `"two"`, 1))
	copyState(differs, old)
	result, got := differs.RunPass(run.Options{})
	if got["solo"] != state.Blocked || !strings.Contains(result.Workspaces[0].Error, "--adopt") {
		t.Errorf("plan that is not empty: %+v", result)
	}
	// A run that has failed since is no reason to continue.
	if _, got = differs.RunPass(run.Options{}); got["solo"] != state.Blocked {
		t.Errorf("a second time: %v", got)
	}
	if _, got = differs.RunPass(run.Options{Adopt: true}); got["solo"] != state.Applied {
		t.Errorf("--adopt: %v", got)
	}
}

func copyState(w *reconcilertest.Env, from string) {
	w.T.Helper()
	data, err := os.ReadFile(from)
	w.Must(err)
	w.Must(os.MkdirAll(filepath.Join(w.Spec.Home, "tfstate"), 0o700))
	w.Must(os.WriteFile(filepath.Join(w.Spec.Home, "tfstate", "solo.tfstate"), data, 0o600))
}

func TestNamedWorkspacesAlone(t *testing.T) {
	t.Parallel()
	w := reconcilertest.NewEnv(t, reconcilertest.SmallFiles)
	result, got := w.RunPass(run.Options{Only: []string{"osaka"}})
	if diff := cmp.Diff(outcomeMap{"osaka": state.Applied}, got); diff != "" || len(result.Workspaces) != 1 {
		t.Errorf("%s %+v", diff, result)
	}
	head, err := w.Record.Head(t.Context())
	w.Must(err)
	if head.Settled {
		t.Error("a pass over some workspaces settled the head")
	}
	if _, err := w.Reconciler().Pass(t.Context(), t.Context(), run.Options{Only: []string{"kyoto"}}); err == nil || !strings.Contains(err.Error(), "osaka, reader, tokyo") {
		t.Errorf("an unknown name: %v", err)
	}
	if _, got = w.RunPass(run.Options{}); len(got) != 2 {
		t.Errorf("the rest: %v", got)
	}
}

func TestDeclaredVariablesAreInputs(t *testing.T) {
	t.Parallel()
	w := reconcilertest.NewEnv(t, `
-- env/solo/main.tf --
variable "image" {
  type = string
}

resource "terraform_data" "it" {
  input = var.image
}
-- env/reconcile.hcl --
workspace "solo" {
  env = ["TF_VAR_image"]
}
`)
	if result, got := w.RunPass(run.Options{}); got["solo"] != state.Failed || !strings.Contains(result.Workspaces[0].Error, "TF_VAR_image") {
		t.Errorf("not set: %+v", result)
	}
	w.Vars["TF_VAR_image"] = "v1"
	if _, got := w.RunPass(run.Options{}); got["solo"] != state.Applied {
		t.Errorf("set: %v", got)
	}
	if _, got := w.RunPass(run.Options{Trigger: run.TriggerSchedule}); len(got) != 0 {
		t.Errorf("the same: %v", got)
	}
	w.Vars["TF_VAR_image"] = "v2"
	result, got := w.RunPass(run.Options{Trigger: run.TriggerSchedule})
	if got["solo"] != state.Applied || result.Workspaces[0].Changes.Change != 1 {
		t.Errorf("another value: %+v", result)
	}
}

func TestBrokenWorkspaceFailsAlone(t *testing.T) {
	t.Parallel()
	w := reconcilertest.NewEnv(t, reconcilertest.SmallFiles)
	w.Commit("-- env/osaka/main.tf --\nresource {\n")
	result, got := w.RunPass(run.Options{})
	if diff := cmp.Diff(outcomeMap{"tokyo": state.Applied, "osaka": state.Failed, "reader": state.Applied}, got); diff != "" {
		t.Errorf("%s", diff)
	}
	if !strings.Contains(result.Workspaces[0].Error, "env/osaka/main.tf:1") {
		t.Errorf("error: %s", result.Workspaces[0].Error)
	}
}

func TestFailureThatWasTakenBackIsForgotten(t *testing.T) {
	t.Parallel()
	w := reconcilertest.NewEnv(t, reconcilertest.SmallFiles)
	w.RunPass(run.Options{})
	w.Commit("-- env/osaka/main.tf --\nresource {\n")
	w.RunPass(run.Options{})
	result, got := w.RunPass(run.Options{Trigger: run.TriggerSchedule})
	if got["osaka"] != state.Failed || result.Exit != run.ExitFailed || result.Outcome != run.OutcomeFailed {
		t.Errorf("still broken, as recorded: %+v", result)
	}
	w.Repo.Revert("HEAD")
	w.Repo.Push()
	if result, got = w.RunPass(run.Options{}); len(got) != 0 || result.Exit != 0 {
		t.Errorf("taken back: %v %+v", got, result)
	}
	rec, _, err := w.Record.Workspace(t.Context(), "osaka")
	w.Must(err)
	if rec.Outcome != state.Unchanged || rec.Error != "" || rec.Trace == nil {
		t.Errorf("record: %+v", rec)
	}
}

func TestRecordIsDistrusted(t *testing.T) {
	t.Parallel()
	w := reconcilertest.NewEnv(t, reconcilertest.SmallFiles)
	w.RunPass(run.Options{})
	if _, err := w.Record.InvalidateTraces(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, got := w.RunPass(run.Options{Trigger: run.TriggerSchedule}); len(got) != 3 || got["tokyo"] != state.NoChanges {
		t.Errorf("distrusted: %v", got)
	}
}

func TestTipThatMovesInMidPassIsTheOneApplied(t *testing.T) {
	t.Parallel()
	w := reconcilertest.NewEnv(t, reconcilertest.SmallFiles)
	moved := false
	w.Config.TipPoll = time.Nanosecond
	w.Config.Parallelism = 1
	w.Config.Observe = func(e run.Event) {
		if e.Phase == run.PhaseApply && !moved {
			moved = true
			w.Commit("-- env/osaka/more.tf --\nresource \"terraform_data\" \"more\" {}\n")
		}
	}
	result, got := w.RunPass(run.Options{})
	if diff := cmp.Diff(outcomeMap{"tokyo": state.Applied, "osaka": state.Applied, "reader": state.Applied}, got); diff != "" {
		t.Errorf("%s", diff)
	}
	rec, _, err := w.Record.Workspace(t.Context(), "osaka")
	w.Must(err)
	if rec.Commit != result.To || rec.ApplyCount != 1 || rec.Changes.Add != 2 {
		t.Errorf("osaka was applied at %s (%d times, %+v), the tip is %s", rec.Commit, rec.ApplyCount, rec.Changes, result.To)
	}
}

func TestPlanChangesNothing(t *testing.T) {
	t.Parallel()
	w := reconcilertest.NewEnv(t, reconcilertest.SmallFiles)
	result, err := w.Reconciler().Plan(t.Context(), context.Background(), run.Options{})
	w.Must(err)
	if result.Exit != run.ExitPending || reconcilertest.Outcomes(result)["tokyo"] != state.Pending || reconcilertest.Outcomes(result)["reader"] != state.Skipped {
		t.Errorf("%+v", result)
	}
	head, err := w.Record.Head(t.Context())
	w.Must(err)
	records, err := w.Record.Workspaces(t.Context())
	w.Must(err)
	if head.Rev != 0 || len(records) != 0 || exists(filepath.Join(w.Spec.Home, "snapshots", "runs")) {
		t.Errorf("something was written: %+v %v", head, records)
	}
}

func TestTipThatIsNotSignedIsRefusedWhereSignaturesAreAskedFor(t *testing.T) {
	t.Parallel()
	w := reconcilertest.NewEnv(t, soloFiles)
	w.Config.Signers = &source.Signers{AllowedSigners: []byte("someone ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl\n")}
	_, err := w.Reconciler().Pass(t.Context(), t.Context(), run.Options{})
	if !errors.Is(err, source.ErrSignature) {
		t.Errorf("a pass over an unsigned tip: %v", err)
	}
	head, err := w.Record.Head(t.Context())
	w.Must(err)
	if head.Commit != "" {
		t.Errorf("it was adopted: %+v", head)
	}
}

// A failure that was recorded where the clock was a year ahead is tried again by itself.
func TestRetryAfterAWrongClock(t *testing.T) {
	t.Parallel()
	flag := filepath.Join(t.TempDir(), "flag")
	w := reconcilertest.NewEnv(t, formatSlowWorkspace(flag))
	w.Config.Now = func() time.Time { return time.Now().AddDate(1, 0, 0) }
	schedule := run.Options{Trigger: run.TriggerSchedule}
	if _, got := w.RunPass(schedule); got["slow"] != state.Failed {
		t.Fatalf("the scene: %v", got)
	}
	w.Config.Now = time.Now
	w.Must(os.WriteFile(flag, nil, 0o600))
	if _, got := w.RunPass(schedule); got["slow"] != state.Applied {
		t.Errorf("with the right clock: %v", got)
	}
}
