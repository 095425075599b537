package gate_test

import (
	"maps"
	"strings"
	"testing"

	"reconcile/internal/stateid"
	"reconcile/reconciler/internal/gate"
	"reconcile/reconciler/run"
	"reconcile/reconciler/terraform"
	"reconcile/reconciler/workspace"
	"reconcile/reconciler/workspace/repotree"
	"reconcile/reconciler/workspace/settings"
	"reconcile/state"
)

// version is a Terraform that has a version only.
type version struct {
	run.Terraform
	product, number string
}

func (v version) Product() string { return v.product }
func (v version) Version() string { return v.number }

func TestCheckVersion(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ recorded, product, number, warns, says string }{
		"never recorded":        {"", "Terraform", "1.10.0", "", ""},
		"the same":              {"Terraform 1.10.5", "Terraform", "1.10.5", "", ""},
		"an older patch":        {"Terraform 1.10.5", "Terraform", "1.10.1", "", ""},
		"newer":                 {"Terraform 1.10.5", "Terraform", "2.0.0", "", ""},
		"an older minor":        {"Terraform 1.10.5", "Terraform", "1.9.9", "", "app was last applied with Terraform 1.10.5, and this is 1.9.9"},
		"another product":       {"Terraform 1.10.5", "OpenTofu", "1.9.0", "last applied with Terraform 1.10.5, now with OpenTofu", ""},
		"a record that is none": {"Terraform x", "Terraform", "1.10.0", "", `the record of app names Terraform "x"`},
	} {
		warning, err := gate.CheckVersion(state.Workspace{Name: "app", TerraformVersion: c.recorded}, version{product: c.product, number: c.number})
		if warning != c.warns || (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %q, %v", name, warning, err)
		}
	}
}

// A plan that only waits for other settings, for another gate or for an approval is checked
// again when these change.
func TestPendingInputsHoldTheSettingsOfTheGate(t *testing.T) {
	t.Parallel()
	trace := state.Trace{"env/app": "1"}
	first := gate.PendingInputs(settings.Config{}, settings.ApplySafe, trace, nil)
	if same := gate.PendingInputs(settings.Config{Apply: settings.ApplyAlways}, "", trace, nil); len(first) != 2 || !maps.Equal(first, same) {
		t.Errorf("%v, then %v", first, same)
	}
	most := 3
	for name, other := range map[string]state.Trace{
		"apply":       gate.PendingInputs(settings.Config{Apply: settings.ApplyPlanOnly}, settings.ApplySafe, trace, nil),
		"gate":        gate.PendingInputs(settings.Config{}, settings.ApplyAlways, trace, nil),
		"protect":     gate.PendingInputs(settings.Config{Protect: []string{"a.b"}}, settings.ApplySafe, trace, nil),
		"progressive": gate.PendingInputs(settings.Config{Progressive: &settings.Progressive{Steps: []int{100}}}, settings.ApplySafe, trace, nil),
		"max_destroy": gate.PendingInputs(settings.Config{MaxDestroy: &most}, settings.ApplySafe, trace, nil),
		"approval":    gate.PendingInputs(settings.Config{}, settings.ApplySafe, trace, []state.Approval{{Digest: "2:k:1"}}),
	} {
		if maps.Equal(first, other) || first["//inputs"] != other["//inputs"] {
			t.Errorf("%s: %v, then %v", name, first, other)
		}
	}
}

func TestCheckState(t *testing.T) {
	t.Parallel()
	const place = "s3:bucket/app"
	applied := state.Workspace{Name: "app", Identity: place, Trace: state.Trace{}, State: &state.TerraformState{Lineage: "a", Serial: 5}}
	for name, c := range map[string]struct {
		record   state.Workspace
		identity stateid.ID
		found    terraform.State
		exists   bool
		says     string // "": it may be applied
	}{
		"the same state":      {applied, place, terraform.State{Lineage: "a", Serial: 5}, true, ""},
		"a later one":         {applied, place, terraform.State{Lineage: "a", Serial: 9}, true, ""},
		"an older one":        {applied, place, terraform.State{Lineage: "a", Serial: 4}, true, "is older than the one that was last applied"},
		"another one":         {applied, place, terraform.State{Lineage: "b", Serial: 5}, true, "is not the one that was last applied"},
		"none":                {applied, place, terraform.State{}, false, "its Terraform state is missing"},
		"moved, and none":     {applied, "s3:bucket/other", terraform.State{}, false, "where there is none: move it (tofu init -migrate-state)"},
		"moved, to another":   {applied, "s3:bucket/other", terraform.State{Lineage: "b"}, true, "where another state exists"},
		"moved by a person":   {applied, "s3:bucket/other", terraform.State{Lineage: "a", Serial: 6}, true, ""},
		"new":                 {state.Workspace{}, place, terraform.State{}, false, ""},
		"new, but it existed": {state.Workspace{}, place, terraform.State{Lineage: "b"}, true, "reconcile did not apply"},
	} {
		plan := &terraform.Plan{State: c.found, StateExists: c.exists}
		err := gate.CheckState(&run.Config{}, repotree.OpenTofu, &workspace.Workspace{Name: "app", Identity: c.identity}, c.record, plan)
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && run.ClassifyError(err) != state.Blocked {
			t.Errorf("%s does not wait for a person: %v", name, err)
		}
	}
}

// Anybody who opens a pull request chooses the name of a directory, and people copy the commands that
// have it.
func TestCommandsQuoteNames(t *testing.T) {
	t.Parallel()
	verdict, plan := gate.Verdict{Why: "destroys it"}, &terraform.Plan{State: terraform.State{Lineage: "b"}, StateExists: true}
	for name, want := range map[string]string{"tokyo": "tokyo", "a;id": "'a;id'", "$(id)": "'$(id)'", "--gate=always": "-- '--gate=always'"} {
		if got := gate.DescribeWait(name, verdict, plan); !strings.Contains(got, "approve "+want+" ") {
			t.Error(got)
		}
		err := gate.CheckState(&run.Config{}, repotree.Terraform, &workspace.Workspace{Name: name}, state.Workspace{}, plan)
		if err == nil || !strings.Contains(err.Error(), "--adopt "+want+"`") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
