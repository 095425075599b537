package main

import (
	"context"
	"fmt"
	"time"

	"reconcile/cmd/reconcile/internal/config"
	"reconcile/cmd/reconcile/internal/self"
	"reconcile/cmd/reconcile/internal/ui"
	"reconcile/cmd/reconcile/internal/wire"
	"reconcile/internal/visible"
	"reconcile/reconciler/preview"
	"reconcile/reconciler/run"
	"reconcile/state"

	"github.com/spf13/cobra"
)

// newWorkerCommand holds the entry points of the processes that other commands
// start. It is hidden: no person runs them.
func newWorkerCommand(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:    "worker",
		Hidden: true,
		Short:  "Do a part of another command's work in a process of its own",
		Args:   cobra.ArbitraryArgs,
		RunE:   runGroup,
	}
	c.AddCommand(newWorkerApplyCommand(a), newWorkerPlanCommand(a), newWorkerPreviewCommand(a))
	return c
}

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
	ctx, killCtx, release := withSignals(ctx, gracePeriod, a.tr, a.linePrinter())
	defer release()
	tel, err := a.openTelemetry()
	if err != nil {
		return err
	}
	defer a.closeTelemetry(ctx, tel)
	deps, err := a.open(ctx, wire.Everything)
	if err != nil {
		return err
	}
	defer a.closeDeps(deps)
	result, err := deps.NewReconciler(tel.Observe).RunTask(ctx, killCtx, name, key)
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

// newWorkerPlanCommand returns the command that `reconcile preview --executor` starts.
func newWorkerPlanCommand(a *app) *cobra.Command {
	var o config.Confinement
	c := &cobra.Command{
		Use:   "plan KEY",
		Short: "Plan one pull request for a preview with --executor",
		Long: `Plan the workspaces of a pull request for ` + "`reconcile preview --executor`" + `, in
this build or task. It reads the trees that are stored with the snapshots, and
stores the plans there. It runs code that nobody has approved, so it refuses to
run where a secret of Git or Backlog is set.`,
		Args: rangeArgs(1, 1, "a key"),
		RunE: func(c *cobra.Command, args []string) error {
			return runWorkerPlan(c.Context(), a, args[0], o)
		},
	}
	o.Bind(c)
	return c
}

func runWorkerPlan(ctx context.Context, a *app, key string, o config.Confinement) error {
	if err := a.settings.RefuseSecrets(); err != nil {
		return err
	}
	a.settings.Approvers = "" // a planner needs no approval, and may not read who gives them
	ctx, killCtx, release := withSignals(ctx, gracePeriod, a.tr, a.linePrinter())
	defer release()
	deps, err := a.open(ctx, wire.Everything)
	if err != nil {
		return err
	}
	defer a.closeDeps(deps)
	if err := deps.Confine(ctx, o); err != nil {
		return err
	}
	if err := self.BoundMemory(o.Memory); err != nil {
		return err
	}
	results, err := preview.New(deps.RunConfig(nil)).RunPlan(ctx, killCtx, key)
	for _, result := range results {
		fmt.Fprintf(a.err, "%s: %s %s\n", result.Name, result.Outcome, visible.Line(result.Error))
	}
	return err
}
