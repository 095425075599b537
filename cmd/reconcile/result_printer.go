package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/charmbracelet/x/ansi"

	"reconcile/internal/visible"
	"reconcile/reconciler"
	"reconcile/state"
)

// resultPrinter writes what became of each workspace, as it comes, and at the end
// what the pass came to.
type resultPrinter struct {
	mu      sync.Mutex
	out     io.Writer
	width   int
	prefix  string          // before the summary's line
	hasLine map[string]bool // workspaces that have their line
	start   time.Time
}

func newResultPrinter(out io.Writer, width int) *resultPrinter {
	return &resultPrinter{out: out, width: width, hasLine: map[string]bool{}, start: time.Now()}
}

// redirect sends the lines from now on to w, and returns what undoes it.
func (r *resultPrinter) redirect(w io.Writer) (restore func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	previous := r.out
	r.out = w
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.out = previous
	}
}

// observe is told of each step of a pass.
func (r *resultPrinter) observe(e reconciler.Event) {
	if e.Phase == reconciler.PhaseDone && e.Result != nil {
		r.printWorkspace(*e.Result)
	}
}

// printWorkspace writes a workspace's line, once. One that was left alone has none.
func (r *resultPrinter) printWorkspace(w reconciler.WorkspaceResult) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if w.Outcome == state.Unchanged || r.hasLine[w.Name] {
		return
	}
	r.hasLine[w.Name] = true
	fmt.Fprint(r.out, formatWorkspace(w, r.width))
}

// minNameWidth is how wide names of workspaces are at least, so that most lines
// align.
const minNameWidth = 12

// formatWorkspace is a workspace's line, and what it says beside that below it.
func formatWorkspace(w reconciler.WorkspaceResult, width int) string {
	var b strings.Builder
	details := []string{}
	if text := formatChanges(w.Changes, w.Outcome == state.Applied); text != "" {
		details = append(details, text)
	}
	if len(w.StaleReasons) > 0 && w.Outcome != state.Skipped {
		details = append(details, "because of "+visible.Line(strings.Join(w.StaleReasons, ", ")))
	}
	if w.DurationMS > 0 {
		details = append(details, formatDuration(time.Duration(w.DurationMS)*time.Millisecond))
	}
	outcome := fmt.Sprintf("%-10s", w.Outcome)
	line := styleOf(w.Outcome).Render(outcome) + "  " + styleBold.Render(fmt.Sprintf("%-*s", minNameWidth, visible.Name(w.Name)))
	if len(details) > 0 {
		line += styleFaint.Render("  " + strings.Join(details, " · "))
	}
	fmt.Fprintln(&b, strings.TrimRight(ansi.Truncate(line, width, "…"), " "))
	if w.Error != "" {
		printWrapped(&b, width, "            ", w.Error)
	}
	for _, warning := range w.Warnings {
		printWrapped(&b, width, "            ", "warning: "+warning)
	}
	return b.String()
}

// printSummary writes the lines that no event told of, the pass's warnings, and
// what it came to.
func (r *resultPrinter) printSummary(result *reconciler.Result) {
	counts := map[state.Outcome]int{}
	for _, w := range result.Workspaces {
		counts[w.Outcome]++
		r.printWorkspace(w)
	}
	for _, warning := range result.Warnings {
		printWrapped(r.out, r.width, "", "warning: "+warning)
	}
	if result.Rewritten {
		printWrapped(r.out, r.width, "", fmt.Sprintf("note: history was rewritten: %s is no ancestor of %s", abbrevCommit(result.From), abbrevCommit(result.To)))
	}
	fmt.Fprintln(r.out, r.prefix+r.formatOutcome(result, counts))
	if hint := nextCommand(result); hint != "" {
		printWrapped(r.out, r.width, "  → ", hint)
	}
}

// formatOutcome is the one line that says what the pass came to.
func (r *resultPrinter) formatOutcome(result *reconciler.Result, counts map[state.Outcome]int) string {
	position := fmt.Sprintf("%s at %s", result.Branch, abbrevCommit(result.To))
	elapsed := styleFaint.Render(" · " + formatDuration(time.Since(r.start)))
	switch result.Outcome {
	case reconciler.OutcomeInSync:
		found := "nothing to do"
		if result.Trigger == reconciler.DriftCheck {
			found = "nothing has drifted"
		}
		return styleGood.Render("in sync") + ": " + found + ", " + position + elapsed
	case reconciler.OutcomeApplied:
		return styleGood.Render("done") + ": " + formatCounts(counts) + ", " + position + elapsed
	case reconciler.OutcomePending:
		return styleWait.Render("pending") + ": " + formatCounts(counts) + ", " + position + elapsed
	case reconciler.OutcomeFailed:
		return styleBad.Render("failed") + ": " + formatCounts(counts) + ", " + position + elapsed
	}
	return styleWait.Render(result.Outcome) + ": " + formatCounts(counts) + ", " + position + elapsed
}

// formatCounts is how many workspaces have which outcome.
func formatCounts(counts map[state.Outcome]int) string {
	var parts []string
	for _, outcome := range []state.Outcome{
		state.Applied, state.Pending, state.Drifted, state.NoChanges, state.Failed, state.Busy, state.Blocked, state.Skipped, state.Removed, state.Unchanged,
	} {
		if n := counts[outcome]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, strings.ReplaceAll(string(outcome), "no-changes", "without changes")))
		}
	}
	if len(parts) == 0 {
		return "no workspaces"
	}
	return strings.Join(parts, ", ")
}

// nextCommand is the command to go on with.
func nextCommand(result *reconciler.Result) string {
	switch result.Outcome {
	case reconciler.OutcomeFailed:
		if result.Snapshot == "" { // a plan, or what an earlier pass came to: it is no run of its own
			return "`reconcile now` tries again"
		}
		return fmt.Sprintf("`reconcile runs %s` shows plans and logs; `reconcile now` tries again", result.Run)
	case reconciler.OutcomeBlocked:
		return "`reconcile status` shows what each waits for"
	case reconciler.OutcomeBusy:
		return "`reconcile status` shows who holds it"
	case reconciler.OutcomePending:
		return "`reconcile now` applies it"
	case reconciler.OutcomeDrifted:
		return fmt.Sprintf("`reconcile now --replan %s` puts it back", strings.Join(namesByOutcome(result, state.Drifted), " "))
	}
	return ""
}

// namesByOutcome are the workspaces with an outcome.
func namesByOutcome(result *reconciler.Result, outcome state.Outcome) []string {
	var names []string
	for _, w := range result.Workspaces {
		if w.Outcome == outcome {
			names = append(names, w.Name)
		}
	}
	return names
}
