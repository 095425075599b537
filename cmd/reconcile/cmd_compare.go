package main

import (
	"cmp"
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"reconcile/cmd/reconcile/internal/ui"
	"reconcile/cmd/reconcile/internal/usage"
	"reconcile/cmd/reconcile/internal/wire"
	"reconcile/internal/excerpt"
	"reconcile/internal/visible"
	"reconcile/reconciler/inspect"
	"reconcile/reconciler/run"
)

func newCompareCommand(a *app) *cobra.Command {
	var o compareOptions
	c := &cobra.Command{
		Use:     "compare WORKSPACE [OTHER]",
		GroupID: groupInspect,
		Short:   "Show two workspaces side by side: modules, versions, values, condition",
		Long: `Show two workspaces side by side: the trees of the modules that they were last
applied from, the versions of Terraform and of providers, the values of their
variables at the tip, and what is wrong with one of them. The commits that they
were last applied at are shown and not compared. Nothing is changed.

With --with-environment the other one is of that environment; it has the same
name unless another is given.

Exits 2 when they differ.`,
		Example: `  reconcile compare tokyo-ap-A tokyo-ap-B --theirs name,generation,'*.cidr'
  reconcile compare tokyo-ap-A --with-environment staging`,
		Args:              rangeArgs(1, 2, "the names of two workspaces"),
		ValidArgsFunction: a.completeWorkspaces,
		RunE: func(c *cobra.Command, args []string) error {
			o.left, o.right = args[0], args[len(args)-1]
			o.hasEnvironment = c.Flags().Changed("with-environment")
			if len(args) == 1 && !o.hasEnvironment {
				return usage.Errorf("name a second one, or --with-environment", "`reconcile compare` needs two workspaces")
			}
			return runCompare(c.Context(), a, o)
		},
	}
	c.Flags().StringVar(&o.environment, "with-environment", "", "environment of the other workspace; empty for none")
	c.Flags().StringVar(&o.record, "with-record", "", "record of that environment, if --record names one")
	c.Flags().StringSliceVar(&o.theirs, "theirs", nil, "names or patterns of values to leave out, because each workspace has its own, such as name or '*.cidr'")
	c.Flags().BoolVar(&o.all, "all", false, "also show what is the same")
	return c
}

type compareOptions struct {
	left, right         string
	environment, record string
	hasEnvironment, all bool
	theirs              []string
}

func runCompare(ctx context.Context, a *app, o compareOptions) error {
	if o.hasEnvironment && a.settings.Record != "" && o.record == "" {
		return usage.Errorf("say which record the other environment has: --with-record NAME", "--record names the record of one environment")
	}
	deps, err := a.open(ctx, wire.Git)
	if err != nil {
		return err
	}
	defer a.closeDeps(deps)
	left := deps.RunConfig(nil)
	right := left
	if o.hasEnvironment {
		settings := a.settings
		settings.Environment, settings.Record = o.environment, o.record
		other, err := wire.Open(ctx, &settings, a.log, wire.Git)
		if err != nil {
			return err
		}
		defer a.closeDeps(other)
		right = other.RunConfig(nil)
	}
	found, err := inspect.Compare(ctx, left, right, o.left, o.right, o.theirs)
	if err != nil {
		return toUsageError(err)
	}
	if a.wantsJSON() {
		err = ui.PrintJSON(a.out, found)
	} else {
		a.printComparison(found, o.all)
	}
	if err == nil && found.Differs {
		return toExitStatus(run.ExitPending)
	}
	return err
}

func (a *app) printComparison(c *inspect.Comparison, all bool) {
	title := func(side inspect.ComparedSide) string {
		if side.Environment == "" {
			return visible.Name(side.Workspace)
		}
		return fmt.Sprintf("%s (%s)", visible.Name(side.Workspace), visible.Line(side.Environment))
	}
	rows := []ui.Row{{Cells: []string{a.tr.Translate("applied commit"), "", ui.AbbrevCommit(c.A.Commit), ui.AbbrevCommit(c.B.Commit)}}}
	for _, r := range c.Rows {
		if !r.Differs && !all {
			continue
		}
		mark := ""
		if r.Differs {
			mark = "≠"
		}
		rows = append(rows, ui.Row{Cells: []string{a.tr.Translate(r.Kind) + " " + visible.Line(a.tr.Translate(r.Name)), mark, a.tr.Translate(formatCell(r.A)), a.tr.Translate(formatCell(r.B))}})
	}
	ui.PrintTable(a.out, a.width(), []ui.Column{{Title: ""}, {Title: ""}, {Title: title(c.A)}, {Title: title(c.B)}}, rows)
	if !c.Differs {
		fmt.Fprintln(a.out, a.tr.Translate("no differences"))
	}
}

// maxCell is the longest text of a cell, in characters.
const maxCell = 60

func formatCell(text string) string { return excerpt.Cut(cmp.Or(visible.Line(text), "-"), maxCell) }
