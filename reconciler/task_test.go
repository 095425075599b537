package reconciler_test

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"reconcile/internal/commitid"
	"reconcile/internal/plandigest"
	"reconcile/reconciler/internal/reconcilertest"
	"reconcile/reconciler/run"
	"reconcile/reconciler/source"
	"reconcile/state"
)

// Access to the record or the snapshots is not enough to run other code than that of the
// commit which the record has adopted.
func TestTaskOfOtherCode(t *testing.T) {
	t.Parallel()
	w := reconcilertest.NewEnv(t, soloFiles)
	w.RunPass(run.Options{})
	first, err := w.Record.Head(t.Context())
	w.Must(err)
	w.Commit(strings.Replace(soloFiles, `"one"`, `"two"`, 1))
	w.RunPass(run.Options{})
	head, err := w.Record.Head(t.Context())
	w.Must(err)
	archive := func(commit commitid.ID) string {
		return filepath.Join(w.Spec.Home, "snapshots", string(commit)+".tar.zst")
	}
	tree := func(commit commitid.ID) string {
		c, err := w.Config.Source.Fetch(t.Context(), commit)
		w.Must(err)
		defer c.Close()
		return c.Tree.ID(".")
	}
	right := state.Task{Name: "solo", Trigger: "manual", Commit: head.Commit, TreeID: tree(head.Commit), Generation: head.Generation, Replan: true}
	whole, err := os.ReadFile(archive(head.Commit))
	w.Must(err)
	for name, c := range map[string]struct {
		says  string // "": it is done
		forge func(task *state.Task)
	}{
		"none": {"", func(*state.Task) {}},
		"commit of the record": {string(first.Commit) + ", but the record has adopted " + string(head.Commit), func(task *state.Task) {
			task.Commit, task.TreeID = first.Commit, tree(first.Commit)
		}},
		"tree": {"find out who wrote that task", func(task *state.Task) { task.TreeID = tree(first.Commit) }},
		"snapshot": {"cannot be verified", func(task *state.Task) {
			task.TreeID = tree(first.Commit)
			other, err := os.ReadFile(archive(first.Commit))
			w.Must(err)
			w.Must(os.WriteFile(archive(head.Commit), other, 0o600))
		}},
		"signature": {"it is not signed", func(*state.Task) { w.Config.Signers = &source.Signers{} }},
	} {
		w.Must(os.WriteFile(archive(head.Commit), whole, 0o600))
		w.Config.Signers = nil
		before, _, err := w.Record.Workspace(t.Context(), "solo")
		w.Must(err)
		task := right
		task.Key, task.Run = "key of "+name, "run"
		c.forge(&task)
		old, _, err := w.Record.Task(t.Context(), "solo")
		w.Must(err)
		w.Must(w.Record.PutTask(t.Context(), old, task))
		result, err := w.Reconciler().RunTask(t.Context(), t.Context(), "solo", task.Key)
		w.Must(err)
		done, _, err := w.Record.Task(t.Context(), "solo")
		w.Must(err)
		rec, _, err := w.Record.Workspace(t.Context(), "solo")
		w.Must(err)
		if c.says == "" {
			if result.Outcome != state.NoChanges || done.Result.Outcome != state.NoChanges {
				t.Errorf("%s: %+v", name, result)
			}
			continue
		}
		if result.Outcome != state.Failed || !strings.Contains(result.Error, c.says) || !done.Done || done.Result.Error != result.Error {
			t.Errorf("%s: %+v\ntold: %+v", name, result, done)
		}
		if rec.Rev != before.Rev || !maps.Equal(rec.Trace, before.Trace) {
			t.Errorf("%s: something was done: %+v", name, rec)
		}
	}
}

