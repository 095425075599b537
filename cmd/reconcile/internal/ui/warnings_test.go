package ui

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"reconcile/reconciler/run"
	"reconcile/state"
)

// The same warning of 35 roots is one line, with a count and the first place.
func TestWarningsAreNoFlood(t *testing.T) {
	warnings := []string{"the clock is wrong"}
	result := &run.Result{Outcome: run.OutcomeApplied}
	for i := range 35 {
		warning := fmt.Sprintf("env/w%02d/main.tf:6:16: file() cannot be evaluated", i)
		warnings = append(warnings, warning)
		result.Workspaces = append(result.Workspaces, run.WorkspaceResult{Name: fmt.Sprintf("w%02d", i), Outcome: state.Applied, Warnings: []string{warning}})
	}
	want := []string{"the clock is wrong", "env/w00/main.tf:6:16: file() cannot be evaluated (and in 34 other places)"}
	if d := cmp.Diff(want, MergeWarnings(nil, warnings)); d != "" {
		t.Error(d)
	}

	var out strings.Builder
	NewResultPrinter(&out, noWidth, nil).PrintSummary(result)
	if n := strings.Count(out.String(), "warning: "); n != 2 || !strings.Contains(out.String(), "warning: env/w00/main.tf:6:16: file() cannot be evaluated\n") ||
		!strings.Contains(out.String(), "warning: 35 workspaces have this: file() cannot be evaluated\n") {
		t.Errorf("%d warnings:\n%s", n, out.String())
	}
	if len(result.Workspaces[34].Warnings) != 1 {
		t.Error("the result was changed")
	}
}
