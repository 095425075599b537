package main

import (
	"context"

	"github.com/spf13/cobra"

	"reconcile/reconciler"
	"reconcile/reconciler/run"
)

func newPlanCommand(a *app) *cobra.Command {
	var o planOptions
	c := &cobra.Command{
		Use:     "plan [WORKSPACE...]",
		GroupID: groupInspect,
		Short:   "Show what a pass would do, without changing anything",
		Long: `Plan the workspaces that are stale at the tip, or the named ones, and change
nothing: no lease is taken, nothing is recorded.

Exits 2 when changes are pending.`,
		Example: `  reconcile plan
  reconcile plan tokyo -o json`,
		Annotations:       map[string]string{annotationTriesSettings: "yes"},
		ValidArgsFunction: a.completeWorkspaces,
		RunE: func(c *cobra.Command, args []string) error {
			o.names = args
			return runPlan(c.Context(), a, o)
		},
	}
	c.Flags().BoolVar(&o.replan, "replan", false, "take every workspace (or each named one) as stale")
	return c
}

type planOptions struct {
	names  []string
	replan bool
}

func runPlan(ctx context.Context, a *app, o planOptions) error {
	result, err := a.runPass(ctx, (*reconciler.Reconciler).Plan, leavesPage, run.Options{Only: o.names, Replan: o.replan})
	if err != nil {
		return err
	}
	return toExitStatus(result.Exit)
}
