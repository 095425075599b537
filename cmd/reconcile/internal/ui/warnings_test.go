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
	newResultPrinter(&out, noWidth, nil).printSummary(result)
	if n := strings.Count(out.String(), "warning: "); n != 2 || !strings.Contains(out.String(), "warning: env/w00/main.tf:6:16: file() cannot be evaluated\n") ||
		!strings.Contains(out.String(), "warning: 35 workspaces have this: file() cannot be evaluated\n") {
		t.Errorf("%d warnings:\n%s", n, out.String())
	}
	if len(result.Workspaces[34].Warnings) != 1 {
		t.Error("the result was changed")
	}
}

// A warning with another path in it is of the same kind; one that says where a state was saved
// is not, since each must be read.
func TestWarningsCountByKind(t *testing.T) {
	var warnings, saved []string
	result := &run.Result{Outcome: run.OutcomeApplied}
	for i := range 3 {
		of := []string{
			fmt.Sprintf("env/w%d/main.tf:6:16: file() cannot be evaluated: every file env/w%d/cfg-*.json counts", i, i),
			fmt.Sprintf("env/w%d/main.tf:7:16: file() cannot be evaluated: every file env/w%d/app-*.json counts", i, i),
		}
		saved = append(saved, fmt.Sprintf("a truncated state is saved in /s/w%d: look for the resources which that apply created", i))
		warnings = append(warnings, of...)
		result.Workspaces = append(result.Workspaces, run.WorkspaceResult{Name: fmt.Sprintf("w%d", i), Outcome: state.Applied, Warnings: of})
	}
	want := append([]string{"env/w0/main.tf:6:16: file() cannot be evaluated: every file env/w0/cfg-*.json counts (and in 5 other places)"}, saved...)
	if d := cmp.Diff(want, MergeWarnings(nil, append(warnings, saved...))); d != "" {
		t.Error(d)
	}
	var out strings.Builder
	newResultPrinter(&out, noWidth, nil).printSummary(result)
	for _, text := range []string{
		"warning: env/w0/main.tf:6:16: file() cannot be evaluated: every file env/w0/cfg-*.json counts (and in 1 other place)\n",
		"warning: 3 workspaces have this: file() cannot be evaluated: every file … counts\n",
	} {
		if strings.Count(out.String(), text) != 1 {
			t.Errorf("%q stands not once in\n%s", text, out.String())
		}
	}
	if n := strings.Count(out.String(), "warning: "); n != 2 {
		t.Errorf("%d warnings:\n%s", n, out.String())
	}
}
