package gate

import (
	"fmt"
	"slices"

	"reconcile/internal/excerpt"
	"reconcile/reconciler/internal/inventory"
	"reconcile/reconciler/terraform"
	"reconcile/reconciler/workspace/settings"
)

// Destroys reports whether a plan destroys or replaces something. A replacement that is
// routine for its type does not count.
func Destroys(plan *terraform.Plan) bool { return slices.ContainsFunc(plan.Risk.Changes, deletes) }

// RefuseWhileServing forbids a plan that destroys or replaces something of a workspace that
// serves traffic. No approval helps.
func RefuseWhileServing(v Verdict, plan *terraform.Plan, from settings.Serving, share inventory.Share) Verdict {
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