// A saved plan that was changed after the check is not applied, and leaves no attempt:
// nothing was started.
func TestPlanThatWasChanged(t *testing.T) {
	t.Parallel()
	w := reconcilertest.NewEnv(t, soloFiles)
	w.Config.Observe = func(e run.Event) {
		if e.Phase != run.PhaseApply {
			return
		}
		changeSavedPlan(w)
	}
	result, got := w.RunPass(run.Options{})
	if got["solo"] != state.Failed || !strings.Contains(result.Workspaces[0].Error, "nothing was applied") {
		t.Errorf("%+v", result)
	}
	rec, _, err := w.Record.Workspace(t.Context(), "solo")
	w.Must(err)
	if rec.Attempt != nil {
		t.Errorf("an attempt is left: %+v", rec.Attempt)
	}
	w.Config.Observe = nil
	if result, got := w.RunPass(run.Options{}); got["solo"] != state.Applied || len(result.Workspaces[0].Warnings) > 0 {
		t.Errorf("then: %+v", result)
	}
}

// An approval allows one apply. If the saved plan is found changed then, nothing was applied, and the
// approval is used all the same: people are told so, and the same plan waits for another one.
func TestApprovedPlanThatWasChanged(t *testing.T) {
	t.Parallel()
	w := reconcilertest.NewEnv(t, soloFiles+"-- env/reconcile.hcl --\nworkspace \"solo\" {\n  apply = \"approve\"\n}\n")
	now := time.Now()
	w.Config.Now = func() time.Time { return now }
	runPass := func(want state.Outcome) (ws run.WorkspaceResult, rec state.Workspace) {
		t.Helper()
		result, got := w.RunPass(run.Options{Trigger: run.TriggerSchedule})
		if ws, _ = result.Find("solo"); got["solo"] != want {
			t.Fatalf("not %s: %+v", want, result)
		}
		rec, _, err := w.Record.Workspace(t.Context(), "solo")
		w.Must(err)
		return ws, rec
	}
	approve := func(digest plandigest.Digest) {
		t.Helper()
		plan, err := w.Record.OfferedPlan(t.Context(), "solo", string(digest))
		w.Must(err)
		w.Must(w.Record.PlaceApproval(t.Context(), plan, state.Approval{ApprovedBy: "ann", EndsAt: now.Add(24 * time.Hour)}))
	}
	_, waiting := runPass(state.Blocked)
	approve(waiting.PlanDigest)

	w.Config.Observe = func(e run.Event) {
		if e.Phase == run.PhaseApply {
			changeSavedPlan(w)
		}
	}
	failed, rec := runPass(state.Failed)
	w.Config.Observe = nil
	for _, text := range []string{"the saved plan file was changed; nothing was applied", "the approval of " + waiting.PlanDigest.Abbrev() + " by ann is used"} {
		if !strings.Contains(failed.Error, text) || !strings.Contains(rec.Error, text) {
			t.Errorf("people are not told %q: %s; %s", text, failed.Error, rec.Error)
		}
	}
	if failed.Approval == nil || failed.Approval.ApprovedBy != "ann" || rec.Attempt != nil || rec.Approval != nil {
		t.Errorf("the use of the approval: result %+v, record %+v", failed, rec)
	}
	if left, err := w.Record.Approvals(t.Context()); err != nil || len(left) > 0 {
		t.Errorf("approvals: %+v, %v", left, err)
	}

	now = now.Add(time.Hour) // after its retry
	if _, again := runPass(state.Blocked); again.PlanDigest != waiting.PlanDigest {
		t.Errorf("another plan waits: %+v", again)
	}
	approve(waiting.PlanDigest)
	if _, applied := runPass(state.Applied); applied.Approval == nil || applied.Approval.ApprovedBy != "ann" {
		t.Errorf("approved again: %+v", applied)
	}
}

// changeSavedPlan changes the plan that is about to be applied.
func changeSavedPlan(w *reconcilertest.Env) {
	files, err := filepath.Glob(filepath.Join(w.Spec.Home, "work", "run", "process-*", "session-*", "plan"))
	if err != nil || len(files) != 1 {
		w.T.Errorf("plans: %v, %v", files, err)
		return
	}
	w.Must(os.WriteFile(files[0], []byte("another plan"), 0o600))
}
