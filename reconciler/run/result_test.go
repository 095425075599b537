package run

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"reconcile/state"
)

// TestAddKeepsWhatWasApplied: no later round of a pass hides that it applied a workspace.
func TestAddKeepsWhatWasApplied(t *testing.T) {
	t.Parallel()
	applied := WorkspaceResult{Name: "a", Outcome: state.Applied, StaleReasons: []string{"env/a"}, Changes: state.Changes{Add: 1}, Warnings: []string{"one"}}
	tests := map[string]struct {
		later WorkspaceResult
		want  state.Outcome
		warns []string
	}{
		"unchanged":              {WorkspaceResult{Outcome: state.Unchanged}, state.Applied, []string{"one"}},
		"distrusted meanwhile":   {WorkspaceResult{Outcome: state.NoChanges, Warnings: []string{"one", "two"}}, state.Applied, []string{"one", "two"}},
		"suspended meanwhile":    {WorkspaceResult{Outcome: state.Blocked, Suspended: true, Error: "suspended by ann"}, state.Applied, []string{"one", "stale again, but suspended by ann"}},
		"a newer tip fails":      {WorkspaceResult{Outcome: state.Failed}, state.Failed, nil},
		"a newer tip is blocked": {WorkspaceResult{Outcome: state.Blocked}, state.Blocked, nil},
	}
	for name, test := range tests {
		var r Result
		r.Add(applied)
		test.later.Name = "a"
		r.Add(test.later)
		if got := r.Workspaces[0]; got.Outcome != test.want || !cmp.Equal(got.Warnings, test.warns) {
			t.Errorf("%s: %s, warnings %q", name, got.Outcome, got.Warnings)
		}
	}
}

// TestResultOfHistory: each field of the history is taken from a result, and comes back into one.
func TestResultOfHistory(t *testing.T) {
	t.Parallel()
	all := reflect.TypeFor[state.RunWorkspace]()
	for i := range all.NumField() {
		if all.Field(i).Name == "Phases" {
			continue // of the run, not of a result
		}
		var want state.RunWorkspace
		setNonZero(reflect.ValueOf(&want).Elem().Field(i))
		if got := ResultOf(want).History(); !cmp.Equal(got, want) {
			t.Errorf("%s is lost: %s", all.Field(i).Name, cmp.Diff(want, got))
		}
	}
}

// setNonZero sets a value, or all fields of a struct, to something that is not zero.
func setNonZero(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString("text")
	case reflect.Int, reflect.Int64:
		v.SetInt(1)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
	case reflect.Struct:
		for i := range v.NumField() {
			setNonZero(v.Field(i))
		}
	default:
		panic("no value of kind " + v.Kind().String())
	}
}
