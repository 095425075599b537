package main

import (
	"context"

	"github.com/spf13/cobra"

	"reconcile/cmd/reconcile/internal/usage"
	"reconcile/cmd/reconcile/internal/wire"
	"reconcile/reconciler"
	"reconcile/reconciler/run"
	"reconcile/state"
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

With --snapshot, without Git: the named workspaces are applied from a stored
snapshot, by the same gate and approvals. Passes leave what was applied so until
a commit of the branch says the same, or reconcile resume.

Exit codes: 0 in sync, or all applied · 1 something failed · 2 something waits
for a person · 3 another run holds a lease that this one needs ·
64 wrong usage · 70 internal error. Scripts should ask for -o json as well.`,
		Example: `  reconcile now
  reconcile now tokyo --replan
  reconcile now switchover --at-once --why 'Tokyo is down'
  reconcile now --snapshot latest tokyo --values env/tokyo/dr.tfvars`,
		ValidArgsFunction: a.completeWorkspaces,
		RunE: func(c *cobra.Command, args []string) error {
			o.names = args
			if err := o.check(c.Flags().Changed("snapshot")); err != nil {
				return err
			}
			return runNow(c.Context(), a, o)
		},
	}
	c.Flags().BoolVar(&o.replan, "replan", false, "take every workspace (or each named one) as stale")
	c.Flags().BoolVar(&o.adopt, "adopt", false, "apply to Terraform states that exist and that the record does not know")
	c.Flags().BoolVar(&o.atOnce, "at-once", false, "leave out the steps of a progressive apply of the named workspaces; needs --why")
	c.Flags().StringVar(&o.why, "why", "", "with --at-once: the reason to keep in the record")
	c.Flags().StringVar(&o.trigger, "trigger", run.TriggerManual, "what started this pass: manual, schedule or webhook; manual ignores backoff")
	c.Flags().StringVar(&o.snapshot, "snapshot", "", "apply the named workspaces from the stored snapshot of this commit (or its first characters; latest: the last stored) without asking Git")
	c.Flags().StringArrayVar(&o.values, "values", nil, "with --snapshot: a variable file of the snapshot, by its path in the repository, passed last; one in the directory of a workspace is for that workspace alone")
	return c
}

type nowOptions struct {
	names   []string
	replan  bool
	adopt   bool
	trigger string

	snapshot string
	values   []string

	atOnce bool
	why    string
}

// check refuses options that contradict each other.
func (o nowOptions) check(snapshotGiven bool) error {
	switch {
	case !snapshotGiven && len(o.values) > 0:
		return usage.Errorf("give --snapshot as well, or commit the values", "--values is for --snapshot only")
	case snapshotGiven && o.snapshot == "":
		return usage.Errorf("give a commit, or latest", "--snapshot names no snapshot")
	case snapshotGiven && len(o.names) == 0:
		return usage.Errorf("`reconcile now --snapshot COMMIT WORKSPACE…`", "--snapshot needs the names of the workspaces to apply")
	case snapshotGiven && o.trigger != run.TriggerManual:
		return usage.Errorf("leave --trigger out", "--snapshot is for people, not for --trigger %s", o.trigger)
	}
	if err := o.checkAtOnce(); err != nil {
		return err
	}
	return checkTrigger(o.trigger)
}

func runNow(ctx context.Context, a *app, o nowOptions) error {
	tel, err := a.openTelemetry()
	if err != nil {
		return err
	}
	defer a.closeTelemetry(ctx, tel)
	options := run.Options{Only: o.names, Replan: o.replan, Adopt: o.adopt, Trigger: o.trigger, Snapshot: o.snapshot, Values: o.values}
	if o.atOnce {
		by, err := identifyOnce(ctx, a)
		if err != nil {
			return err
		}
		options.AtOnce = &state.AtOnce{By: by, Why: o.why}
	}
	result, err := a.runPass(ctx, (*reconciler.Reconciler).Pass, writesPage, options, tel.Observe)
	if err != nil {
		return err
	}
	return toExitStatus(result.Exit)
}

// identifyOnce returns who runs this, before the pass opens what it needs.
func identifyOnce(ctx context.Context, a *app) (string, error) {
	deps, err := a.open(ctx, wire.RecordAlone)
	if err != nil {
		return "", err
	}
	defer a.closeDeps(deps)
	return identifyCaller(ctx, a, deps)
}

// checkAtOnce refuses to leave out steps without a name and a reason.
func (o nowOptions) checkAtOnce() error {
	switch {
	case o.atOnce && len(o.names) == 0:
		return usage.Errorf("name the workspaces: `reconcile now --at-once WORKSPACE --why …`", "--at-once is for named workspaces only")
	case o.atOnce && o.why == "":
		return usage.Errorf("say why: `reconcile now --at-once WORKSPACE --why …`", "--at-once needs a reason")
	case !o.atOnce && o.why != "":
		return usage.Errorf("leave it out, or add --at-once", "--why belongs to --at-once")
	}
	return checkReason(o.why)
}

func checkTrigger(trigger string) error {
	for _, known := range []string{run.TriggerManual, run.TriggerSchedule, run.TriggerWebhook} {
		if trigger == known {
			return nil
		}
	}
	return usage.Errorf("--trigger takes manual, schedule or webhook", "--trigger %s is not known", trigger)
}
