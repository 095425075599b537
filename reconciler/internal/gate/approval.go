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
func FindApproval(approvals []state.Approval, plan *terraform.Plan, changes []risk.Change, now time.Time) (match *state.Approval, void []state.Approval) {
	for _, a := range approvals {
		isOver := !now.Before(a.EndsAt)
		switch {
		case !isOver && allows(a, plan, changes):
			match = &a
		case isOver || a.PullRequest == 0 || a.Merged || a.Digest == plan.Digest:
			void = append(void, a)
		}
	}
	return match, void
}

// allows reports whether an approval is one of exactly this plan.
func allows(a state.Approval, plan *terraform.Plan, changes []risk.Change) bool {
	return a.Digest.IsCurrent() && a.Digest == plan.Digest && a.Risk == plan.Risk.Risk.String() && findUnshownChange(a, changes) == ""
}

// findUnshownChange returns the address of a change that needs approval, and that the untrusted
// process which made the plan did not show; "" if there is none.
func findUnshownChange(a state.Approval, changes []risk.Change) string {
	if a.Changes == nil {
		return ""
	}
	for _, change := range changes {
		isIt := func(t state.ChangeToApprove) bool { return isSameChange(t, NewChangeToApprove(change)) }
		if !slices.ContainsFunc(a.Changes, isIt) {
			return change.Address
		}
	}
	return ""
}

// NewChangeToApprove returns a change that needs approval as the record keeps it.
func NewChangeToApprove(change risk.Change) state.ChangeToApprove {
	return state.ChangeToApprove{Address: change.Address, Risk: change.Risk.String(), Why: []string{change.Why.En, change.Why.Ja}}
}

func isSameChange(a, b state.ChangeToApprove) bool {
	return a.Address == b.Address && a.Risk == b.Risk && slices.Equal(a.Why, b.Why)
}

// DescribeVoid says why an approval does not count for a plan.
func DescribeVoid(a state.Approval, plan *terraform.Plan, changes []risk.Change, now time.Time) string {
	text := fmt.Sprintf("the approval of %s by %s is void: ", a.Digest.Abbrev(), a.ApprovedBy)
	if !now.Before(a.EndsAt) {
		return text + "it ended at " + a.EndsAt.UTC().Format("2006-01-02 15:04Z")
	}
	if address := findUnshownChange(a, changes); address != "" && a.Digest == plan.Digest && a.Risk == plan.Risk.Risk.String() {
		return text + fmt.Sprintf("the preview did not show what becomes of %s", address)
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
