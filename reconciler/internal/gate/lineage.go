package gate

import (
	"fmt"
	"strings"

	"reconcile/internal/gitpath"
	"reconcile/internal/shell"
	"reconcile/reconciler/run"
	"reconcile/reconciler/terraform"
	"reconcile/reconciler/workspace"
	"reconcile/reconciler/workspace/repotree"
	"reconcile/reconciler/workspace/settings"
	"reconcile/state"
)

// CheckState returns why a plan must wait for a person because of the state that it was
// made against. `now --adopt` is that person's approval.
func CheckState(c *run.Config, product repotree.Product, ws *workspace.Workspace, rec state.Workspace, plan *terraform.Plan) error {
	if err := checkSameState(c, product, ws, rec, plan); err != nil {
		return err
	}
	return checkAdoption(ws.Name, rec, plan)
}

// checkSameState returns why the state is not the one that was last applied, or is
// older. nil: it is that state, or there is none to compare with.
func checkSameState(c *run.Config, product repotree.Product, ws *workspace.Workspace, rec state.Workspace, plan *terraform.Plan) error {
	found, a := state.TerraformState(plan.State), rec.Attempt
	identity := ws.Identity
	// A local state is a file of the workspace's name, whatever its path in Git.
	here := rec.Identity == identity || c.HasLocalState(rec) && strings.HasPrefix(string(identity), workspace.LocalIdentityPrefix)
	switch {
	case rec.Trace == nil && a == nil:
		return nil
	case a != nil && here && (a.State == nil || a.State.Lineage == ""):
		return nil // the attempt started without a state: this one is its result
	case isKnownEmpty(rec):
		return nil
	case switchesLocalCLIWorkspace(ws, rec):
		return waitForAdoption(ws.Name, plan, fmt.Sprintf("the settings name another Terraform CLI workspace than before (%s, before %s), and its local state is still that of the one before: correct terraform_workspace, or give the other one an entry of its own", identity, rec.Identity))
	case a == nil && rec.State == nil && here && (found.Lineage != "" || plan.Empty):
		return nil // the previous version did not record it: record it now
	}
	for _, last := range listKnownStates(rec) {
		if last.Lineage == found.Lineage && found.Lineage != "" {
			if found.Serial >= last.Serial {
				return nil
			}
			return waitForAdoption(ws.Name, plan, fmt.Sprintf("the Terraform state at %s is older than the one that was last applied (serial %d, last applied %d), as after a restore: it lacks all later changes", c.DescribeStateAt(ws.Name, identity), found.Serial, last.Serial))
		}
	}
	moved := rec.Identity != identity
	switch {
	case found.Lineage == "" && moved:
		return &run.BlockedError{Retry: true, Reason: fmt.Sprintf(
			"its state was at %s and is now configured at %s, where there is none: move it (%s init -migrate-state), or create everything again with `reconcile now --adopt %s`",
			rec.Identity, identity, string(product), shell.Quote(ws.Name))}
	case found.Lineage == "":
		return &run.BlockedError{Retry: true, Reason: fmt.Sprintf(
			"its Terraform state is missing at %s: restore it (an older version, a backup), or create everything again with `reconcile now --adopt %s`",
			c.DescribeStateAt(ws.Name, identity), shell.Quote(ws.Name))}
	case moved:
		return waitForAdoption(ws.Name, plan, fmt.Sprintf("its state was at %s and is now configured at %s, where another state exists (lineage %s): correct the backend in Git, unless a person moved its state there", rec.Identity, identity, found.Lineage))
	}
	return waitForAdoption(ws.Name, plan, fmt.Sprintf("the Terraform state at %s is not the one that was last applied (lineage %s): restore that one, unless this one replaces it", c.DescribeStateAt(ws.Name, identity), found.Lineage))
}

// switchesLocalCLIWorkspace reports whether a workspace with a local state was in another
// Terraform CLI workspace. That state has the workspace's name, so its lineage stays the same.
func switchesLocalCLIWorkspace(ws *workspace.Workspace, rec state.Workspace) bool {
	before, wasLocal := workspace.CutLocalState(rec.Identity, gitpath.Unquote(rec.Path))
	now, isLocal := workspace.CutLocalState(ws.Identity, ws.Path)
	return wasLocal && isLocal && before != now &&
		(ws.Config.CLIWorkspaceName() != settings.DefaultCLIWorkspace || strings.HasPrefix(before, "terraform.tfstate.d/"))
}

// waitForAdoption returns the error for a plan against an unexpected state.
func waitForAdoption(name string, plan *terraform.Plan, why string) error {
	return &run.BlockedError{Retry: true, Reason: fmt.Sprintf("%s; to continue with it (%s): read `reconcile plan %s`, then `reconcile now --adopt %[3]s`", why, formatChanges(plan.Changes), shell.Quote(name))}
}

// isKnownEmpty reports whether the workspace had no state when it was last recorded,
// and no apply was started since.
func isKnownEmpty(rec state.Workspace) bool {
	return rec.Attempt == nil && rec.State != nil && rec.State.Lineage == ""
}

// listKnownStates returns the recorded states of a workspace, the latest first.
func listKnownStates(rec state.Workspace) (known []state.TerraformState) {
	if a := rec.Attempt; a != nil && a.State != nil {
		known = append(known, *a.State)
	}
	if rec.State != nil {
		known = append(known, *rec.State)
	}
	return known
}

// checkAdoption returns why a plan must wait for a person: it would change a state that
// reconcile has never applied to.
func checkAdoption(name string, rec state.Workspace, plan *terraform.Plan) error {
	ours := (rec.Trace != nil || rec.Attempt != nil) && !isKnownEmpty(rec)
	if ours || !plan.StateExists || plan.Empty {
		return nil
	}
	return &run.BlockedError{Reason: fmt.Sprintf(
		"it has a Terraform state that reconcile did not apply, and the plan is not empty (%s): read it with `reconcile plan %s`, then continue with `reconcile now --adopt %[2]s`",
		formatChanges(plan.Changes), shell.Quote(name))}
}
