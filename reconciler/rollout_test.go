package reconciler_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"reconcile/reconciler/internal/reconcilertest"
	"reconcile/reconciler/run"
	"reconcile/reconciler/source"
	"reconcile/reconciler/workspace/settings"
	"reconcile/state"
)

const rolloutAlarm = "arn:aws:cloudwatch:ap-northeast-1:123456789012:alarm:errors"

// fakeAlarms has the state of each alarm; one that it does not know cannot be read.
type fakeAlarms map[string]run.AlarmState

func (f fakeAlarms) ReadAlarms(_ context.Context, _ string, arns []string) (all []run.AlarmReading) {
	for _, arn := range arns {
		reading := run.AlarmReading{ARN: arn, State: f[arn]}
		if reading.State == "" {
			reading.State, reading.Why = run.AlarmUnreadable, "access denied"
		}
		all = append(all, reading)
	}
	return all
}

// rolloutEnv is an environment with one workspace that moves shares from a to b.
type rolloutEnv struct {
	*reconcilertest.Env
	now    time.Time
	alarms fakeAlarms
}

// switchFiles returns the workspace with its ends, and more of its configuration. A worker
// process has no alarms.
func switchFiles(t *testing.T, from, to, more string) string {
	alarms := fmt.Sprintf("[%q]", rolloutAlarm)
	if strings.HasPrefix(t.Name(), "TestRemote/") {
		alarms = "[]"
	}
	return fmt.Sprintf(`
-- env/reconcile.hcl --
workspace "switch" {
  progressive {
    variable = "progress"
    steps    = [10, 50, 100]
    soak     = "10m"
    alarms   = %s
  }
}
-- env/switch/main.tf --
variable "progress" {
  type    = number
  default = 100
}

locals {
  from = %q
  to   = %q
  shares = { for side in ["a", "b"] : side =>
    local.from == local.to ? (side == local.to ? 100 : 0) :
    side == local.to ? var.progress : 100 - var.progress
  }
}

resource "terraform_data" "weight" {
  for_each = local.shares
  input    = each.value
}

output "shares" {
  value = local.shares
}
%s
`, alarms, from, to, more)
}

func newRolloutEnv(t *testing.T) *rolloutEnv {
	t.Helper()
	e := &rolloutEnv{Env: reconcilertest.NewEnv(t, switchFiles(t, "a", "a", "")), now: time.Now().Round(time.Second), alarms: fakeAlarms{rolloutAlarm: run.AlarmOK}}
	e.Config.Alarms = e.alarms
	e.Config.Now = func() time.Time { return e.now }
	_, got := e.RunPass(run.Options{Only: []string{"switch"}, AtOnce: &state.AtOnce{By: "ann", Why: "first"}})
	if got["switch"] != state.Applied {
		t.Fatalf("the first apply: %v", got)
	}
	return e
}

// runPass runs a pass after some time, and checks its outcome and the share of b.
func (e *rolloutEnv) runPass(after time.Duration, want state.Outcome, share string) run.WorkspaceResult {
	e.T.Helper()
	e.now = e.now.Add(after)
	result, err := e.Reconciler().Pass(e.T.Context(), e.T.Context(), run.Options{Trigger: run.TriggerSchedule})
	e.Must(err)
	var ws run.WorkspaceResult
	for _, w := range result.Workspaces {
		if w.Name == "switch" {
			ws = w
		}
	}
	if got := e.share(); ws.Outcome != want || got != share {
		e.T.Fatalf("%s with %s of b, want %s with %s: %+v\n%s", ws.Outcome, got, want, share, ws, toJSON(e.record().Rollout))
	}
	return ws
}

// share returns the share of b in Terraform's state.
func (e *rolloutEnv) share() string {
	text, err := os.ReadFile(filepath.Join(e.Config.LocalState, "switch.tfstate"))
	e.Must(err)
	var s struct {
		Outputs struct {
			Shares struct{ Value map[string]json.Number }
		}
	}
	e.Must(json.Unmarshal(text, &s))
	return s.Outputs.Shares.Value["b"].String()
}

