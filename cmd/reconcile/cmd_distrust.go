package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

func newDistrustCommand(a *app) *cobra.Command {
	moved := false
	c := &cobra.Command{
		Use:     "distrust",
		GroupID: groupRepair,
		Short:   "After a restore of the record: take every workspace as stale",
		Long: `Take every workspace as stale until it is planned again: what the record says
was applied is no longer believed. The first step after the record was
restored from a backup. What is in line has an empty plan, and is trusted
again by that.

With --moved the record is also freed from the repository, branch and
environment that it belongs to: the next pass makes it its own.`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return runDistrust(c.Context(), a, moved)
		},
	}
	c.Flags().BoolVar(&moved, "moved", false, "the repository, branch or environment of this record was renamed or moved")
	return c
}

func runDistrust(ctx context.Context, a *app, moved bool) error {
	p, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer a.closeDeps(p)
	head, err := p.record.InvalidateTraces(ctx)
	if err == nil && moved && head.Rev != 0 {
		head.Repo, head.Branch, head.Environment = "", "", nil
		head, err = p.record.PutHead(ctx, head)
	}
	if err != nil {
		return err
	}
	if a.wantsJSON() {
		return printJSON(a.out, map[string]any{"epoch": head.Epoch})
	}
	fmt.Fprintf(a.out, "every workspace is stale now\n%s\n", styleFaint.Render("  → `reconcile plan` shows what a pass would do, `reconcile now` runs it"))
	return nil
}
