package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"reconcile/cmd/reconcile/internal/ui"
	"reconcile/cmd/reconcile/internal/wire"
	"reconcile/internal/shell"
	"reconcile/internal/visible"
	"reconcile/reconciler/inspect"
	"reconcile/state"
)

func newStatusCommand(a *app) *cobra.Command {
	var o statusOptions
	c := &cobra.Command{
		Use:     "status",
		GroupID: groupInspect,
		Short:   "Show each workspace: applied, stale, waiting, suspended, drifted",
		Long: `Show the record: each workspace with its last outcome, what is stale at the tip
of the branch, what waits for a person, and which run works on it. With
--no-tip Git is not asked.

Workspaces that were removed from Git stand below; reconcile forget takes one
out of the record.`,
		Example: `  reconcile status
  reconcile status --no-tip -o json`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return runStatus(c.Context(), a, o)
		},
	}
	c.Flags().BoolVar(&o.noTip, "no-tip", false, "read only the record; do not ask Git what is stale")
	return c
}

type statusOptions struct{ noTip bool }

// tipTime bounds how long status waits for Git.
const tipTime = 20 * time.Second

func runStatus(ctx context.Context, a *app, o statusOptions) error {
	uses := wire.Git
	if o.noTip {
		uses = wire.RecordAlone
	}
	deps, err := a.open(ctx, uses)
	if err != nil {
		return err
	}
	defer a.closeDeps(deps)
	config := deps.RunConfig(nil)
	st, err := inspect.ReadStatus(ctx, config)
	if err != nil {
		return err
	}
	if !o.noTip && st.Head.Commit != "" {
		tipCtx, cancel := context.WithTimeout(ctx, tipTime)
		defer cancel()
		st.AddTip(tipCtx, config)
	}
	if a.wantsJSON() {
		return ui.PrintJSON(a.out, st)
	}
	printStatus(a, st, time.Now())
	return nil
}

func printStatus(a *app, st *inspect.Status, now time.Time) {
	if st.Head.Commit == "" {
		a.printf("no pass has run yet")
		a.printHint("`reconcile plan` shows what one would do, `reconcile now` runs it")
	} else {
		ui.PrintWrapped(a.out, a.width(), "", a.describeHead(st.Head, now))
	}
	if len(st.Workspaces) == 0 && st.Head.Commit == "" {
		return
	}
	if st.Head.Error != "" {
		ui.PrintWrapped(a.out, a.width(), "  ", a.tr.Sprintf("the last pass failed: %s", a.tr.Translate(st.Head.Error)))
	}
	if st.Head.TipError != "" {
		ui.PrintWrapped(a.out, a.width(), "  ", a.tr.Sprintf("what is stale is not known: %s", a.tr.Translate(st.Head.TipError)))
	}
	fmt.Fprintln(a.out)
	var rows, removed []ui.Row
	for _, w := range st.Workspaces {
		outcome := w.Outcome
		if w.Removed {
			outcome = state.Removed
		}
		shown := "-"
		if outcome != "" {
			shown = ui.StyleOf(outcome).Render(a.tr.Text(string(outcome)))
		}
		row := ui.Row{
			Cells: []string{visible.Name(w.Name), shown, a.describeConditions(w, now), ui.AbbrevCommit(w.Commit), ui.FormatAge(a.tr, w.At, now)},
			Notes: a.listNotes(w, now),
		}
		if w.Removed {
			removed = append(removed, row)
		} else {
			rows = append(rows, row)
		}
	}
	columns := a.columns(ui.Column{Title: "WORKSPACE"}, ui.Column{Title: "OUTCOME"}, ui.Column{Title: "CONDITION"}, ui.Column{Title: "APPLIED AT", Rank: 2}, ui.Column{Title: "WHEN", Rank: 1})
	ui.PrintTable(a.out, a.width(), columns, rows)
	if len(removed) > 0 {
		fmt.Fprintln(a.out)
		a.printf("removed from Git (`reconcile forget WORKSPACE` takes one out of the record):")
		ui.PrintTable(a.out, a.width(), columns, removed)
	}
}

// describeHead returns what the record has adopted, beside the tip in Git.
func (a *app) describeHead(h inspect.StatusHead, now time.Time) string {
	summary := a.tr.Text("settled")
	if !h.Settled {
		summary = a.tr.Text("not settled")
	}
	if since := h.OutOfSyncSince; since != nil {
		summary += a.tr.Sprintf(", out of sync for %s", ui.FormatDuration(a.tr, now.Sub(*since)))
	}
	at := ui.AbbrevCommit(h.Commit)
	if h.Tip != "" && h.Tip != h.Commit {
		at = a.tr.Sprintf("%s in Git, the last pass took %s", ui.AbbrevCommit(h.Tip), at)
	}
	return a.tr.Sprintf("%s at %s · %s · %s", a.settings.Branch, at, summary, ui.FormatAge(a.tr, h.UpdatedAt, now))
}

// describeConditions returns what is so of a workspace beside its outcome.
func (a *app) describeConditions(w inspect.StatusWorkspace, now time.Time) string {
	list := w.Conditions(now)
	for i, name := range list {
		list[i] = a.tr.Text(name)
	}
	return strings.Join(list, a.tr.Text(", "))
}