func (e *rolloutEnv) record() state.Workspace {
	rec, _, err := e.Record.Workspace(e.T.Context(), "switch")
	e.Must(err)
	return rec
}

func (e *rolloutEnv) order(kind state.RolloutOrderKind) {
	e.T.Helper()
	e.Must(e.Record.PlaceRolloutOrder(e.T.Context(), state.RolloutOrder{Workspace: "switch", Rollout: e.record().Rollout.Run, Kind: kind, By: "ann"}))
}

// A rollout takes one step a soak, and records that everything is applied after the last.
func TestRollout(t *testing.T) {
	t.Parallel()
	e := newRolloutEnv(t)
	before := e.record()
	e.Commit(switchFiles(t, "a", "b", ""))
	if ws := e.runPass(0, state.Rolling, "10"); !strings.Contains(ws.Rollout, "at 10 of 100") {
		t.Errorf("says %q", ws.Rollout)
	}
	head, err := e.Record.Head(t.Context())
	e.Must(err)
	if wait := head.NextRetryAt.Sub(e.now); wait <= 0 || wait > time.Minute {
		t.Errorf("the next look is in %s", wait)
	}
	e.runPass(5*time.Minute, state.Rolling, "10")
	e.Commit("-- README.md --\na commit of others")
	e.runPass(5*time.Minute, state.Rolling, "50")
	if rec := e.record(); rec.Commit != before.Commit || rec.ApplyCount != before.ApplyCount {
		t.Errorf("a step is recorded as a whole apply: %s", toJSON(rec))
	}
	e.runPass(10*time.Minute, state.Rolling, "100")
	e.runPass(10*time.Minute, state.Applied, "100")
	rec := e.record()
	if rec.Rollout != nil || rec.Attempt != nil || rec.Commit == before.Commit || rec.LastRollout == nil || len(rec.LastRollout.Verdicts) < 7 {
		t.Errorf("the end is recorded as %s", toJSON(rec))
	}
	e.runPass(time.Minute, "", "100")
}

// A notice of a step says what the pass has seen: alarms and the time left, too.
func TestRolloutNotice(t *testing.T) {
	t.Parallel()
	e := newRolloutEnv(t)
	n := &noticeRecorder{sent: map[string]string{}}
	e.Config.Notifiers = []run.Notifier{n}
	e.Commit(switchFiles(t, "a", "b", ""))
	e.runPass(0, state.Rolling, "10")
	if !strings.Contains(n.said, "at 10 of 100") || !strings.Contains(n.said, "; alarms: errors OK") {
		t.Errorf("it says %q", n.said)
	}
}

// An alarm brings a rollout back to the last step that was good; a person brings it to 0.
func TestRolloutAlarm(t *testing.T) {
	t.Parallel()
	e := newRolloutEnv(t)
	e.Commit(switchFiles(t, "a", "b", ""))
	e.alarms[rolloutAlarm] = run.AlarmNoData
	e.runPass(0, state.Blocked, "0")
	e.alarms[rolloutAlarm] = run.AlarmOK
	e.runPass(time.Minute, state.Rolling, "10")
	e.runPass(10*time.Minute, state.Rolling, "50")
	e.alarms[rolloutAlarm] = run.AlarmOn
	if ws := e.runPass(time.Minute, state.Blocked, "10"); !strings.Contains(ws.Error, "in ALARM: errors") {
		t.Errorf("says %q", ws.Error)
	}
	e.runPass(time.Hour, state.Blocked, "10")
	e.order(state.RolloutAbort)
	e.runPass(time.Minute, state.Blocked, "0")
	holds, err := e.Record.Holds(t.Context())
	e.Must(err)
	if rec := e.record(); rec.Rollout != nil || rec.Trace == nil || !strings.Contains(holds["switch"].Reason, "undone") {
		t.Errorf("after the abort: %s, %s", toJSON(rec), toJSON(holds))
	}
	e.runPass(time.Hour, state.Blocked, "0")
}

