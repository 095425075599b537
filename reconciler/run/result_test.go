package run

import (
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
