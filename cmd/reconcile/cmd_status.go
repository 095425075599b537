package main

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"reconcile/internal/visible"
	"reconcile/reconciler"
	"reconcile/state"
)

func newStatusCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "status",
		GroupID: groupLook,
		Short:   "What the record holds: each workspace, and who works on it",
		Args:    nothing,
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
	defer a.closing(p)
	st, err := p.reconciler(nil).Status(ctx)
	if err != nil {
		return err
	}
	if a.json() {
		return printJSON(a.out, st)
	}
	printStatus(a, st, time.Now())
	return nil
}

func printStatus(a *app, st *reconciler.Status, now time.Time) {
	if st.Head.Commit == "" {
		fmt.Fprintln(a.out, "no pass has run yet\n"+styleFaint.Render("  → `reconcile plan` shows what one would do, `reconcile now` runs it"))
		return
	}
	settled := "settled"
	if !st.Head.Settled {
		settled = "work is left to do"
	}
	if since := st.Head.BehindSince; since != nil {
		settled += ", ahead of what is applied for " + seconds(now.Sub(*since))
	}
	fmt.Fprintf(a.out, "%s at %s · %s · %s\n\n", a.Branch, shortCommit(st.Head.Commit), settled, ago(st.Head.UpdatedAt, now))
	var rows []row
	for _, w := range st.Workspaces {
		outcome := w.Outcome
		if w.Removed {
			outcome = state.Removed
		}
		rows = append(rows, row{
			cells: []string{visible.Name(w.Name), outcomeStyle(outcome).Render(cmp.Or(string(outcome), "-")), shortCommit(w.Commit), ago(w.At, now)},
			notes: statusNotes(w, now),
		})
	}
	table(a.out, a.width(), []string{"WORKSPACE", "OUTCOME", "APPLIED AT", "WHEN"}, rows)
}

// statusNotes are what a person should know of a workspace.
func statusNotes(w reconciler.StatusWorkspace, now time.Time) []string {
	var notes []string
	if l := w.Lease; l != nil {
		notes = append(notes, fmt.Sprintf("held by run %s on %s (pid %d) for %s", l.Run, l.Host, l.PID, seconds(now.Sub(l.Since))))
	}
	if h := w.Hold; h != nil {
		notes = append(notes, fmt.Sprintf("%s by %s, %s: %s", h.Kind, h.By, ago(h.At, now), h.Reason))
		if h.Help != "" {
			notes = append(notes, "→ "+h.Help)
		}
	}
	if at := w.Attempt; at != nil && w.Lease != nil && w.Lease.Run == at.Run {
		notes = append(notes, fmt.Sprintf("it is applying %s", shortCommit(at.Commit)))
	} else if at != nil {
		notes = append(notes, fmt.Sprintf("the apply of %s by run %s, begun %s on %s, has not ended well", shortCommit(at.Commit), at.Run, ago(at.Since, now), at.Host))
	}
	if w.Error != "" && w.Hold == nil {
		notes = append(notes, w.Error)
	}
	if w.OrphanedState != "" {
		notes = append(notes, "what it made still stands, and no workspace owns its state any more: "+w.OrphanedState)
	}
	if w.Drift != nil && *w.Drift == reconciler.DriftFound {
		changes := cmp.Or(changesText(*w.DriftChanges, false), "outputs only")
		notes = append(notes, fmt.Sprintf("drifted (%s), seen %s", changes, ago(*w.DriftAt, now)))
		notes = append(notes, fmt.Sprintf("→ `reconcile runs %s` shows the plan, `reconcile now --replan %s` puts it back", w.DriftRun, w.Name))
	}
	if w.RetryAt != nil && w.RetryAt.After(now) {
		notes = append(notes, fmt.Sprintf("tried again in %s, or at once by `reconcile now`", seconds(w.RetryAt.Sub(now))))
	}
	return notes
}
