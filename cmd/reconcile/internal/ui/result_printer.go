package ui

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/charmbracelet/x/ansi"

	"reconcile/internal/lazyregexp"
	"reconcile/internal/shell"
	"reconcile/internal/visible"
	"reconcile/reconciler/notify/catalog"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// ResultPrinter writes the result of each workspace when it is done, and at the end
// the result of the pass.
type ResultPrinter struct {
	mu      sync.Mutex
	out     io.Writer
	width   int
	warned  warningCounts // warnings of workspaces that are written
	Stamps  bool          // each text begins with the time at which it is written
	tr      *catalog.Translator
	hasLine map[string]bool // workspaces whose line is written
	Start   time.Time
}

// newResultPrinter returns a printer that writes lines of at most width columns to out.
func newResultPrinter(out io.Writer, width int, t *catalog.Translator) *ResultPrinter {
	return &ResultPrinter{out: out, width: width, tr: t, hasLine: map[string]bool{}, Start: time.Now()}
}

// observe handles an event of a pass.
func (r *ResultPrinter) observe(e run.Event) {
	if e.Phase == run.PhaseDone && e.Result != nil {
		r.printWorkspace(*e.Result)
	}
}

// printWorkspace writes a workspace's line, once. An unchanged workspace has none.
func (r *ResultPrinter) printWorkspace(w run.WorkspaceResult) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if w.Outcome == state.Unchanged || r.hasLine[w.Name] {
		return
	}
	r.hasLine[w.Name] = true
	w.Warnings = r.warned.countWorkspace(w.Warnings) // the same of many workspaces is counted at the end
	r.print(func(out io.Writer, width int) { fmt.Fprint(out, FormatWorkspace(r.tr, w, width)) })
}

// minNameWidth is the minimum width of workspace names, so that most lines align.
const minNameWidth = 12

// outcomeWidth is the width of the widest outcome.
const outcomeWidth = 10

// FormatWorkspace formats a workspace's line, with its errors and warnings below.
func FormatWorkspace(t *catalog.Translator, w run.WorkspaceResult, width int) string {
	var b strings.Builder
	details := []string{}
	if text := FormatChanges(t, w.Changes, w.Outcome); text != "" {
		details = append(details, text)
	}
	if len(w.StaleReasons) > 0 && w.Outcome != state.Skipped {
		var reasons []string
		for _, reason := range w.StaleReasons {
			reasons = append(reasons, visible.Line(t.Translate(reason)))
		}
		details = append(details, t.Sprintf("changed inputs: %s", strings.Join(reasons, ", ")))
	}
	if w.DurationMS > 0 {
		details = append(details, FormatDuration(t, time.Duration(w.DurationMS)*time.Millisecond))
	}
	outcome := PadRight(t.Text(string(w.Outcome)), outcomeWidth)
	line := StyleOf(w.Outcome).Render(outcome) + "  " + StyleBold.Render(PadRight(visible.Name(w.Name), minNameWidth))
	if len(details) > 0 {
		line += StyleFaint.Render("  " + strings.Join(details, " · "))
	}
	fmt.Fprintln(&b, strings.TrimRight(ansi.Truncate(line, width, "…"), " "))
	if w.Error != "" {
		PrintWrapped(&b, width, "            ", t.Translate(w.Error))
	}
	if text := removeRepeated(w.Rollout, w.Error); text != "" {
		PrintWrapped(&b, width, "            ", t.Translate(text))
	}
	if w.Approval != nil {
		PrintWrapped(&b, width, "            ", t.Sprintf("with the approval: %s", FormatApproval(t, *w.Approval)))
	}
	for _, warning := range w.Warnings {
		PrintWrapped(&b, width, "            ", t.Sprintf("warning: %s", t.Translate(warning)))
	}
	return b.String()
}

// removeRepeated returns the parts of a text that an error does not say.
func removeRepeated(text, failed string) string {
	parts := strings.Split(text, "; ")
	if failed != "" {
		parts = slices.DeleteFunc(parts, func(part string) bool { return strings.Contains(failed, part) })
	}
	return strings.Join(parts, "; ")
}

// TimeFormat is the form of times in UTC that several people read, maybe in other zones.
const TimeFormat = "2006-01-02 15:04Z"

