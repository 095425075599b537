package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"reconcile/cmd/reconcile/internal/ui"
	"reconcile/cmd/reconcile/internal/usage"
	"reconcile/cmd/reconcile/internal/wire"
	"reconcile/reconciler/inspect"
	"reconcile/reconciler/run"
	"reconcile/state"
)

func newRolloutCommand(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:     "rollout",
		GroupID: groupPass,
		Short:   "Show and steer progressive applies",
		Long: `Show and steer the rollouts of workspaces that have a progressive block: they
are applied in steps, each watched by alarms.

A pass takes the steps. These commands only leave an order, which the next pass
follows; who gave it stays in the record.`,
		Example: `  reconcile rollout status
  reconcile rollout abort switchover --why 'errors in the new side'`,
		Args: cobra.ArbitraryArgs,
		RunE: runGroup,
	}
	c.AddCommand(newRolloutStatusCommand(a),
		newRolloutOrderCommand(a, state.RolloutPause, "Stop a rollout at the number that is in force", "It stays there, and its alarms are watched, until it is resumed."),
		newRolloutOrderCommand(a, state.RolloutResume, "Let a paused or stopped rollout go on", "The number that is in force is watched for its whole soak again."),
		newRolloutOrderCommand(a, state.RolloutPromote, "Skip the rest of a soak", "The next step is taken at once. A newer commit does not stop the rollout any\nmore. An alarm that is on still brings it back."),
		newRolloutOrderCommand(a, state.RolloutAbort, "Bring a rollout back to 0", "The numbers that were applied are taken backwards, without soak and without an\napproval. The workspace then waits for a person, unless a newer commit\nchanges it."),
	)
	return c
}

func newRolloutStatusCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "status [WORKSPACE]",
		Short: "Show each rollout: its step, its alarms, the time that is left",
		Example: `  reconcile rollout status
  reconcile rollout status switchover -o json`,
		Args:              rangeArgs(0, 1, "the name of one workspace"),
		ValidArgsFunction: a.completeWorkspace,
		RunE: func(c *cobra.Command, args []string) error {
			return runRolloutStatus(c.Context(), a, strings.Join(args, ""))
		},
	}
}

func runRolloutStatus(ctx context.Context, a *app, workspace string) error {
	deps, err := a.open(ctx, wire.RecordAlone)
	if err != nil {
		return err
	}
	defer a.closeDeps(deps)
	if workspace != "" {
		if err := requireWorkspace(ctx, deps, workspace); err != nil {
			return err
		}
	}
	rollouts, err := inspect.ReadRollouts(ctx, deps.RunConfig(nil), workspace)
	if err != nil {
		return err
	}
	if a.wantsJSON() {
		return ui.PrintJSON(a.out, map[string]any{"rollouts": rollouts})
	}
	if len(rollouts) == 0 {
		a.printf("no rollout is under way")
	}
	for _, r := range rollouts {
		printRollout(a, r, time.Now())
	}
	return nil
}

// describeRollout says where a rollout stands, and how long its number is still watched.
func (a *app) describeRollout(r inspect.RolloutStatus, now time.Time) string {
	text := a.tr.Translate(r.Text)
	if r.SoakEnds != nil && r.SoakEnds.After(now) {
		text = a.tr.Sprintf("%s (%s left)", text, ui.FormatDuration(a.tr, r.SoakEnds.Sub(now)))
	}
	return text
}

func printRollout(a *app, r inspect.RolloutStatus, now time.Time) {
	ui.PrintWrapped(a.out, a.width(), "", r.Workspace+": "+a.describeRollout(r, now))
	for _, alarm := range r.Alarms {
		style := ui.StyleWait
		switch alarm.State {
		case run.AlarmOK:
			style = ui.StyleGood
		case run.AlarmOn:
			style = ui.StyleBad
		}
		line := style.Render(string(alarm.State)) + " " + alarm.Name()
		if alarm.Why != "" {
			line += ": " + a.tr.Translate(alarm.Why)
		}
		ui.PrintWrapped(a.out, a.width(), "  ", line)
	}
	for _, v := range r.Verdicts {
		line := v.At.Local().Format(time.DateTime) + "  " + a.tr.Translate(v.Text)
		if v.By != "" {
			line = a.tr.Sprintf("%s (by %s)", line, v.By)
		}
		ui.PrintWrapped(a.out, a.width(), "  ", line)
	}
	if r.Order != nil {
		ui.PrintWrapped(a.out, a.width(), "  ", a.tr.Sprintf("ordered by %s: %s; the next pass follows it", r.Order.By, r.Order.Kind))
	}
}

