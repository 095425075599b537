package main

import (
	"context"

	"github.com/spf13/cobra"

	"reconcile/reconciler"
)

func newDriftCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "drift [WORKSPACE...]",
		GroupID: groupInspect,
		Short:   "What was changed behind Git's back",
		Long: `Plan the workspaces that are in sync, or the named ones, from exactly what they
were last applied from: what such a plan would do was changed behind Git's back.
It is recorded (see reconcile status) and told, and nothing is applied: to put
it back, run reconcile now --replan WORKSPACE.

A workspace that a pass has yet to apply is not looked at, and said so. No pass
waits for this: what one applies meanwhile is not recorded.

Exits 2 when something has drifted or could not be looked at yet, 1 when a plan
failed, 3 when another run was in the way, 0 when all is as it was applied.`,
		RunE: func(c *cobra.Command, args []string) error {
			return runDrift(c.Context(), a, args)
		},
	}
}

func runDrift(ctx context.Context, a *app, names []string) error {
	tel, err := a.openTelemetry()
	if err != nil {
		return err
	}
	defer a.closeTelemetry(ctx, tel)
	result, err := a.runPass(ctx, (*reconciler.Reconciler).Drift, reconciler.Options{Only: names}, tel.Observe)
	if err != nil {
		return err
	}
	return toExitStatus(result.Exit)
}