// An alarm that cannot be read pauses a rollout, and does not bring it back.
func TestRolloutUnreadableAlarm(t *testing.T) {
	t.Parallel()
	e := newRolloutEnv(t)
	e.Commit(switchFiles(t, "a", "b", ""))
	e.runPass(0, state.Rolling, "10")
	delete(e.alarms, rolloutAlarm)
	if ws := e.runPass(time.Minute, state.Blocked, "10"); !strings.Contains(ws.Error, "alarms cannot be read: errors (access denied)") {
		t.Errorf("says %q", ws.Error)
	}
	e.runPass(time.Hour, state.Blocked, "10")
	e.alarms[rolloutAlarm] = run.AlarmOK
	e.order(state.RolloutResume)
	e.runPass(time.Minute, state.Rolling, "10")
	e.order(state.RolloutPromote)
	e.runPass(time.Minute, state.Rolling, "50")
	if last := e.record().Rollout.Verdicts; last[len(last)-2].By != "ann" {
		t.Errorf("who promoted it is not recorded: %s", toJSON(last))
	}
}

// A commit that changes the workspace stops its rollout; one that takes the change back
// aborts it.
func TestRolloutNewerCommit(t *testing.T) {
	t.Parallel()
	e := newRolloutEnv(t)
	e.Commit(switchFiles(t, "a", "b", ""))
	e.runPass(0, state.Rolling, "10")
	e.Commit(switchFiles(t, "a", "b", "# another"))
	if ws := e.runPass(time.Hour, state.Blocked, "10"); !strings.Contains(ws.Error, "changes this workspace") {
		t.Errorf("says %q", ws.Error)
	}
	e.order(state.RolloutPromote)
	e.runPass(time.Minute, state.Rolling, "50")
	e.Commit(switchFiles(t, "a", "a", ""))
	e.runPass(time.Minute, state.NoChanges, "0")
	if rec := e.record(); rec.Rollout != nil || rec.Attempt != nil {
		t.Errorf("after the revert: %s", toJSON(rec))
	}
}

// A rollout does not begin where it would not start from what is live, and needs one
// approval.
func TestRolloutBegins(t *testing.T) {
	t.Parallel()
	e := newRolloutEnv(t)
	e.Config.Gate = settings.ApplyApproved
	e.Commit(switchFiles(t, "a", "b", "resource \"terraform_data\" \"more\" {}"))
	e.approveWaiting()
	if ws := e.runPass(0, state.Blocked, "0"); !strings.Contains(ws.Error, "the rollout does not begin") || !strings.Contains(ws.Error, "terraform_data.more") {
		t.Errorf("says %q", ws.Error)
	}
	e.Commit(switchFiles(t, "a", "b", ""))
	e.approveWaiting()
	e.runPass(0, state.Rolling, "10")
	e.runPass(10*time.Minute, state.Rolling, "50")
	e.runPass(10*time.Minute, state.Rolling, "100")
	if ws := e.runPass(10*time.Minute, state.Applied, "100"); ws.Approval == nil || ws.Approval.ApprovedBy != "ann" {
		t.Errorf("the end has the approval %s", toJSON(ws.Approval))
	}
}

// approveWaiting runs a pass and approves the plan that waits.
func (e *rolloutEnv) approveWaiting() {
	e.T.Helper()
	if ws := e.runPass(time.Minute, state.Blocked, e.share()); !strings.Contains(ws.Error, "reconcile approve switch") {
		e.T.Fatalf("waits with %q", ws.Error)
	}
	plan, err := e.Record.OfferedPlan(e.T.Context(), "switch", string(e.record().PlanDigest))
	e.Must(err)
	e.Must(e.Record.PlaceApproval(e.T.Context(), plan, state.Approval{ApprovedBy: "ann", EndsAt: e.now.Add(time.Hour)}))
}

