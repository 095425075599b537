package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"reconcile/internal/visible"
)

// newWorkerPlanCommand is what `reconcile preview --executor` starts; it is
// hidden, since no person does.
func newWorkerPlanCommand(a *app) *cobra.Command {
	var o confinement
	c := &cobra.Command{
		Use:   "plan KEY",
		Short: "Plan the pull request that a preview has given to this build or task",
		Long: `Plan the workspaces of a pull request that ` + "`reconcile preview --executor`" + ` has
given to this build or task, from trees that lie beside the snapshots, and leave
the plans there. It runs code that nobody has approved, so it takes no secret of
Git or Backlog, and refuses to run where there is one.`,
		Args: rangeArgs(1, 1, "a key"),
		RunE: func(c *cobra.Command, args []string) error {
			return runWorkerPlan(c.Context(), a, args[0], o)
		},
	}
	o.bind(c)
	return c
}

func runWorkerPlan(ctx context.Context, a *app, key string, o confinement) error {
	if err := a.refuseSecrets(); err != nil {
		return err
	}
	ctx, killCtx, release := withSignals(ctx, gracePeriod, linePrinter(a.err))
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

// refuseSecrets refuses settings by which the code of a pull request could
// come by what it must not have.
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
			return usagef("take it out of the definition of the planner's task: it plans code that nobody has approved, from a parcel that holds all it needs",
				"%s is set", has.name)
		}
	}
	return nil
}
