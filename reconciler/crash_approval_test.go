package reconciler_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"reconcile/reconciler/internal/reconcilertest"
	"reconcile/reconciler/run"
	"reconcile/reconciler/source/gittest"
	"reconcile/state"
)

// approveIn approves the plan that waits in an environment.
func approveIn(t *testing.T, p reconcilertest.Spec, name string) {
	t.Helper()
	record := openRecord(t, p)
	ws, _, err := record.Workspace(t.Context(), name)
	if err == nil {
		var plan state.OfferedPlan
		if plan, err = record.OfferedPlan(t.Context(), name, ws.PlanDigest.Abbrev()); err == nil {
			err = record.PlaceApproval(t.Context(), plan, state.Approval{ApprovedBy: "ann", EndsAt: time.Now().Add(time.Hour)})
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

// runLoggedPass runs an undisturbed pass that logs its applies.
func runLoggedPass(t *testing.T, p reconcilertest.Spec, b *crashPoints, applyLog string) *run.Result {
	t.Helper()
	config, err := childSpec{Spec: p, Parallelism: 1, ApplyLog: applyLog}.newCrashConfig(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	result, err := runPassWith(t, config)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// TestCrashAroundAnApproval kills a pass at each point between the approval of a plan and
// the end of its apply. An approval begins one apply at most, and nothing gets stuck: where
// the approval is used and the apply is not done, a person is asked again.
func TestCrashAroundAnApproval(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	repo.CommitTxtar("first", "-- env/a/main.tf --\nresource \"terraform_data\" \"x\" {\n  input = 1\n}\n")
	tpl := &fixture{kind: reconcilertest.Files, repo: repo, Spec: reconcilertest.NewSpec(t, reconcilertest.Files, repo.Dir)}
	converge(t, tpl.Spec)
	repo.CommitTxtar("second", "-- env/a/main.tf --\nresource \"terraform_data\" \"x\" {\n  input = 2\n}\n-- env/reconcile.hcl --\ndefaults {\n  apply = \"approve\"\n}\n")
	if result, err := runPassIn(t, tpl.Spec, run.TriggerSchedule); err != nil || result.Outcome != run.OutcomeBlocked {
		t.Fatalf("a plan that asks: %+v, %v", result, err)
	}
	approveIn(t, tpl.Spec, "a")
	b := &crashPoints{}
	if result := runLoggedPass(t, tpl.copy(t), b, ""); result.Exit != run.ExitOK {
		t.Fatalf("the undisturbed pass: %+v", result)
	}
	begin := -1
	for i, name := range b.names {
		if strings.Contains(name, "delete APPROVAL") { // without its digest, if that begins with 0
			begin = i
		}
	}
	if begin < 0 {
		t.Fatalf("the approval is not consumed: %s", strings.Join(b.names, " | "))
	}
	for n, name := range b.names {
		if n < begin-2 { // nothing lasting differs from other passes
			continue
		}
		t.Run(fmt.Sprintf("%02d %s", n+1, name), func(t *testing.T) {
			t.Parallel()
			p, applyLog := tpl.copy(t), filepath.Join(t.TempDir(), "applies")
			c := childSpec{Spec: p, Parallelism: 1, SignalAt: n + 1, Signal: syscall.SIGKILL, ApplyLog: applyLog}.startChild(t)
			if r := c.wait(); r != nil {
				t.Fatalf("the child was not killed: %+v", r)
			}
			given := 1
			result := runLoggedPass(t, p, &crashPoints{}, applyLog)
			if result.Outcome == run.OutcomeBlocked {
				if left, err := openRecord(t, p).Approvals(t.Context()); err != nil || len(left) > 0 {
					t.Fatalf("it waits, and has an approval: %+v, %v", left, err)
				}
				approveIn(t, p, "a")
				given++
				result = runLoggedPass(t, p, &crashPoints{}, applyLog)
			}
			if result.Exit != run.ExitOK {
				t.Fatalf("it does not come to its end: %+v", result)
			}
			text, err := os.ReadFile(applyLog)
			if begun := strings.Count(string(text), "begin "); err != nil || begun == 0 || begun > given {
				t.Errorf("%d applies with %d approvals: %v", begun, given, err)
			}
		})
	}
}
