package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"reconcile/cmd/reconcile/internal/ui"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// newWorkerApplyCommand returns the command that executors start.
func newWorkerApplyCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "apply WORKSPACE KEY",
		Short: "Apply one workspace for a pass with --executor",
		Long: `Apply one workspace for a pass with --executor, in this build or task: from the
commit's snapshot and under the workspace's lease. The pass reads the result in
the record.`,
		Args: rangeArgs(2, 2, "a workspace and a key"),
		RunE: func(c *cobra.Command, args []string) error {
			return runWorkerApply(c.Context(), a, args[0], args[1])
		},
	}
}

func runWorkerApply(ctx context.Context, a *app, name, key string) error {
	// The tree comes from the snapshot: Git's password is not needed.
	a.settings.GitCredentials, a.settings.GitUsername, a.settings.GitPassword = "", "", ""
	ctx, killCtx, release := withSignals(ctx, gracePeriod, ui.LinePrinter(a.err))
	defer release()
	tel, err := a.openTelemetry()
	if err != nil {
		return err
	}
	defer a.closeTelemetry(ctx, tel)
	p, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer a.closeDeps(p)
	result, err := p.newReconciler(tel.Observe).RunTask(ctx, killCtx, name, key)
	if err != nil {
		return err
	}
	if a.wantsJSON() {
		return firstErr(ui.PrintJSON(a.out, result), workerExitStatus(result))
	}
	fmt.Fprintf(a.out, "%s: %s in %s\n", name, result.Outcome, (time.Duration(result.DurationMS) * time.Millisecond).Round(time.Second))
	if result.Error != "" {
		fmt.Fprintln(a.out, result.Error)
	}
	return workerExitStatus(result)
}

// workerExitStatus exits 1 for a failed workspace, so that AWS shows the build as failed.
func workerExitStatus(result run.WorkspaceResult) error {
	if result.Outcome == state.Failed {
		return toExitStatus(run.ExitFailed)
	}
	return nil
}