// FormatApproval says who approved which plan, when and why.
func FormatApproval(t *catalog.Translator, a state.ApprovalFact) string {
	text := t.Sprintf("%s approved %s (%s) at %s", visible.Line(a.ApprovedBy), a.Digest.Abbrev(), t.Text(string(a.Risk)), a.ApprovedAt.UTC().Format(TimeFormat))
	if a.Reason != "" {
		text += ": " + visible.Line(a.Reason)
	}
	return text
}

// printSummary writes the missing workspace lines, the pass's warnings and its result.
func (r *ResultPrinter) printSummary(result *run.Result) {
	counts := map[state.Outcome]int{}
	for _, w := range result.Workspaces {
		counts[w.Outcome]++
		r.printWorkspace(w)
	}
	for _, kind := range r.warned.order {
		if n := r.warned.times[kind]; n > 1 {
			r.print(func(out io.Writer, width int) {
				PrintWrapped(out, width, "", r.tr.Sprintf("warning: %d workspaces have this: %s", n, r.tr.Translate(r.warned.texts[kind])))
			})
		}
	}
	for _, warning := range MergeWarnings(r.tr, result.Warnings) {
		r.print(func(out io.Writer, width int) { PrintWrapped(out, width, "", r.tr.Sprintf("warning: %s", warning)) })
	}
	r.print(func(out io.Writer, width int) { r.printOutcome(out, width, result, counts) })
}

// print writes what format writes, in one write; with a time before it if r.Stamps.
func (r *ResultPrinter) print(format func(out io.Writer, width int)) {
	if !r.Stamps {
		format(r.out, r.width)
		return
	}
	stamp := time.Now().Format(time.TimeOnly) + " "
	var text bytes.Buffer
	format(&text, max(r.width-len(stamp), minWidth))
	indent := "\n" + strings.Repeat(" ", len(stamp))
	fmt.Fprint(r.out, stamp+strings.ReplaceAll(strings.TrimSuffix(text.String(), "\n"), "\n", indent)+"\n")
}

// printOutcome writes the result of the pass, and what to do next.
func (r *ResultPrinter) printOutcome(out io.Writer, width int, result *run.Result, counts map[state.Outcome]int) {
	if result.Rewritten {
		PrintWrapped(out, width, "", r.tr.Sprintf("note: history was rewritten; %s is not an ancestor of %s", AbbrevCommit(result.From), AbbrevCommit(result.To)))
	}
	fmt.Fprintln(out, r.formatOutcome(result, counts))
	if hint := nextCommand(result); hint != "" {
		PrintWrapped(out, width, "  → ", r.tr.Translate(hint))
	}
}

// formatOutcome formats the result of the pass in one line.
func (r *ResultPrinter) formatOutcome(result *run.Result, counts map[state.Outcome]int) string {
	position := r.tr.Sprintf("%s at %s", result.Branch, AbbrevCommit(result.To))
	if result.Overtaken {
		position += r.tr.Text(", and the next pass takes a newer commit")
	}
	elapsed := StyleFaint.Render(" · " + FormatDuration(r.tr, time.Since(r.Start)))
	counted := FormatCounts(r.tr, counts)
	style, word := StyleWait, result.Outcome
	switch result.Outcome {
	case run.OutcomeInSync:
		if slices.ContainsFunc(result.Workspaces, run.WorkspaceResult.IsHeldBack) {
			word = "suspended" // nobody knows whether that is in sync
			break
		}
		style, word, counted = StyleGood, "in sync", r.tr.Text("nothing to do")
		if result.Trigger == run.TriggerDrift {
			counted = r.tr.Text("no drift")
		}
	case run.OutcomeApplied:
		style, word = StyleGood, "done"
	case run.OutcomeFailed:
		style = StyleBad
	}
	return r.tr.Sprintf("%s: %s, %s", style.Render(r.tr.Text(word)), counted, position) + elapsed
}

// FormatCounts formats the number of workspaces by outcome.
func FormatCounts(t *catalog.Translator, counts map[state.Outcome]int) string {
	var parts []string
	for _, outcome := range []state.Outcome{
		state.Applied, state.Rolling, state.Pending, state.Drifted, state.NoChanges, state.Failed, state.Busy, state.Blocked, state.Skipped, state.Removed, state.Unchanged,
	} {
		if n := counts[outcome]; n > 0 {
			parts = append(parts, t.Sprintf("%d "+strings.ReplaceAll(string(outcome), "no-changes", "without changes"), n))
		}
	}
	if len(parts) == 0 {
		return t.Text("no workspaces")
	}
	return strings.Join(parts, t.Text(", "))
}

