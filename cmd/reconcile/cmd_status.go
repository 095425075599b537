package main

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"reconcile/cmd/reconcile/internal/ui"
	"reconcile/internal/visible"
	"reconcile/reconciler"
	"reconcile/state"
)

func newStatusCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "status",
		GroupID: groupInspect,
		Short:   "Show the record: each workspace, and which run works on it",
		Example: `  reconcile status
  reconcile status -o json`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return runStatus(c.Context(), a)
		},
	}
}

func runStatus(ctx context.Context, a *app) error {
	p, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer a.closeDeps(p)
	st, err := p.NewReconciler(nil).Status(ctx)
	if err != nil {
		return err
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
		return
	}
	summary := "settled"
	if !st.Head.Settled {
		summary = "not settled"
	}
	if since := st.Head.BehindSince; since != nil {
		summary += ", out of sync for " + ui.FormatDuration(now.Sub(*since))
	}
	fmt.Fprintf(a.out, "%s at %s · %s · %s\n", a.settings.Branch, ui.AbbrevCommit(st.Head.Commit), summary, ui.FormatAge(st.Head.UpdatedAt, now))
	if st.Head.Error != "" {
		ui.PrintWrapped(a.out, a.width(), "  ", "the last pass failed: "+st.Head.Error)
	}
	fmt.Fprintln(a.out)
	var rows []ui.Row
	for _, w := range st.Workspaces {
		outcome := w.Outcome
		if w.Removed {
			outcome = state.Removed
		}
		rows = append(rows, ui.Row{
			Cells: []string{visible.Name(w.Name), ui.StyleOf(outcome).Render(cmp.Or(string(outcome), "-")), ui.AbbrevCommit(w.Commit), ui.FormatAge(w.At, now)},
			Notes: statusNotes(w, now),
		})
	}
	ui.PrintTable(a.out, a.width(), []string{"WORKSPACE", "OUTCOME", "APPLIED AT", "WHEN"}, rows)
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
	if attempt := w.Attempt; attempt != nil && w.Lease != nil && w.Lease.Run == attempt.Run {
		notes = append(notes, fmt.Sprintf("applying %s", ui.AbbrevCommit(attempt.Commit)))
	} else if attempt != nil {
		notes = append(notes, fmt.Sprintf("the apply of %s by run %s, started %s on %s, did not finish", ui.AbbrevCommit(attempt.Commit), attempt.Run, ui.FormatAge(attempt.Since, now), attempt.Host))
	}
	if w.Error != "" && w.Hold == nil {
		notes = append(notes, w.Error)
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
	if w.Drift != nil && *w.Drift == reconciler.DriftFound {
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
	if w.RetryAt != nil && w.RetryAt.After(now) {
		notes = append(notes, fmt.Sprintf("retry in %s; `reconcile now` retries at once", ui.FormatDuration(w.RetryAt.Sub(now))))
	}
	return notes
}
