package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"reconcile/cmd/reconcile/internal/ui"
	"reconcile/cmd/reconcile/internal/wire"
	"reconcile/state"
)

func newUnlockCommand(a *app) *cobra.Command {
	var o unlockOptions
	c := &cobra.Command{
		Use:     "unlock WORKSPACE",
		GroupID: groupRepair,
		Short:   "Release the lease of a dead run",
		Long: `Release the lease that a run holds on a workspace. Leases of dead runs expire
within about a minute; use this for a lease that does not.

If the holder is known to be dead, its lease is released without a question. If
it is alive on this machine, it keeps its lease, unless --force is given.
Otherwise the command asks you.

With --state-lock ID, Terraform's own lock with that id is released too, by
terraform force-unlock in the workspace. Make sure that nothing applies there:
two writers of one state lose updates.`,
		Example: `  reconcile unlock tokyo
  reconcile unlock tokyo --state-lock 7a3c1e52-08f6-4e5d-9b1e-3f3f3a0c2d11`,
		Args:              rangeArgs(1, 1, "the name of one workspace"),
		ValidArgsFunction: a.completeWorkspace,
		RunE: func(c *cobra.Command, args []string) error {
			o.workspace = args[0]
			return runUnlock(c.Context(), a, o)
		},
	}
	c.Flags().StringVar(&o.stateLock, "state-lock", "", "also release Terraform's own lock with this id")
	c.Flags().BoolVar(&o.force, "force", false, "do not ask, and release the lease even if its holder is alive")
	return c
}

type unlockOptions struct {
	workspace string
	stateLock string
	force     bool
}

func runUnlock(ctx context.Context, a *app, o unlockOptions) error {
	uses := wire.RecordAlone
	if o.stateLock != "" {
		uses = wire.Git
	}
	deps, err := a.open(ctx, uses)
	if err != nil {
		return err
	}
	defer a.closeDeps(deps)
	lease, err := findLease(ctx, deps, o.workspace)
	if err != nil {
		return err
	}
	if lease.Owner != "" {
		if err := a.confirmUnlock(ctx, deps, lease, o.force); err != nil {
			return err
		}
		if lease, err = deps.Record.Unlock(ctx, lease.Identity); err != nil {
			return err
		}
		defer a.updatePage(deps)
	}
	if o.stateLock != "" {
		ctx, killCtx, release := withSignals(ctx, gracePeriod, a.tr, a.linePrinter())
		defer release()
		if err := deps.NewReconciler(nil).ForceUnlock(ctx, killCtx, o.workspace, o.stateLock); err != nil {
			return toUsageError(err)
		}
	}
	return printUnlocked(a, o, lease)
}

func printUnlocked(a *app, o unlockOptions, lease state.LeaseItem) error {
	if a.wantsJSON() {
		return ui.PrintJSON(a.out, map[string]any{"workspace": o.workspace, "run": lease.Run, "released": lease.Owner != "", "state_lock": o.stateLock})
	}
	if lease.Owner != "" {
		a.printf("released the lease of run %s on %s", lease.Run, o.workspace)
	} else {
		a.printf("no run holds %s", o.workspace)
	}
	if o.stateLock != "" {
		a.printf("released Terraform's lock %s", o.stateLock)
	}
	return nil
}

// findLease finds the lease on a workspace, by identity or by name: a run that was killed
// early has recorded no identity.
func findLease(ctx context.Context, deps *wire.Deps, name string) (state.LeaseItem, error) {
	ws, found, err := deps.Record.Workspace(ctx, name)
	if err != nil {
		return state.LeaseItem{}, err
	}
	leases, err := deps.Record.Leases(ctx)
	if err != nil {
		return state.LeaseItem{}, err
	}
	if l, ok := leases[ws.Identity]; found && ok {
		return l, nil
	}
	for _, l := range leases {
		if l.Record == deps.Record.Name() && l.Workspace == name {
			return l, nil
		}
	}
	return state.LeaseItem{}, requireWorkspace(ctx, deps, name)
}

// confirmUnlock accepts a dead holder, refuses a live one, and asks if it is unknown.
func (a *app) confirmUnlock(ctx context.Context, deps *wire.Deps, lease state.LeaseItem, force bool) error {
	dead, known := lease.Process.IsDead()
	if !known {
		var err error
		if dead, err = deps.IsProcessDead(ctx, lease.Process); err != nil {
			a.log.Warn("could not find out whether the lease holder is alive", "error", err)
		}
	}
	holder := fmt.Sprintf("%s is held by run %s, %s, since %s", lease.Workspace, lease.Run, lease.Process, lease.AcquiredAt.Local().Format(time.DateTime))
	switch {
	case force || dead:
		return nil
	case known:
		return &leaseHeldError{holder + ": that process is alive", "stop it (that releases its lease), or add --force"}
	}
	yes, answered := a.confirm(holder + ". Is that process dead? Release its lease?")
	switch {
	case !answered:
		return &leaseHeldError{holder + ": cannot check from here whether it is dead", "if you know that it is, add --force"}
	case !yes:
		return &leaseHeldError{holder + ": lease not released", ""}
	}
	return nil
}

// confirm asks a person a question, if there is one at a terminal.
func (a *app) confirm(question string) (yes, answered bool) {
	in, ok := a.in.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return false, false
	}
	fmt.Fprintf(a.err, "%s [y/N] ", a.tr.Translate(question))
	answer, _ := bufio.NewReader(in).ReadString('\n')
	answer = strings.ToLower(strings.TrimSpace(answer))
	return answer == "y" || answer == "yes", true
}