// listNotes returns what a person should know about a workspace.
func (a *app) listNotes(w inspect.StatusWorkspace, now time.Time) []string {
	notes := slices.Concat(a.listWorkNotes(w, now), a.listErrorAndApprovalNotes(w, now))
	if w.OrphanedState != "" {
		notes = append(notes, a.tr.Sprintf("its resources still exist, and no workspace owns their state: %s", w.OrphanedState))
	}
	if w.HasDrifted() {
		notes = append(notes, a.listDriftNotes(w, now)...)
	}
	if w.RetryAt != nil && w.RetryAt.After(now) && w.Rollout == nil && w.Lease == nil && w.Hold == nil {
		notes = append(notes, a.tr.Sprintf("retry in %s; `reconcile now` retries at once", ui.FormatDuration(a.tr, w.RetryAt.Sub(now))))
	}
	return notes
}

// listWorkNotes says who works on a workspace or holds it, and what an apply has left behind.
func (a *app) listWorkNotes(w inspect.StatusWorkspace, now time.Time) (notes []string) {
	if l := w.Lease; l != nil {
		notes = append(notes, a.tr.Sprintf("held by run %s on %s (pid %d) for %s", l.Run, l.Host, l.PID, ui.FormatDuration(a.tr, now.Sub(l.Since))))
	}
	if h := w.Hold; h != nil {
		notes = append(notes, a.tr.Sprintf("%s by %s, %s: %s", a.tr.Text(string(h.Kind)), h.PlacedBy, ui.FormatAge(a.tr, h.PlacedAt, now), a.tr.Translate(h.Reason)))
		if h.Help != "" {
			notes = append(notes, "→ "+a.tr.Translate(h.Help))
		}
	}
	if r := w.Rollout; r != nil {
		if !strings.HasPrefix(w.Error, r.Text) { // else the error says it
			notes = append(notes, a.describeRollout(*r, now))
		}
		notes = append(notes, "→ "+a.tr.Sprintf("`reconcile rollout status %s` shows its alarms", shell.Quote(w.Name)))
	}
	if attempt := w.Attempt; attempt != nil && w.Lease != nil && w.Lease.Run == attempt.Run {
		notes = append(notes, a.tr.Sprintf("applying %s", ui.AbbrevCommit(attempt.Commit)))
	} else if attempt != nil && w.Rollout == nil && !attempt.Undone {
		notes = append(notes, a.tr.Sprintf("the apply of %s by run %s, started %s on %s, did not finish", ui.AbbrevCommit(attempt.Commit), attempt.Run, ui.FormatAge(a.tr, attempt.Since, now), attempt.Host))
	}
	return notes
}

// listErrorAndApprovalNotes says why the last run did not apply a workspace, and what people have
// approved of it. An approval that the next pass uses makes the error out of date.
func (a *app) listErrorAndApprovalNotes(w inspect.StatusWorkspace, now time.Time) (notes []string) {
	inForce := w.ApprovalInForce(now)
	if w.Error != "" && inForce == nil && (w.Hold == nil || w.Outcome == state.Failed) {
		notes = append(notes, a.firstLine(a.tr.Translate(w.Error)))
	}
	for _, approval := range w.Approvals {
		notes = append(notes, a.tr.Sprintf("%s; it ends %s", ui.FormatApproval(a.tr, approval), approval.EndsAt.UTC().Format(ui.TimeFormat)))
	}
	if inForce != nil {
		notes = append(notes, "→ "+a.tr.Text("approved; the next pass applies it if its plan is the same"))
	}
	if w.Approval != nil && w.Outcome == state.Applied {
		notes = append(notes, a.tr.Sprintf("applied with the approval: %s", ui.FormatApproval(a.tr, *w.Approval)))
	}
	return notes
}

// listDriftNotes says what has drifted, and what reverts it.
func (a *app) listDriftNotes(w inspect.StatusWorkspace, now time.Time) []string {
	changes := cmp.Or(ui.FormatChanges(a.tr, *w.DriftChanges, state.Drifted), a.tr.Text("outputs only"))
	help := a.tr.Sprintf("`reconcile runs %s` shows the plan", w.DriftRun)
	switch {
	case w.Hold != nil: // its own help says what comes first
	case w.DriftWithheld != "":
		help = a.tr.Sprintf("%s; no pass reverts it: %s", help, a.tr.Translate(w.DriftWithheld))
	default:
		help = a.tr.Sprintf("%s, `reconcile now --replan %s` reverts it", help, shell.Quote(w.Name))
	}
	return []string{a.tr.Sprintf("drifted (%s), detected %s", changes, ui.FormatAge(a.tr, *w.DriftAt, now)), "→ " + help}
}

// firstLine returns the first line of an error. runs shows the others.
func (a *app) firstLine(text string) string {
	first, rest, _ := strings.Cut(strings.TrimSpace(text), "\n")
	if strings.TrimSpace(rest) != "" {
		first += a.tr.Text(" … (`reconcile runs` has the rest)")
	}
	return first
}
