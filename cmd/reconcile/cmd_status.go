package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"reconcile/cmd/reconcile/internal/ui"
	"reconcile/internal/visible"
	"reconcile/reconciler"
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
	p, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer a.closeDeps(p)
	r := p.NewReconciler(nil)
	st, err := r.Status(ctx)
	if err != nil {
		return err
	}
	if !o.noTip && st.Head.Commit != "" {
		tipCtx, cancel := context.WithTimeout(ctx, tipTime)
		defer cancel()
		r.AddTip(tipCtx, st)
	}
	if a.wantsJSON() {
		return ui.PrintJSON(a.out, st)
	}
	printStatus(a, st, time.Now())
	return nil
}

func printStatus(a *app, st *reconciler.Status, now time.Time) {
	if st.Head.Commit == "" {
		fmt.Fprintln(a.out, "no pass has run yet\n"+ui.StyleFaint.Render("  → `reconcile plan` shows what one would do, `reconcile now` runs it"))
	} else {
		fmt.Fprintln(a.out, describeHead(a.settings.Branch, st.Head, now))
	}
	if len(st.Workspaces) == 0 && st.Head.Commit == "" {
		return
	}
	if st.Head.Error != "" {
		ui.PrintWrapped(a.out, a.width(), "  ", "the last pass failed: "+st.Head.Error)
	}
	if st.Head.TipError != "" {
		ui.PrintWrapped(a.out, a.width(), "  ", "what is stale is not known: "+st.Head.TipError)
	}
	fmt.Fprintln(a.out)
	var rows, removed []ui.Row
	for _, w := range st.Workspaces {
		outcome := w.Outcome
		if w.Removed {
			outcome = state.Removed
		}
		row := ui.Row{
			Cells: []string{visible.Name(w.Name), ui.StyleOf(outcome).Render(cmp.Or(string(outcome), "-")), strings.Join(w.Conditions(), ", "), ui.AbbrevCommit(w.Commit), ui.FormatAge(w.At, now)},
			Notes: statusNotes(w, now),
		}
		if w.Removed {
			removed = append(removed, row)
		} else {
			rows = append(rows, row)
		}
	}
	columns := []ui.Column{{Title: "WORKSPACE"}, {Title: "OUTCOME"}, {Title: "CONDITION"}, {Title: "APPLIED AT", Rank: 2}, {Title: "WHEN", Rank: 1}}
	ui.PrintTable(a.out, a.width(), columns, rows)
	if len(removed) > 0 {
		fmt.Fprintln(a.out, "\nremoved from Git (`reconcile forget WORKSPACE` takes one out of the record):")
		ui.PrintTable(a.out, a.width(), columns, removed)
	}
}

// describeHead returns what the record has adopted, beside the tip in Git.
func describeHead(branch string, h reconciler.StatusHead, now time.Time) string {
	summary := "settled"
	if !h.Settled {
		summary = "not settled"
	}
	if since := h.BehindSince; since != nil {
		summary += ", out of sync for " + ui.FormatDuration(now.Sub(*since))
	}
	at := ui.AbbrevCommit(h.Commit)
	if h.Tip != "" && h.Tip != h.Commit {
		at = fmt.Sprintf("%s in Git, the last pass took %s", ui.AbbrevCommit(h.Tip), at)
	}
	return fmt.Sprintf("%s at %s · %s · %s", branch, at, summary, ui.FormatAge(h.UpdatedAt, now))
}

// statusNotes returns what a person should know about a workspace.
func statusNotes(w reconciler.StatusWorkspace, now time.Time) []string {
	var notes []string
	if l := w.Lease; l != nil {
		notes = append(notes, fmt.Sprintf("held by run %s on %s (pid %d) for %s", l.Run, l.Host, l.PID, ui.FormatDuration(now.Sub(l.Since))))
	}
	if h := w.Hold; h != nil {
		notes = append(notes, fmt.Sprintf("%s by %s, %s: %s", h.Kind, h.PlacedBy, ui.FormatAge(h.PlacedAt, now), h.Reason))
		if h.Help != "" {
			notes = append(notes, "→ "+h.Help)
		}
	}
	if r := w.Rollout; r != nil {
		text := r.Text
		if r.SoakEnds != nil && r.SoakEnds.After(now) {
			text += " (" + ui.FormatDuration(r.SoakEnds.Sub(now)) + " left)"
		}
		notes = append(notes, text, "→ `reconcile rollout status "+w.Name+"` shows its alarms")
	}
	if attempt := w.Attempt; attempt != nil && w.Lease != nil && w.Lease.Run == attempt.Run {
		notes = append(notes, fmt.Sprintf("applying %s", ui.AbbrevCommit(attempt.Commit)))
	} else if attempt != nil && w.Rollout == nil {
		notes = append(notes, fmt.Sprintf("the apply of %s by run %s, started %s on %s, did not finish", ui.AbbrevCommit(attempt.Commit), attempt.Run, ui.FormatAge(attempt.Since, now), attempt.Host))
	}
	if w.Error != "" && (w.Hold == nil || w.Outcome == state.Failed) && (w.Rollout == nil || w.Error != w.Rollout.Text) {
		notes = append(notes, firstLine(w.Error))
	}
	for _, given := range w.Approvals {
		notes = append(notes, ui.FormatApproval(given)+"; it ends "+given.EndsAt.Local().Format(time.DateTime))
	}
	if w.Approval != nil && w.Outcome == state.Applied {
		notes = append(notes, "applied with the approval: "+ui.FormatApproval(*w.Approval))
	}
	if w.OrphanedState != "" {
		notes = append(notes, "its resources still exist, and no workspace owns their state: "+w.OrphanedState)
	}
	if w.HasDrifted() {
		changes := cmp.Or(ui.FormatChanges(*w.DriftChanges, false), "outputs only")
		notes = append(notes, fmt.Sprintf("drifted (%s), detected %s", changes, ui.FormatAge(*w.DriftAt, now)))
		help := fmt.Sprintf("→ `reconcile runs %s` shows the plan", w.DriftRun)
		switch {
		case w.Hold != nil: // its own help says what comes first
		case w.DriftWithheld != "":
			help += "; no pass reverts it: " + w.DriftWithheld
		default:
			help += fmt.Sprintf(", `reconcile now --replan %s` reverts it", w.Name)
		}
		notes = append(notes, help)
	}
	if w.RetryAt != nil && w.RetryAt.After(now) && w.Rollout == nil {
		notes = append(notes, fmt.Sprintf("retry in %s; `reconcile now` retries at once", ui.FormatDuration(w.RetryAt.Sub(now))))
	}
	return notes
}

// firstLine returns the first line of an error. runs shows the others.
func firstLine(text string) string {
	first, rest, _ := strings.Cut(strings.TrimSpace(text), "\n")
	if strings.TrimSpace(rest) != "" {
		first += " … (`reconcile runs` has the rest)"
	}
	return first
}
