package main

import (
	"context"

	"github.com/spf13/cobra"

	"reconcile/cmd/reconcile/internal/usage"
	"reconcile/reconciler"
	"reconcile/reconciler/run"
)

func newNowCommand(a *app) *cobra.Command {
	var o nowOptions
	c := &cobra.Command{
		Use:     "now [WORKSPACE...]",
		GroupID: groupPass,
		Short:   "Run one pass: apply what is stale at the tip",
		Long: `Run one pass: apply the workspaces that are stale at the tip of the branch.
With names, only those workspaces; failed upstreams are then ignored with a
warning.

Exit codes: 0 in sync, or all applied · 1 something failed · 2 something waits
for a person · 3 another run holds a lease that this one needs ·
64 wrong usage · 70 internal error. Scripts should ask for -o json as well.`,
		Example: `  reconcile now
  reconcile now tokyo --replan`,
		ValidArgsFunction: a.completeWorkspaces,
		RunE: func(c *cobra.Command, args []string) error {
			o.names = args
			return runNow(c.Context(), a, o)
		},
	}
	c.Flags().BoolVar(&o.replan, "replan", false, "take every workspace (or each named one) as stale")
	c.Flags().BoolVar(&o.adopt, "adopt", false, "apply to Terraform states that exist and that the record does not know")
	c.Flags().StringVar(&o.trigger, "trigger", run.Manual, "what started this pass: manual, schedule or webhook; manual ignores backoff")
	return c
}

type nowOptions struct {
	names   []string
	replan  bool
	adopt   bool
	trigger string
}

func runNow(ctx context.Context, a *app, o nowOptions) error {
	if err := checkTrigger(o.trigger); err != nil {
		return err
	}
	tel, err := a.openTelemetry()
	if err != nil {
		return err
	}
	defer a.closeTelemetry(ctx, tel)
	result, err := a.runPass(ctx, (*reconciler.Reconciler).Pass, run.Options{
		Only: o.names, Replan: o.replan, Adopt: o.adopt, Trigger: o.trigger,
	}, tel.Observe)
	if err != nil {
		return err
	}
	return toExitStatus(result.Exit)
}

func checkTrigger(trigger string) error {
	for _, known := range []string{run.Manual, run.Schedule, run.Webhook} {
		if trigger == known {
			return nil
		}
	}
	return usage.Errorf("--trigger takes manual, schedule or webhook", "--trigger %s is not known", trigger)
}
