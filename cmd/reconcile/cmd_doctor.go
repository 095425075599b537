package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"reconcile/cmd/reconcile/internal/config"
	"reconcile/cmd/reconcile/internal/doctor"
	"reconcile/cmd/reconcile/internal/ui"
	"reconcile/cmd/reconcile/internal/wire"
	"reconcile/reconciler/run"
)

func newDoctorCommand(a *app) *cobra.Command {
	var estate bool
	c := &cobra.Command{
		Use:     "doctor",
		GroupID: groupStart,
		Short:   "Check each setting by using it, and say how to fix it",
		Long: `Check each setting by using it: Git, the record, snapshots, the digest key,
Terraform, folders and clocks; the repository's own settings and workspaces at
the tip; the channels of notifications, the executor and the receiver of
telemetry; and where the record is in DynamoDB, whether passes run by
themselves in ECS. Nothing is applied and nobody is notified. For a missing
step of docs/bootstrap.md, it names the step.

With --estate it checks the AWS estate of this repository instead, in a
checkout of a fork: placeholders that are left in env/, the account's quotas,
alarms that nobody confirmed, and the trail. It asks AWS with your own
credentials.

Exits 1 if a check fails.`,
		Example: `  reconcile doctor
  reconcile doctor --repo https://SPACE.backlog.com/git/PROJECT/repo.git -o json`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return runDoctor(c.Context(), a, estate)
		},
	}
	c.Flags().BoolVar(&estate, "estate", false, "check the values and the account of the AWS estate in env/ instead")
	return c
}

func runDoctor(ctx context.Context, a *app, estate bool) error {
	if err := a.settings.Resolve(); err != nil {
		return err
	}
	ctx, _, release := withSignals(ctx, gracePeriod, a.tr, a.linePrinter())
	defer release()
	deps := wire.New(ctx, &a.settings, a.log)
	defer a.closeDeps(deps)
	show := func(f doctor.Result) {
		if !a.wantsJSON() {
			printCheck(a, f)
		}
	}
	var results []doctor.Result
	if estate {
		top, err := config.FindRepository()
		if err != nil {
			return err
		}
		results = doctor.New(deps).RunEstate(ctx, top, show)
	} else {
		results = doctor.New(deps).Run(ctx, show)
	}
	failures, passed := 0, "all checks passed"
	for _, f := range results {
		switch {
		case f.Skipped && f.Hint != "":
			passed = "all checks passed so far"
		case !f.OK && !f.Skipped:
			failures++
		}
	}
	switch {
	case a.wantsJSON():
		if err := ui.PrintJSON(a.out, map[string]any{"ok": failures == 0, "checks": results}); err != nil {
			return err
		}
	case failures == 0:
		fmt.Fprintln(a.out, "\n"+a.tr.Text(passed))
	default:
		fmt.Fprintln(a.out, "\n"+a.tr.Sprintf("failed checks: %d", failures))
	}
	if failures > 0 {
		return toExitStatus(run.ExitFailed)
	}
	return nil
}

// checkWidth is the width of the longest name of a check.
const checkWidth = len("rollout alarms")

func printCheck(a *app, f doctor.Result) {
	mark := ui.StyleGood.Render("✓")
	switch {
	case f.Skipped:
		mark = ui.StyleFaint.Render("-")
	case !f.OK:
		mark = ui.StyleBad.Render("✗")
	}
	fmt.Fprint(a.out, mark+" ")
	ui.PrintHanging(a.out, a.width(), 2, ui.PadRight(f.Check, checkWidth)+"  ", a.tr.Translate(f.Detail))
	if f.Hint != "" {
		ui.PrintWrapped(a.out, a.width(), strings.Repeat(" ", checkWidth+4)+"→ ", a.tr.Translate(f.Hint))
	}
}
