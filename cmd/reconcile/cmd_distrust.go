package main

import (
	"context"

	"github.com/spf13/cobra"

	"reconcile/cmd/reconcile/internal/ui"
	"reconcile/cmd/reconcile/internal/wire"
)

func newDistrustCommand(a *app) *cobra.Command {
	moved := false
	c := &cobra.Command{
		Use:     "distrust",
		GroupID: groupRepair,
		Short:   "After a restore of the record: mark every workspace as stale",
		Long: `Mark every workspace as stale until it is planned again: the record's inputs no
longer count. Run it first after the record was restored from a backup. A
workspace that is in sync gets an empty plan and is up to date again.

With --moved the record is also detached from the repository, branch and
environment that it belongs to. The next pass attaches it to
those that it runs with.`,
		Example: `  reconcile distrust
  reconcile distrust --moved`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return runDistrust(c.Context(), a, moved)
		},
	}
	c.Flags().BoolVar(&moved, "moved", false, "the repository, branch or environment of this record was renamed or moved")
	return c
}

func runDistrust(ctx context.Context, a *app, moved bool) error {
	deps, err := a.open(ctx, wire.RecordAlone)
	if err != nil {
		return err
	}
	defer a.closeDeps(deps)
	head, err := deps.Record.InvalidateTraces(ctx)
	if err == nil && moved && head.Rev != 0 {
		head.Repo, head.Branch, head.Environment = "", "", nil
		head, err = deps.Record.PutHead(ctx, head)
	}
	if err != nil {
		return err
	}
	defer a.updatePage(deps)
	if a.wantsJSON() {
		return ui.PrintJSON(a.out, map[string]any{"epoch": head.Epoch})
	}
	a.printf("every workspace is stale now")
	a.printHint("`reconcile plan` shows what a pass would do, `reconcile now` runs it")
	return nil
}
