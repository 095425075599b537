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

// report writes what became of each workspace, as it comes, and at the end
// what the pass came to.
type report struct {
	mu    sync.Mutex
	out   io.Writer
	width int
	stamp string          // before the summary's line
	told  map[string]bool // workspaces that have their line
	start time.Time
}

func newReport(out io.Writer, width int) *report {
	return &report{out: out, width: width, told: map[string]bool{}, start: time.Now()}
}

// divert sends the lines from now on to w, and returns what undoes it.
func (r *report) divert(w io.Writer) (undo func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := r.out
	r.out = w
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.out = before
	}
}

// observe is told of each step of a pass.
func (r *report) observe(e reconciler.Event) {
	if e.Phase == reconciler.PhaseDone && e.Result != nil {
		r.line(*e.Result)
	}
}

// line writes a workspace's line, once. One that was left alone has none.
func (r *report) line(w reconciler.WorkspaceResult) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if w.Outcome == state.Unchanged || r.told[w.Name] {
		return
	}
	r.told[w.Name] = true
	fmt.Fprint(r.out, workspaceText(w, r.width))
}

// nameWidth is how wide names of workspaces are at least, so that most lines
// align.
const nameWidth = 12

// workspaceText is a workspace's line, and what it says beside that below it.
func workspaceText(w reconciler.WorkspaceResult, width int) string {
	var b strings.Builder
	about := []string{}
	if text := changesText(w.Changes, w.Outcome == state.Applied); text != "" {
		about = append(about, text)
	}
	if len(w.Stale) > 0 && w.Outcome != state.Skipped {
		about = append(about, "because of "+visible.Line(strings.Join(w.Stale, ", ")))
	}
	if w.DurationMS > 0 {
		about = append(about, seconds(time.Duration(w.DurationMS)*time.Millisecond))
	}
	outcome := fmt.Sprintf("%-10s", w.Outcome)
	line := outcomeStyle(w.Outcome).Render(outcome) + "  " + styleBold.Render(fmt.Sprintf("%-*s", nameWidth, visible.Name(w.Name)))
	if len(about) > 0 {
		line += styleFaint.Render("  " + strings.Join(about, " · "))
	}
	fmt.Fprintln(&b, strings.TrimRight(ansi.Truncate(line, width, "…"), " "))
	if w.Error != "" {
		wrapped(&b, width, "            ", w.Error)
	}
	for _, warning := range w.Warnings {
		wrapped(&b, width, "            ", "warning: "+warning)
	}
	return b.String()
}

// summary writes the lines that no event told of, the pass's warnings, and
// what it came to.
func (r *report) summary(result *reconciler.Result) {
	counts := map[state.Outcome]int{}
	for _, w := range result.Workspaces {
		counts[w.Outcome]++
		r.line(w)
	}
	for _, warning := range result.Warnings {
		wrapped(r.out, r.width, "", "warning: "+warning)
	}
	if result.Rewritten {
		wrapped(r.out, r.width, "", fmt.Sprintf("note: history was rewritten: %s is no ancestor of %s", shortCommit(result.From), shortCommit(result.To)))
	}
	fmt.Fprintln(r.out, r.stamp+r.verdict(result, counts))
	if help := passHelp(result); help != "" {
		wrapped(r.out, r.width, "  → ", help)
	}
}

// verdict is the one line that says what the pass came to.
func (r *report) verdict(result *reconciler.Result, counts map[state.Outcome]int) string {
	at := fmt.Sprintf("%s at %s", result.Branch, shortCommit(result.To))
	took := styleFaint.Render(" · " + seconds(time.Since(r.start)))
	switch result.Outcome {
	case reconciler.OutcomeInSync:
		found := "nothing to do"
		if result.Trigger == reconciler.LookForDrift {
			found = "nothing has drifted"
		}
		return styleGood.Render("in sync") + ": " + found + ", " + at + took
	case reconciler.OutcomeApplied:
		return styleGood.Render("done") + ": " + countsText(counts) + ", " + at + took
	case reconciler.OutcomePending:
		return styleWait.Render("pending") + ": " + countsText(counts) + ", " + at + took
	case reconciler.OutcomeFailed:
		return styleBad.Render("failed") + ": " + countsText(counts) + ", " + at + took
	}
	return styleWait.Render(result.Outcome) + ": " + countsText(counts) + ", " + at + took
}

// countsText is how many workspaces have which outcome.
func countsText(counts map[state.Outcome]int) string {
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

// passHelp is the command to go on with.
func passHelp(result *reconciler.Result) string {
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
		return fmt.Sprintf("`reconcile now --replan %s` puts it back", strings.Join(named(result, state.Drifted), " "))
	}
	return ""
}

// named are the workspaces with an outcome.
func named(result *reconciler.Result, outcome state.Outcome) []string {
	var names []string
	for _, w := range result.Workspaces {
		if w.Outcome == outcome {
			names = append(names, w.Name)
		}
	}
	return names
}