// A rollout is watched also when nobody knows what the tip says of its workspace: alarms and
// orders bring it back, and no step leads up.
func TestRolloutWithoutTip(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(e *rolloutEnv){
		"the settings cannot be read": func(e *rolloutEnv) { e.Commit("-- env/reconcile.hcl --\nworkspace {\n") },
		"Git does not answer":         func(e *rolloutEnv) { e.Config.Source = unreachableSource{e.Config.Source} },
		"the directory is gone": func(e *rolloutEnv) {
			e.Repo.Git("rm", "-q", "-r", "env/switch")
			e.Commit("-- env/reconcile.hcl --\n-- env/other/main.tf --\n")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newRolloutEnv(t)
			e.Commit(switchFiles(t, "a", "b", ""))
			e.runPass(0, state.Rolling, "10")
			e.order(state.RolloutPromote)
			e.runPass(time.Minute, state.Rolling, "50")
			lose(e)
			look := func(after time.Duration, share, says string) {
				t.Helper()
				e.now = e.now.Add(after)
				result, _ := e.Reconciler().Pass(t.Context(), t.Context(), run.Options{Trigger: run.TriggerSchedule})
				i := slices.IndexFunc(result.Workspaces, func(w run.WorkspaceResult) bool { return w.Name == "switch" })
				if i < 0 || result.Workspaces[i].Outcome != state.Blocked || !strings.Contains(result.Workspaces[i].Error, says) || e.share() != share {
					t.Fatalf("%s of b, want %s and %q: %s", e.share(), share, says, toJSON(result))
				}
			}
			look(time.Hour, "50", "stays at 50 and is only watched; `reconcile rollout abort switch`")
			if !strings.HasPrefix(t.Name(), "TestRemote/") { // a worker process has no alarms
				e.alarms[rolloutAlarm] = run.AlarmOn
				look(time.Minute, "10", "in ALARM: errors")
				e.alarms[rolloutAlarm] = run.AlarmOK
				e.order(state.RolloutPromote)
				look(time.Minute, "50", "stays at 50")
			}
			e.order(state.RolloutAbort)
			look(time.Minute, "0", "is undone: abort")
			if e.record().Rollout != nil {
				t.Error("it is not over")
			}
		})
	}
}

// unreachableSource is a repository that does not answer.
type unreachableSource struct{ run.Source }

func (unreachableSource) Tip(context.Context, string) (source.Tip, error) {
	return source.Tip{}, errors.New("connection refused")
}

// What somebody has changed by hand is no start for the next step.
func TestRolloutMovedByHand(t *testing.T) {
	t.Parallel()
	e := newRolloutEnv(t)
	e.Commit(switchFiles(t, "a", "b", ""))
	e.runPass(0, state.Rolling, "10")
	file := filepath.Join(e.Config.LocalState, "switch.tfstate")
	before, err := os.ReadFile(file)
	e.Must(err)
	e.Must(os.WriteFile(file, regexp.MustCompile(`("value":\s*)90,`).ReplaceAll(before, []byte("${1}70,")), 0o600))
	if ws := e.runPass(10*time.Minute, state.Blocked, "10"); !strings.Contains(ws.Error, "what is live is not what 10 says any more") {
		t.Errorf("says %q", ws.Error)
	}
	e.order(state.RolloutPromote)
	e.runPass(time.Minute, state.Blocked, "10")
	e.Must(os.WriteFile(file, before, 0o600))
	e.order(state.RolloutPromote)
	e.runPass(time.Minute, state.Rolling, "50")
}

// What the first apply has left when it failed is no start of a rollout, however often it fails.
func TestRolloutAfterTheFirstApplyFailedTwice(t *testing.T) {
	t.Parallel()
	bad := "resource \"terraform_data\" \"bad\" {\n  depends_on = [terraform_data.weight]\n  provisioner \"local-exec\" {\n    command = \"exit 3\"\n  }\n}\n"
	w := reconcilertest.NewEnv(t, switchFiles(t, "a", "a", bad))
	w.Config.Alarms = fakeAlarms{rolloutAlarm: run.AlarmOK}
	w.Config.Gate = settings.ApplyAlways
	for range 2 {
		if _, got := w.RunPass(run.Options{}); got["switch"] != state.Failed {
			t.Fatalf("the scene: %v", got)
		}
	}
	w.Commit(switchFiles(t, "a", "b", ""))
	if result, got := w.RunPass(run.Options{}); got["switch"] != state.Applied {
		t.Errorf("%+v", result.Workspaces)
	}
}
