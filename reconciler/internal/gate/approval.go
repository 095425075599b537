package gate

import (
	"fmt"
	"time"

	"reconcile/internal/plandigest"
	"reconcile/reconciler/terraform"
	"reconcile/state"
)

// FindApproval returns the approval of exactly this plan, if it counts at that time, and
// those that are void: this plan is another than they allowed, or their time is over. An
// approval that was given in a pull request waits for that pull request's plan.
func FindApproval(approvals []state.Approval, plan *terraform.Plan, now time.Time) (match *state.Approval, void []state.Approval) {
	for _, a := range approvals {
		isOver := !now.Before(a.EndsAt)
		switch {
		case !isOver && a.Digest.IsCurrent() && a.Digest == plan.Digest && a.Risk == plan.Risk.Risk.String():
			match = &a
		case isOver || a.PullRequest == 0 || a.Merged:
			void = append(void, a)
		}
	}
	return match, void
}

// DescribeVoid says why an approval does not count for a plan.
func DescribeVoid(a state.Approval, plan *terraform.Plan, now time.Time) string {
	text := fmt.Sprintf("the approval of %s by %s is void: ", a.Digest.Abbrev(), a.ApprovedBy)
	if !now.Before(a.EndsAt) {
		return text + "it ended at " + a.EndsAt.UTC().Format("2006-01-02 15:04Z")
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
