package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"reconcile/cmd/reconcile/internal/ui"
	"reconcile/cmd/reconcile/internal/usage"
	"reconcile/internal/visible"
)

// newWorkerPlanCommand returns the command that `reconcile preview --executor` starts.
func newWorkerPlanCommand(a *app) *cobra.Command {
	var o confinement
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
	o.bind(c)
	return c
}

func runWorkerPlan(ctx context.Context, a *app, key string, o confinement) error {
	if err := a.settings.refuseSecrets(); err != nil {
		return err
	}
	ctx, killCtx, release := withSignals(ctx, gracePeriod, ui.LinePrinter(a.err))
	defer release()
	p, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer a.closeDeps(p)
	if err := p.confine(ctx, o); err != nil {
		return err
	}
	if err := boundMemory(o.Memory); err != nil {
		return err
	}
	results, err := p.newReconciler(nil).RunPlan(ctx, killCtx, key)
	for _, result := range results {
		fmt.Fprintf(a.err, "%s: %s %s\n", result.Name, result.Outcome, visible.Line(result.Error))
	}
	return err
}

// refuseSecrets refuses settings that would give secrets to the code of a pull request.
func (s *settings) refuseSecrets() error {
	for _, has := range []struct {
		is   bool
		name string
	}{
		{s.GitCredentials != "", "--git-credentials"},
		{s.GitUsername != "" || s.GitPassword != "", "RECONCILE_GIT_USERNAME or _PASSWORD"},
		{s.BacklogCredentials != "", "--backlog-credentials"},
		{s.BacklogAPIKey != "", envBacklogKey},
		{s.WebhookToken != "", envWebhookToken},
		{s.Executor != executorLocal, "--executor"},
	} {
		if has.is {
			return usage.Errorf("take it out of the definition of the planner's task: it plans code that nobody has approved, from a bundle that holds all its inputs",
				"%s is set", has.name)
		}
	}
	return nil
}