func newRolloutOrderCommand(a *app, kind state.RolloutOrderKind, short, long string) *cobra.Command {
	o := rolloutOrderOptions{kind: kind}
	c := &cobra.Command{
		Use:   string(kind) + " [WORKSPACE]",
		Short: short,
		Long:  short + ".\n\n" + long + "\n\nWithout a name, it is for the only rollout that is under way.",
		Example: fmt.Sprintf(`  reconcile rollout %s switchover
  reconcile rollout %[1]s switchover --why 'agreed in the change meeting'`, kind),
		Args:              rangeArgs(0, 1, "the name of one workspace"),
		ValidArgsFunction: a.completeRollout,
		RunE: func(c *cobra.Command, args []string) error {
			o.workspace = strings.Join(args, "")
			return runRolloutOrder(c.Context(), a, o)
		},
	}
	c.Flags().StringVar(&o.why, "why", "", "reason to keep in the record")
	return c
}

type rolloutOrderOptions struct {
	kind           state.RolloutOrderKind
	workspace, why string
}

func runRolloutOrder(ctx context.Context, a *app, o rolloutOrderOptions) error {
	if err := checkReason(o.why); err != nil {
		return err
	}
	deps, err := a.open(ctx, wire.RecordAlone)
	if err != nil {
		return err
	}
	defer a.closeDeps(deps)
	name, r, err := findRolloutUnderWay(ctx, deps, o.workspace)
	if err != nil {
		return err
	}
	order := state.RolloutOrder{Workspace: name, Rollout: r.Run, Kind: o.kind, Reason: o.why}
	if order.By, err = identifyCaller(ctx, a, deps); err != nil {
		return err
	}
	if o.kind == state.RolloutPromote || o.kind == state.RolloutResume {
		if err := checkApprover(ctx, deps, order.By); err != nil {
			return err
		}
	}
	if err := deps.Record.PlaceRolloutOrder(ctx, order); err != nil {
		return err
	}
	defer a.updatePage(deps)
	if a.wantsJSON() {
		return ui.PrintJSON(a.out, map[string]any{"workspace": name, "run": r.Run, "kind": o.kind, "by": order.By})
	}
	a.printf("%s: %s is ordered", name, o.kind)
	a.printHint("the next pass follows it; `reconcile now` runs one")
	return nil
}

// findRolloutUnderWay returns the rollout of a workspace; of name "" the only one that is under way.
func findRolloutUnderWay(ctx context.Context, deps *wire.Deps, name string) (workspace string, r *state.Rollout, err error) {
	under, err := rolloutsUnderWay(ctx, deps)
	if err != nil {
		return "", nil, err
	}
	names := slices.Sorted(maps.Keys(under))
	switch {
	case name == "" && len(names) == 0:
		return "", nil, usage.Errorf("`reconcile rollout status` shows the last ones", "no rollout is under way")
	case name == "" && len(names) > 1:
		return "", nil, usage.Errorf("name one of them", "rollouts of %s are under way", strings.Join(names, ", "))
	case name == "":
		name = names[0]
	case under[name] == nil:
		if err := requireWorkspace(ctx, deps, name); err != nil {
			return "", nil, err
		}
		return "", nil, usage.Errorf("`reconcile rollout status` shows them", "no rollout of %s is under way", name)
	}
	return name, under[name], nil
}

// rolloutsUnderWay returns the rollouts that are under way, by workspace.
func rolloutsUnderWay(ctx context.Context, deps *wire.Deps) (map[string]*state.Rollout, error) {
	records, err := deps.Record.Workspaces(ctx)
	under := map[string]*state.Rollout{}
	for name, rec := range records {
		if rec.Rollout != nil {
			under[name] = rec.Rollout
		}
	}
	return under, err
}

// completeRollout completes the workspaces whose rollouts are under way.
func (a *app) completeRollout(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return a.complete(c, func(ctx context.Context, deps *wire.Deps) ([]string, error) {
		under, err := rolloutsUnderWay(ctx, deps)
		return slices.Sorted(maps.Keys(under)), err
	})
}