// nextCommand returns what to run next.
func nextCommand(result *run.Result) string {
	switch result.Outcome {
	case run.OutcomeFailed:
		if result.IsPlan {
			return "`reconcile plan` tries again"
		}
		if result.Trigger == run.TriggerDrift {
			return "`reconcile drift` tries again"
		}
		if result.Snapshot == "" { // an earlier pass's result: it has no run of its own
			return "`reconcile now` tries again"
		}
		return fmt.Sprintf("`reconcile runs %s` shows plans and logs; `reconcile now` tries again", result.Run)
	case run.OutcomeBlocked:
		if result.IsPlan || result.Trigger == run.TriggerDrift { // the lines above say it, and the record does not
			return ""
		}
		return approveCommand(result)
	case run.OutcomeBusy:
		return "`reconcile status` shows which run is at work"
	case run.OutcomePending:
		return applyCommand(result)
	case run.OutcomeDrifted:
		names := listDrifted(result)
		if len(names) == 0 {
			return ""
		}
		return fmt.Sprintf("`reconcile now --replan %s` reverts it", shell.Join(names))
	}
	return ""
}

// approvalCommand is in the error of a workspace whose plan can be approved.
var approvalCommand = lazyregexp.New("`reconcile approve [^`]+`")

// approveCommand returns the command that approves what waits, if that is one plan.
func approveCommand(result *run.Result) string {
	var commands []string
	for _, w := range result.Workspaces {
		if w.Outcome == state.Blocked {
			commands = append(commands, approvalCommand().FindString(w.Error))
		}
	}
	if len(commands) == 1 && commands[0] != "" {
		return commands[0] + " approves it; the next pass applies it"
	}
	return "`reconcile status` shows what each waits for"
}

// applyCommand returns the command that applies what a plan has found. The warnings say why
// it leaves out some of it; "": all of it.
func applyCommand(result *run.Result) string {
	var names, plain, inSteps []string
	replanned, withheld := false, false
	for _, w := range result.Workspaces {
		switch {
		case w.Outcome != state.Pending:
		case w.Withheld != "":
			withheld = true
		default:
			names = append(names, w.Name)
			replanned = replanned || w.IsReplanned()
			if w.InSteps {
				inSteps = append(inSteps, w.Name)
			} else {
				plain = append(plain, w.Name)
			}
		}
	}
	command := "reconcile now"
	if replanned {
		command += " --replan"
	}
	if result.Named || replanned { // without names it would plan every workspace again
		command += " " + shell.Join(names)
	}
	if len(names) == 0 {
		return ""
	}
	return describeApply(command, strings.Join(plain, ", "), strings.Join(inSteps, ", "), withheld)
}

// describeApply says what a command does with what a plan has found: with plain, and with what
// it begins to apply in steps.
func describeApply(command, plain, inSteps string, withheld bool) string {
	switch {
	case inSteps == "" && withheld:
		return fmt.Sprintf("`%s` applies %s only", command, plain)
	case inSteps == "":
		return fmt.Sprintf("`%s` applies it", command)
	case plain == "" && withheld:
		return fmt.Sprintf("`%s` begins the rollout of %s only", command, inSteps)
	case plain == "":
		return fmt.Sprintf("`%s` begins the rollout; later passes take its other steps", command)
	case withheld:
		return fmt.Sprintf("`%s` applies %s only, and begins the rollout of %s", command, plain, inSteps)
	}
	return fmt.Sprintf("`%s` applies it, and begins the rollout of %s", command, inSteps)
}

// listDrifted returns the names of the drifted workspaces that a pass would apply.
func listDrifted(result *run.Result) []string {
	var names []string
	for _, w := range result.Workspaces {
		if w.Outcome == state.Drifted && w.Withheld == "" {
			names = append(names, w.Name)
		}
	}
	return names
}

// printPlans writes the plans of a result in full.
func printPlans(w io.Writer, result *run.Result) {
	for _, ws := range result.Workspaces {
		if plan := strings.TrimSpace(ws.Plan); plan != "" {
			fmt.Fprintf(w, "%s\n\n%s\n\n", StyleBold.Render("# "+ws.Name), ColorPlan(plan))
		}
	}
}
