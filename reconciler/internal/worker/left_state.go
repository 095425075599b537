package worker

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"reconcile/internal/excerpt"
	"reconcile/internal/shell"
	"reconcile/reconciler/internal/gate"
	"reconcile/reconciler/internal/inventory"
	"reconcile/reconciler/risk"
	"reconcile/reconciler/run"
	"reconcile/reconciler/terraform"
	"reconcile/reconciler/workspace"
	"reconcile/state"
)

// checkState returns why a plan must wait for a person because of the state that it was made
// against, or because of another that may be the workspace's.
func checkState(ctx context.Context, declared *declarations, workspaces *inventory.Inventory, entry *inventory.Entry, rec state.Workspace, plan *terraform.Plan) error {
	if err := gate.CheckState(workspaces.Config, workspaces.Product, workspaces.Load(entry), rec, plan); err != nil {
		return err
	}
	return checkLeftState(ctx, declared, workspaces, entry, rec, plan)
}

// checkLeftState returns why the plan of a workspace that was never applied must wait for a person:
// one that was removed when it came has left a state, and half of what that has, or of what the
// plan makes, is the same. It may be the removed one, renamed and with other files.
func checkLeftState(ctx context.Context, declared *declarations, workspaces *inventory.Inventory, entry *inventory.Entry, rec state.Workspace, plan *terraform.Plan) error {
	if rec.Trace != nil || rec.Attempt != nil || plan.StateExists || !slices.ContainsFunc(plan.Risk.Changes, isMade) {
		return nil
	}
	var left state.Workspace // of several the one that has most of it, then the last that was removed
	var shared []string
	for name, gone := range workspaces.Records {
		if !workspaces.MayBeSuccessor(entry.Dir.Name, gone) {
			continue
		}
		has, shorten := map[string]bool(nil), func(address string) string { return address }
		if workspaces.Config.HasLocalState(gone) {
			has = terraform.ReadManagedAddresses(workspaces.Config.LocalStatePath(name))
		} else {
			all, err := declared.read(ctx, workspaces)
			if err != nil {
				return err
			}
			has, shorten = all[name], declarationOf
		}
		both, made := listMade(plan, has, shorten)
		if len(both) == 0 || 2*len(both) < min(made, len(has)) {
			continue
		}
		if cmp.Or(cmp.Compare(len(both), len(shared)), compareRemoved(gone, left), cmp.Compare(left.Name, name)) > 0 {
			left, shared = gone, both
		}
	}
	if len(shared) == 0 {
		return nil
	}
	return &run.BlockedError{Retry: true, Reason: describeLeft(workspaces, entry, left, excerpt.List(shared, maxReaders))}
}

// describeLeft says that a plan makes what a removed workspace has left, and what to do.
func describeLeft(workspaces *inventory.Inventory, entry *inventory.Entry, left state.Workspace, shared string) string {
	name := shell.Quote(entry.Dir.Name)
	if !workspaces.Config.HasLocalState(left) {
		return fmt.Sprintf(
			"the removed workspace %s has left its Terraform state at %s, and its files had %s, which this plan makes: if %s is its new name, let its backend name that place again, or move the state (%s init -migrate-state), then run the pass again; else create everything a second time with `reconcile now --adopt %[4]s`",
			left.Name, workspaces.Config.FindOrphanedState(left, workspaces.HasState), shared, name, string(workspaces.Product))
	}
	file := workspaces.Config.LocalStatePath(left.Name)
	return fmt.Sprintf(
		"the removed workspace %s has left its Terraform state at %s, with %s, which this plan makes: if %s is its new name, move the state with `%s`, then run the pass again; else create everything a second time with `reconcile now --adopt %[4]s`",
		left.Name, file, shared, name, commandToMove(workspaces, entry, file))
}

// compareRemoved compares when two workspaces were removed. One without a tombstone is removed now.
func compareRemoved(a, b state.Workspace) int {
	switch {
	case a.Removed == b.Removed:
		return a.OutcomeAt.Compare(b.OutcomeAt)
	case a.Removed:
		return -1
	}
	return 1
}

// commandToMove returns the command that moves a left state to where a workspace has its own.
func commandToMove(workspaces *inventory.Inventory, entry *inventory.Entry, file string) string {
	identity := workspaces.StateIdentity(entry)
	if !strings.HasPrefix(string(identity), workspace.LocalIdentityPrefix) {
		return fmt.Sprintf("%s state push %s", string(workspaces.Product), shell.Quote(file))
	}
	to := workspaces.Config.DescribeStateAt(entry.Dir.Name, identity)
	return fmt.Sprintf("mkdir -p %s && mv %s %s", shell.Quote(filepath.Dir(to)), shell.Quote(file), shell.Quote(to))
}

func isMade(change risk.Change) bool { return change.Actions.Create() }

// listMade returns those of the addresses that a plan makes, as shorten returns them, that has
// contains, and how many it makes.
func listMade(plan *terraform.Plan, has map[string]bool, shorten func(string) string) (both []string, made int) {
	counted := map[string]bool{}
	for _, change := range plan.Risk.Changes {
		address := shorten(cmp.Or(string(change.Exact), change.Address))
		if !isMade(change) || counted[address] {
			continue
		}
		if counted[address] = true; has[address] {
			both = append(both, shorten(change.Address))
		}
	}
	return both, len(counted)
}
