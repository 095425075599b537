package reconciler_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"reconcile/internal/testtier"
	"reconcile/reconciler"
	"reconcile/reconciler/internal/reconcilertest"
	"reconcile/reconciler/run"
	"reconcile/reconciler/source/gittest"
	"reconcile/state"
)

// stepsFiles returns a workspace that is applied in steps, whose output is a share of what it
// moves.
func stepsFiles(soak, share string) string {
	return `
-- env/reconcile.hcl --
workspace "a" {
  progressive {
    variable = "progress"
    steps    = [10, 50, 100]
    soak     = "` + soak + `"
  }
}
-- env/a/main.tf --
variable "progress" {
  type    = number
  default = 100
}

resource "terraform_data" "share" {
  input = ` + share + `
}

output "share" {
  value = ` + share + `
}
`
}

// noSoak is so short that one pass takes all steps.
const noSoak = "1us"

// TestCrashInARollout kills a pass at each boundary of its steps, of its soaks and of an
// abort. The next passes come to the end of an undisturbed one: at 100, or at 0.
func TestCrashInARollout(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ soak, then, share string }{
		"steps": {noSoak, stepsFiles(noSoak, "var.progress"), "100"},
		"abort": {"10h", stepsFiles("10h", "0"), "0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			repo := gittest.New(t)
			repo.CommitTxtar("first", stepsFiles(c.soak, "0"))
			tpl := &fixture{kind: reconcilertest.Files, repo: repo, Spec: reconcilertest.NewSpec(t, reconcilertest.Files, repo.Dir), whole: testtier.IsWhole(t)}
			applyAtOnce(t, tpl.Spec)
			if name == "abort" {
				repo.CommitTxtar("second", stepsFiles(c.soak, "var.progress"))
				if result, err := runPassIn(t, tpl.Spec, run.TriggerSchedule); err != nil || result.Outcome != run.OutcomePending {
					t.Fatalf("the first step: %+v, %v", result, err)
				}
			}
			repo.CommitTxtar("last", c.then)
			b := &crashPoints{}
			undisturbed := tpl.copy(t)
			if result := runLoggedPass(t, undisturbed, b, ""); result.Exit != run.ExitOK {
				t.Fatalf("the undisturbed pass: %+v", result)
			}
			checkShare(t, undisturbed, c.share)
			for n, point := range b.names {
				if !tpl.whole && n%5 != 0 {
					continue
				}
				t.Run(fmt.Sprintf("%02d %s", n+1, point), func(t *testing.T) {
					t.Parallel()
					p := tpl.copy(t)
					child := childSpec{Spec: p, Parallelism: 1, SignalAt: n + 1, Signal: syscall.SIGKILL}.startChild(t)
					if r := child.wait(); r != nil {
						t.Fatalf("the child was not killed: %+v", r)
					}
					if result := runLoggedPass(t, p, &crashPoints{}, ""); result.Exit != run.ExitOK {
						t.Fatalf("it does not come to its end: %+v", result)
					}
					checkShare(t, p, c.share)
				})
			}
		})
	}
}

// applyAtOnce applies the first commit, whose plan at 0 would create everything.
func applyAtOnce(t *testing.T, p reconcilertest.Spec) {
	t.Helper()
	config, err := childSpec{Spec: p, Parallelism: 1}.newCrashConfig(t.Context(), &crashPoints{})
	if err != nil {
		t.Fatal(err)
	}
	result, err := reconciler.New(config).Pass(t.Context(), t.Context(), run.Options{Only: []string{"a"}, AtOnce: &state.AtOnce{By: "ann", Why: "first"}})
	if err != nil || result.Exit != run.ExitOK {
		t.Fatalf("the first apply: %+v, %v", result, err)
	}
}

// checkShare checks Terraform's state, and that no rollout is under way.
func checkShare(t *testing.T, p reconcilertest.Spec, share string) {
	t.Helper()
	rec, _, err := openRecord(t, p).Workspace(t.Context(), "a")
	if err != nil || rec.Rollout != nil || rec.Attempt != nil {
		t.Errorf("the record is %s, %v", toJSON(rec), err)
	}
	if got := readStates(t, p)["a.tfstate"]; !strings.Contains(strings.Join(strings.Fields(got), ""), `"share":{"value":`+share+`,`) {
		t.Errorf("the state is %s", got)
	}
}

// TestCrashWhileAnAlarmBringsBack kills a pass at each boundary of the way back from 50 to 10. The
// next pass ends there, and nowhere else.
func TestCrashWhileAnAlarmBringsBack(t *testing.T) {
	t.Parallel()
	files := func(share string) string {
		return strings.Replace(stepsFiles("10h", share), "soak ", fmt.Sprintf("alarms = [%q]\n    soak ", rolloutAlarm), 1)
	}
	repo := gittest.New(t)
	repo.CommitTxtar("first", files("0"))
	tpl := &fixture{kind: reconcilertest.Files, repo: repo, Spec: reconcilertest.NewSpec(t, reconcilertest.Files, repo.Dir), whole: testtier.IsWhole(t)}
	pass := func(t *testing.T, p reconcilertest.Spec, alarm run.AlarmState, b *crashPoints, number int) {
		t.Helper()
		config, err := childSpec{Spec: p, Parallelism: 1, Alarm: alarm}.newCrashConfig(t.Context(), b)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := runPassWith(t, config); err != nil {
			t.Fatal(err)
		}
		rec, _, err := openRecord(t, p).Workspace(t.Context(), "a")
		if err != nil || rec.Rollout == nil || rec.Rollout.Number != number || rec.Rollout.InFlight || alarm == run.AlarmOn && rec.Rollout.Phase != state.RolloutStopped {
			t.Fatalf("not at %d: %s, %v", number, toJSON(rec.Rollout), err)
		}
		if got := readStates(t, p)["a.tfstate"]; !strings.Contains(strings.Join(strings.Fields(got), ""), fmt.Sprintf(`"share":{"value":%d,`, number)) {
			t.Errorf("the state is %s", got)
		}
	}
	applyAtOnce(t, tpl.Spec)
	repo.CommitTxtar("second", files("var.progress"))
	pass(t, tpl.Spec, run.AlarmOK, &crashPoints{}, 10)
	record := openRecord(t, tpl.Spec)
	rec, _, err := record.Workspace(t.Context(), "a")
	if err == nil {
		err = record.PlaceRolloutOrder(t.Context(), state.RolloutOrder{Workspace: "a", Rollout: rec.Rollout.Run, Kind: state.RolloutPromote, By: "ann"})
	}
	if err != nil {
		t.Fatal(err)
	}
	pass(t, tpl.Spec, run.AlarmOK, &crashPoints{}, 50)
	if err := record.MarkUnsettled(t.Context()); err != nil { // the next look is due
		t.Fatal(err)
	}
	b := &crashPoints{}
	pass(t, tpl.copy(t), run.AlarmOn, b, 10)
	for n, point := range b.names {
		if !tpl.whole && n%5 != 0 {
			continue
		}
		t.Run(fmt.Sprintf("%02d %s", n+1, point), func(t *testing.T) {
			t.Parallel()
			p := tpl.copy(t)
			child := childSpec{Spec: p, Parallelism: 1, Alarm: run.AlarmOn, SignalAt: n + 1, Signal: syscall.SIGKILL}.startChild(t)
			if r := child.wait(); r != nil {
				t.Fatalf("the child was not killed: %+v", r)
			}
			pass(t, p, run.AlarmOn, &crashPoints{}, 10)
		})
	}
}
