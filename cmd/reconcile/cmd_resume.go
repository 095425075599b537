package main

import (
	"context"

	"github.com/spf13/cobra"

	"reconcile/cmd/reconcile/internal/ui"
	"reconcile/cmd/reconcile/internal/wire"
)

func newResumeCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "resume WORKSPACE",
		GroupID: groupRepair,
		Short:   "End a suspension or a finished recovery of a workspace",
		Example: `  reconcile resume tokyo
  reconcile resume tokyo --record staging`,
		Args:              rangeArgs(1, 1, "the name of one workspace"),
		ValidArgsFunction: a.completeNamed(listHeld),
		RunE: func(c *cobra.Command, args []string) error {
			return runResume(c.Context(), a, resumeOptions{workspace: args[0]})
		},
	}
}

type resumeOptions struct{ workspace string }

func runResume(ctx context.Context, a *app, o resumeOptions) error {
	deps, err := a.open(ctx, wire.RecordAlone)
	if err != nil {
		return err
	}
	defer a.closeDeps(deps)
	lifted, err := deps.Record.RemoveHold(ctx, o.workspace)
	if err != nil {
		return err
	}
	if !lifted {
		if err := requireWorkspace(ctx, deps, o.workspace); err != nil {
			return err
		}
	} else {
		defer a.updatePage(deps)
	}
	switch {
	case a.wantsJSON():
		return ui.PrintJSON(a.out, map[string]any{"workspace": o.workspace, "lifted": lifted})
	case lifted:
		a.printf("%s is resumed; the next pass checks it", o.workspace)
	default:
		a.printf("%s had no hold", o.workspace)
	}
	return nil
}
