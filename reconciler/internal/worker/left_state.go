package worker

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"reconcile/internal/excerpt"
	"reconcile/internal/shell"
	"reconcile/reconciler/internal/inventory"
	"reconcile/reconciler/run"
	"reconcile/reconciler/terraform"
	"reconcile/reconciler/workspace"
	"reconcile/state"
)

// checkLeftState returns why the plan of a workspace that was never applied must wait for a person:
// one that was removed when it came has left a local state, and half of what that has, or of what the
// plan makes, is the same. It may be the removed one, renamed and with other files.
func checkLeftState(workspaces *inventory.Inventory, entry *inventory.Entry, rec state.Workspace, plan *terraform.Plan) error {
	if rec.Trace != nil || rec.Attempt != nil || plan.StateExists {
		return nil
	}
	var left state.Workspace // of several the one that has most of it, then the last that was removed
	var shared []string
	for name, gone := range workspaces.Records {
		if !workspaces.MayBeSuccessor(entry.Dir.Name, gone) {
			continue
		}
		has := readAddresses(workspaces.Config.LocalStatePath(name))
		both, made := listMade(plan, has)
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
	file := workspaces.Config.LocalStatePath(left.Name)
	return &run.BlockedError{Retry: true, Reason: fmt.Sprintf(
		"the removed workspace %s has left its Terraform state at %s, with %s, which this plan makes: if %s is its new name, move the state with `%s`, then run the pass again; else create everything a second time with `reconcile now --adopt %[4]s`",
		left.Name, file, excerpt.List(shared, maxReaders), shell.Quote(entry.Dir.Name), commandToMove(workspaces, entry, file))}
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

// listMade returns the addresses of those resources that a plan makes and a state has, and how many
// it makes.
func listMade(plan *terraform.Plan, has map[string]bool) (both []string, made int) {
	for _, change := range plan.Risk.Changes {
		if !change.Actions.Create() {
			continue
		}
		made++
		if has[cmp.Or(string(change.Exact), change.Address)] {
			both = append(both, change.Address)
		}
	}
	return both, made
}

// readAddresses returns the addresses of the resources in a state file. One that is missing or
// encrypted has none.
func readAddresses(file string) map[string]bool {
	var content struct {
		Resources []struct {
			Module, Mode, Type, Name string
			Instances                []struct {
				Key json.RawMessage `json:"index_key"`
			}
		}
	}
	text, err := os.ReadFile(file)
	if err != nil || json.Unmarshal(text, &content) != nil {
		return nil
	}
	addresses := map[string]bool{}
	for _, r := range content.Resources {
		address := strings.TrimPrefix(fmt.Sprintf("%s.%s.%s", r.Module, r.Type, r.Name), ".")
		for _, instance := range r.Instances {
			if r.Mode != "managed" {
				continue
			}
			key := ""
			if len(instance.Key) > 0 {
				key = "[" + string(instance.Key) + "]"
			}
			addresses[address+key] = true
		}
	}
	return addresses
}
