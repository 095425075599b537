package gate

import (
	"fmt"
	"slices"

	"reconcile/internal/excerpt"
	"reconcile/reconciler/internal/inventory"
	"reconcile/reconciler/terraform"
	"reconcile/reconciler/workspace/settings"
	"reconcile/state"
)

// Destroys reports whether a plan destroys or replaces something. A replacement that is
// routine for its type does not count.
func Destroys(plan *terraform.Plan) bool { return slices.ContainsFunc(plan.Risk.Changes, deletes) }

// JudgeServed is Judge for a workspace of an inventory, whose traffic these records tell: a plan
// that destroys or replaces something is forbidden while it serves any.
func JudgeServed(w *inventory.Inventory, entry *inventory.Entry, plan *terraform.Plan, records map[string]state.Workspace) Verdict {
	verdict := Judge(entry.Config, w.Config.Gate, plan)
	if !Destroys(plan) {
		return verdict
	}
	return refuseWhileServing(verdict, plan, entry.Config.Serving, w.Share(entry, records))
}

// refuseWhileServing forbids a plan that destroys or replaces something of a workspace that
// serves traffic. No approval helps.
func refuseWhileServing(v Verdict, plan *terraform.Plan, from settings.Serving, share inventory.Share) Verdict {
	if share.Unknown == "" && share.Percent == 0 {
		return v
	}
	var deleted []string
	for _, change := range plan.Risk.Changes {
		if deletes(change) {
			deleted = append(deleted, verbOf(change)+" "+change.Address)
		}
	}
	why := fmt.Sprintf("it %s while it serves %v%% of the traffic (output %s of %s)", excerpt.List(deleted, maxNamed), share.Percent, from.Output, from.Workspace)
	if share.Unknown != "" {
		why = fmt.Sprintf("it %s, and may serve traffic: %s", excerpt.List(deleted, maxNamed), share.Unknown)
	}
	return Verdict{Why: fmt.Sprintf("%s; no approval helps: bring its share to 0 first, with %s", why, from.Workspace), Forbidden: true, WhileServing: true}
}
