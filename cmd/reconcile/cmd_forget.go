package main

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"reconcile/cmd/reconcile/internal/ui"
	"reconcile/cmd/reconcile/internal/usage"
	"reconcile/cmd/reconcile/internal/wire"
	"reconcile/internal/visible"
	"reconcile/reconciler"
	"reconcile/reconciler/run"
)

func newForgetCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "forget WORKSPACE",
		GroupID: groupRepair,
		Short:   "Take a workspace that was removed from Git out of the record",
		Long: `Take a workspace whose directory was removed from Git out of the record, so that
status does not show it any more. Its Terraform state and its resources are not
touched: if they are still there, the command says where the state lies.

If the directory comes back later, it is taken for a new workspace. A pass then
applies nothing to its old state unless the plan is empty.`,
		Example: `  reconcile forget tokyo-old
  reconcile forget tokyo-old -o json`,
		Args:              rangeArgs(1, 1, "the name of one workspace"),
		ValidArgsFunction: a.completeNamed(listRemoved),
		RunE: func(c *cobra.Command, args []string) error {
			return runForget(c.Context(), a, args[0])
		},
	}
}

func runForget(ctx context.Context, a *app, name string) error {
	deps, err := a.open(ctx, wire.Git)
	if err != nil {
		return err
	}
	defer a.closeDeps(deps)
	orphaned, err := deps.NewReconciler(nil).Forget(ctx, name)
	var unknown *run.UnknownWorkspaceError
	switch {
	case errors.As(err, &unknown):
		hint := "no workspace of the record is removed from Git"
		if len(unknown.Known) > 0 {
			hint = "removed are: " + strings.Join(unknown.Known, ", ")
		}
		return usage.Errorf(hint, "no workspace %q in the record", name)
	case errors.Is(err, reconciler.ErrNotRemoved):
		return usage.Errorf("remove its directory from Git first; `reconcile suspend` keeps passes from it", "%w", err)
	case err != nil:
		return err
	}
	defer a.updatePage(deps)
	if a.wantsJSON() {
		return ui.PrintJSON(a.out, map[string]any{"workspace": name, "orphaned_state": orphaned})
	}
	a.printf("%s is forgotten", visible.Name(name))
	if orphaned != "" {
		ui.PrintWrapped(a.out, a.width(), "  → ", a.tr.Sprintf("its resources still exist, and no workspace owns their state: %s", orphaned))
	}
	return nil
}
