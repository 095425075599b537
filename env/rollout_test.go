package env_test

import (
	"encoding/json"
	"net/url"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"reconcile/modules/tftest"
)

// TestRolloutOfTraffic: in both environments, the rollout of traffic stops at 50, where dials
// turn from raising to lowering (modules/accelerator_shares). A list of steps that jumps over
// it would do both in one apply, in no order. It watches all alarms of each side, and no
// alarm of a side that can be absent ends it by being absent.
func TestRolloutOfTraffic(t *testing.T) {
	t.Parallel()
	var watched, absent []string
	for _, side := range []string{"tokyo-ap-A", "tokyo-ap-B", "osaka-ap"} {
		name := strings.Trim(tftest.LoadValues(t, filepath.Join(side, "terraform.tfvars"))["name"], `"`)
		for alarm := range alarmsOfSides(t) {
			watched = append(watched, name+alarm)
			if side != "osaka-ap" {
				absent = append(absent, name+alarm)
			}
		}
	}
	strategies := listStrategies(t)
	if len(strategies) != 2 {
		t.Fatalf("there are %d rollouts, and two environments", len(strategies))
	}
	for _, s := range strategies {
		if variable := s.Attr("variable"); variable != `"progress"` {
			t.Errorf("variable = %s", variable)
		}
		if steps := strings.FieldsFunc(s.Attr("steps"), func(r rune) bool { return strings.ContainsRune("[], ", r) }); !slices.Contains(steps, "50") {
			t.Errorf("steps = %s jumps over 50", s.Attr("steps"))
		}
		for name, want := range map[string][]string{"alarms": watched, "quiet": absent} {
			if got := alarmNames(s.Attr(name)); !slices.Equal(got, slices.Sorted(slices.Values(want))) {
				t.Errorf("%s are %v, want %v", name, got, want)
			}
		}
	}
}

// TestPreparedDatabase: what is prepared for the loss of Tokyo is Osaka's database of today,
// without what it follows.
func TestPreparedDatabase(t *testing.T) {
	t.Parallel()
	fields := func(file string) []string {
		return slices.DeleteFunc(strings.Fields(tftest.LoadValues(t, filepath.Join("osaka-ap", file))["database"]), func(field string) bool {
			return field == "replica_of" || field == `"shop"`
		})
	}
	want := strings.Replace(strings.Join(fields("terraform.tfvars"), " "), "{ =", "{", 1)
	if got := strings.Join(fields("dr-osaka.tfvars"), " "); got != want {
		t.Errorf("prepared is %s, and today's is %s", got, want)
	}
}

// listStrategies returns the progressive blocks of switchover, of all environments.
func listStrategies(t *testing.T) (strategies []tftest.Block) {
	t.Helper()
	settings := tftest.Parse(t, "reconcile.hcl")
	for _, b := range settings {
		for _, workspace := range append(b.NestedBlocks("workspace"), b) {
			if workspace.Type == "workspace" && workspace.Label() == "switchover" {
				strategies = append(strategies, workspace.NestedBlocks("progressive")...)
			}
		}
	}
	return strategies
}

// alarmsOfSides yields the ends of the names of a side's alarms, after the side's name.
func alarmsOfSides(t *testing.T) map[string]bool {
	t.Helper()
	ends := map[string]bool{}
	for _, b := range tftest.LoadConfiguration(t, filepath.Join(modulesDir, "application_vpc"))["module"] {
		for _, part := range strings.Split(b.Attr("alarms"), `"${var.name}`)[1:] {
			end, _, _ := strings.Cut(part, `"`)
			ends[end] = true
		}
	}
	if len(ends) == 0 {
		t.Fatal("a side has no alarms")
	}
	return ends
}

func alarmNames(list string) (names []string) {
	for _, part := range strings.Split(list, ":alarm:")[1:] {
		name, _, _ := strings.Cut(part, `"`)
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// setSoak edits how long the steps of a rollout are watched.
func (a *account) setSoak(soak string) {
	a.t.Helper()
	a.edit("env/reconcile.hcl", `(?m)^( +soak += ).*`, "${1}"+soak)
}

// takeBack: the side that traffic moves to goes bad at 50. An alarm brings the traffic back to
// 10, and a person brings it back to 0.
func (a *account) takeBack(from, to string) {
	a.t.Helper()
	a.setSoak(`["1s", "10h", "1s"]`)
	a.commit(to + " takes over, and is bad")
	for approved := map[string]bool{}; a.readRollout().Number != 50; {
		a.approveWaiting(a.runPass(), approved)
	}
	a.checkWeights(tokyo, map[string]string{from: "50", to: "50"})

	a.setAlarm(to, "ALARM")
	a.runPass()
	if r := a.readRollout(); r.Phase != "stopped" || r.Number != 10 {
		a.t.Fatalf("an alarm at 50: %+v", r)
	}
	a.checkWeights(tokyo, map[string]string{from: "90", to: "10"})
	a.runAsPerson("rollout", "abort", "switchover", "--why", "the drill")
	a.runPass()
	a.checkWeights(tokyo, map[string]string{from: "100", to: "0"})
	if r := a.readRollout(); r.Active {
		a.t.Fatalf("after it was aborted: %+v", r)
	}

	a.setAlarm(to, "OK")
	a.runAsPerson("resume", "switchover")
	a.setSoak(`"1s"`)
}

// rolloutStatus is what `reconcile rollout status` prints of a rollout.
type rolloutStatus struct {
	Number int
	Phase  string
	Active bool
}

// readRollout returns the rollout of the traffic, or the last one.
func (a *account) readRollout() rolloutStatus {
	a.t.Helper()
	cmd := exec.CommandContext(a.t.Context(), a.binary, "rollout", "status", "switchover", "-o", "json")
	cmd.Dir, cmd.Env = a.t.TempDir(), a.env
	out, err := cmd.Output()
	if err != nil {
		a.t.Fatalf("reconcile rollout status: %v\n%s", err, out)
	}
	var all struct{ Rollouts []rolloutStatus }
	if err := json.Unmarshal(out, &all); err != nil || len(all.Rollouts) != 1 {
		a.t.Fatalf("reconcile rollout status: %v\n%s", err, out)
	}
	return all.Rollouts[0]
}

// setAlarm sets the state of the alarm about errors of a side in Tokyo.
func (a *account) setAlarm(side, state string) {
	a.t.Helper()
	values := tftest.LoadValues(a.t, filepath.Join(a.repo.Work, "env", side, "terraform.tfvars"))
	a.aws.CallQuery(a.t, "monitoring", tokyo, url.Values{
		"Action": {"SetAlarmState"}, "Version": {"2010-08-01"}, "AlarmName": {strings.Trim(values["name"], `"`) + "-errors"},
		"StateValue": {state}, "StateReason": {"the drill"},
	})
}
