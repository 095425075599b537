package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"reconcile/internal/visible"
	"reconcile/reconciler"
)

func newChangedCommand(a *app) *cobra.Command {
	var o changedOptions
	c := &cobra.Command{
		Use:     "changed",
		GroupID: groupLook,
		Short:   "Which workspaces are stale, and by which input",
		Long: `List the workspaces that are stale at the tip, and the inputs that differ from
what they were last applied from. No Terraform is run.

With --from (and --to) two commits are compared, without a record.

Exits 2 when there are any.`,
		Args: nothing,
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
		return usagef("add --from REV", "--to %s without --from", o.to)
	}
	if o.from != "" && o.to == "" {
		o.to = a.Branch
	}
	p, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer a.closing(p)
	changed, err := p.reconciler(nil).Changed(ctx, o.from, o.to)
	if err != nil {
		return err
	}
	if a.json() {
		err = printJSON(a.out, changed)
	} else {
		printChanged(a, changed)
	}
	if err == nil && len(changed.Workspaces) > 0 {
		return status(reconciler.ExitPending)
	}
	return err
}

func printChanged(a *app, c *reconciler.Changed) {
	if len(c.Workspaces) == 0 {
		fmt.Fprintf(a.out, "nothing is stale, %s\n", span(c.From, c.To))
	}
	var rows []row
	for _, w := range c.Workspaces {
		because := strings.Join(w.Stale, ", ")
		switch {
		case w.New:
			because = "new"
		case w.Removed:
			because = "removed from Git"
		}
		rows = append(rows, row{cells: []string{visible.Name(w.Name), because}})
	}
	if len(rows) > 0 {
		table(a.out, a.width(), []string{"STALE", "BECAUSE OF"}, rows)
	}
	if len(c.Maybe) > 0 {
		wrapped(a.out, a.width(), "", "if outputs change, also: "+strings.Join(c.Maybe, ", "))
	}
	printWarnings(a, c.Warnings)
}

// span is the two commits that were compared.
func span(from, to string) string {
	if from == to || from == "" {
		return "at " + shortCommit(to)
	}
	return shortCommit(from) + ".." + shortCommit(to)
}

func printWarnings(a *app, warnings []string) {
	for _, warning := range warnings {
		wrapped(a.err, a.width(), "", "warning: "+warning)
	}
}
