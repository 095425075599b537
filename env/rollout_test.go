package env_test

import (
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
