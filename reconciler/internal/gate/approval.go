package gate

import (
	"fmt"
	"slices"
	"time"

	"reconcile/internal/plandigest"
	"reconcile/reconciler/risk"
	"reconcile/reconciler/terraform"
	"reconcile/state"
)

// FindApproval returns the approval of exactly this plan, if it counts at that time, and
// those that are void: this plan is another than they allowed, or their time is over. An
// approval that was given in a pull request waits for that pull request's plan.
func FindApproval(approvals []state.Approval, plan *terraform.Plan, asking []risk.Change, now time.Time) (match *state.Approval, void []state.Approval) {
	for _, a := range approvals {
		isOver := !now.Before(a.EndsAt)
		switch {
		case !isOver && a.Digest.IsCurrent() && a.Digest == plan.Digest && a.Risk == plan.Risk.Risk.String() && findUntold(a, asking) == "":
			match = &a
		case isOver || a.PullRequest == 0 || a.Merged || a.Digest == plan.Digest:
			void = append(void, a)
		}
	}
	return match, void
}

// findUntold returns the address of a change that asks, and that an untrusted process did not
// tell to who approved; "" if there is none.
func findUntold(a state.Approval, asking []risk.Change) string {
	if a.Told == nil {
		return ""
	}
	for _, change := range asking {
		isIt := func(t state.Asking) bool { return isSameAsking(t, NewAsking(change)) }
		if !slices.ContainsFunc(a.Told, isIt) {
			return change.Address
		}
	}
	return ""
}

// NewAsking returns a change that asks as the record keeps it.
func NewAsking(change risk.Change) state.Asking {
	return state.Asking{Address: change.Address, Risk: change.Risk.String(), Why: []string{change.Why.En, change.Why.Ja}}
}

func isSameAsking(a, b state.Asking) bool {
	return a.Address == b.Address && a.Risk == b.Risk && slices.Equal(a.Why, b.Why)
}

// DescribeVoid says why an approval does not count for a plan.
func DescribeVoid(a state.Approval, plan *terraform.Plan, asking []risk.Change, now time.Time) string {
	text := fmt.Sprintf("the approval of %s by %s is void: ", a.Digest.Abbrev(), a.ApprovedBy)
	if !now.Before(a.EndsAt) {
		return text + "it ended at " + a.EndsAt.UTC().Format("2006-01-02 15:04Z")
	}
	if address := findUntold(a, asking); address != "" && a.Digest == plan.Digest && a.Risk == plan.Risk.Risk.String() {
		return text + fmt.Sprintf("the preview did not tell what becomes of %s", address)
	}
	if a.Digest == plan.Digest {
		return text + fmt.Sprintf("it was of risk %s, and the plan has %s", a.Risk, plan.Risk.Risk)
	}
	if a.Difference != nil {
		if differs := plandigest.Compare(*a.Difference, plan.Difference); differs != "" {
			return text + "the plan is another now (" + differs + ")"
		}
	}
	return text + "the plan is another now"
}
