package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"reconcile/cmd/reconcile/internal/ui"
	"reconcile/cmd/reconcile/internal/wire"
	"reconcile/internal/shell"
	"reconcile/reconciler/inspect"
	"reconcile/reconciler/run"
	"reconcile/state"
)

func newSuspendCommand(a *app) *cobra.Command {
	var o suspendOptions
	c := &cobra.Command{
		Use:     "suspend WORKSPACE",
		GroupID: groupRepair,
		Short:   "Suspend a workspace until it is resumed",
		Long: `Suspend a workspace until reconcile resume: passes neither plan nor apply it,
and it changes no exit code. A run that is applying it now continues.`,
		Example: `  reconcile suspend tokyo --why 'DR drill until 18:00'
  reconcile suspend tokyo --state dynamodb://reconcile`,
		Args:              rangeArgs(1, 1, "the name of one workspace"),
		ValidArgsFunction: a.completeWorkspace,
		RunE: func(c *cobra.Command, args []string) error {
			o.workspace = args[0]
			return runSuspend(c.Context(), a, o)
		},
	}
	c.Flags().StringVar(&o.why, "why", "", "reason to show in status")
	return c
}

type suspendOptions struct{ workspace, why string }

func runSuspend(ctx context.Context, a *app, o suspendOptions) error {
	deps, err := a.open(ctx, wire.RecordAlone)
	if err != nil {
		return err
	}
	defer a.closeDeps(deps)
	if err := requireWorkspace(ctx, deps, o.workspace); err != nil {
		return err
	}
	hold := state.Hold{
		Name: o.workspace, Kind: state.Suspended, Reason: o.why,
		PlacedBy: state.CurrentProcess().User, PlacedAt: time.Now().UTC(),
		Help: "resume it with `reconcile resume " + shell.Quote(o.workspace) + "`",
	}
	if hold.Reason == "" {
		hold.Reason = "no reason given"
	}
	if err := deps.Record.PlaceHold(ctx, hold); err != nil {
		return err
	}
	defer a.updatePage(deps)
	if a.wantsJSON() {
		return ui.PrintJSON(a.out, map[string]any{"workspace": hold.Name, "kind": hold.Kind, "why": hold.Reason, "by": hold.PlacedBy, "at": hold.PlacedAt})
	}
	a.printf("%s is suspended", o.workspace)
	a.printHint("`reconcile resume %s` ends the suspension", shell.Quote(o.workspace))
	return nil
}

// requireWorkspace refuses a name that is neither in the record nor at the tip: a
// suspension with a misspelt name would have no effect.
func requireWorkspace(ctx context.Context, deps *wire.Deps, name string) error {
	if _, found, err := deps.Record.Workspace(ctx, name); err != nil || found {
		return err
	}
	graph, err := inspect.ReadGraph(ctx, deps.RunConfig(nil))
	if err != nil {
		return err
	}
	unknown := &run.UnknownWorkspaceError{Name: name}
	for _, w := range graph.Workspaces {
		if w.Name == name {
			return nil
		}
		unknown.Known = append(unknown.Known, w.Name)
	}
	return toUsageError(unknown)
}
