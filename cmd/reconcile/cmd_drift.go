package main

import (
	"context"

	"github.com/spf13/cobra"

	"reconcile/reconciler"
	"reconcile/reconciler/run"
)

func newDriftCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "drift [WORKSPACE...]",
		GroupID: groupInspect,
		Short:   "Find changes made outside Git",
		Long: `Plan the workspaces that are in sync, or the named ones, from exactly what they
were last applied from. Changes in such a plan were made outside Git. Drift is
recorded (see reconcile status) and notified; nothing is applied. To revert it,
run reconcile now --replan WORKSPACE.

A workspace that a pass has yet to apply is skipped and reported. No pass waits
for this command: if a pass applies a workspace meanwhile, its drift is not
recorded.

Exits 2 when something has drifted or could not be checked yet, 1 when a plan
failed, 3 when another run held a lease, 0 when there is no drift.`,
		Example: `  reconcile drift
  reconcile drift tokyo --notify sns://TOPIC_ARN`,
		ValidArgsFunction: a.completeWorkspaces,
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
	result, err := a.runPass(ctx, (*reconciler.Reconciler).Drift, writesPage, run.Options{Only: names}, tel.Observe)
	if err != nil {
		return err
	}
	return toExitStatus(result.Exit)
}
