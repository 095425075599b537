package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"reconcile/cmd/reconcile/internal/ui"
	"reconcile/cmd/reconcile/internal/usage"
	"reconcile/cmd/reconcile/internal/wire"
	"reconcile/internal/commitid"
	"reconcile/internal/visible"
	"reconcile/reconciler/inspect"
	"reconcile/reconciler/run"
)

func newChangedCommand(a *app) *cobra.Command {
	var o changedOptions
	c := &cobra.Command{
		Use:     "changed",
		GroupID: groupInspect,
		Short:   "List stale workspaces and the inputs that changed",
		Long: `List the workspaces that are stale at the tip, and the inputs that differ from
what they were last applied from. No Terraform is run.

With --from (and --to) it compares two commits, without a record.

Exits 2 when a workspace is stale. A workspace that was removed from Git is
listed, but is not stale: a pass does not touch its resources.`,
		Example: `  reconcile changed
  reconcile changed --from HEAD~1 -o json`,
		Args:        noArgs,
		Annotations: map[string]string{annotationTriesSettings: "yes"},
		RunE: func(c *cobra.Command, _ []string) error {
			return runChanged(c.Context(), a, o)
		},
	}
	c.Flags().StringVar(&o.from, "from", "", "compare from this commit instead of the record")
	c.Flags().StringVar(&o.to, "to", "", "up to this commit (default: the tip)")
	return c
}

type changedOptions struct{ from, to string }

func runChanged(ctx context.Context, a *app, o changedOptions) error {
	if o.from == "" && o.to != "" {
		return usage.Errorf("add --from REV", "--to %s without --from", o.to)
	}
	if o.from != "" && o.to == "" {
		o.to = a.settings.Branch
	}
	deps, err := a.open(ctx, wire.Git)
	if err != nil {
		return err
	}
	defer a.closeDeps(deps)
	changed, err := inspect.FindChanged(ctx, deps.RunConfig(nil), o.from, o.to)
	if err != nil {
		return err
	}
	if a.wantsJSON() {
		err = ui.PrintJSON(a.out, changed)
	} else {
		printChanged(a, changed)
	}
	if err == nil && changed.IsStale() {
		return toExitStatus(run.ExitPending)
	}
	return err
}

func printChanged(a *app, c *inspect.Changed) {
	if len(c.Workspaces) == 0 {
		a.printf("no stale workspaces, %s", a.formatRange(c.From, c.To))
	}
	var rows []ui.Row
	for _, w := range c.Workspaces {
		reason := strings.Join(w.Stale, ", ")
		switch {
		case w.New:
			reason = a.tr.Text("new")
		case w.Removed:
			reason = a.tr.Text("removed from Git")
		}
		rows = append(rows, ui.Row{Cells: []string{visible.Name(w.Name), reason}})
	}
	if len(rows) > 0 {
		ui.PrintTable(a.out, a.width(), a.columns(ui.Column{Title: "STALE"}, ui.Column{Title: "CHANGED INPUTS"}), rows)
	}
	if len(c.Maybe) > 0 {
		ui.PrintWrapped(a.out, a.width(), "", a.tr.Sprintf("also stale if outputs change: %s", strings.Join(c.Maybe, ", ")))
	}
	printWarnings(a, c.Warnings)
}

// formatRange formats the two commits that were compared.
func (a *app) formatRange(from, to commitid.ID) string {
	if from == to || from == "" {
		return a.tr.Sprintf("at %s", ui.AbbrevCommit(to))
	}
	return ui.AbbrevCommit(from) + ".." + ui.AbbrevCommit(to)
}

func printWarnings(a *app, warnings []string) {
	for _, warning := range ui.MergeWarnings(a.tr, warnings) {
		ui.PrintWrapped(a.err, a.width(), "", a.tr.Sprintf("warning: %s", warning))
	}
}
