package run

import (
	"context"
	"fmt"
	"slices"

	"reconcile/reconciler/approval"
	"reconcile/reconciler/notify"
	"reconcile/state"
)

// ReadApprovals returns the approvals that nobody has used and whose approvers are still
// named, by workspace. Some may have ended. Where the operator names nobody, an approval
// counts unless it was given by a comment.
func (c *Config) ReadApprovals(ctx context.Context) (map[string][]state.Approval, error) {
	read := c.Record.Approvals
	if c.Approvers == nil {
		read = c.Record.ApprovalsOutsidePreviews
	}
	all, err := read(ctx)
	if err != nil || len(all) == 0 {
		return all, err
	}
	var approvers *approval.Approvers
	if c.Approvers != nil {
		if approvers, err = c.Approvers(ctx); err != nil {
			return nil, fmt.Errorf("read who may approve: %w", err)
		}
	}
	for name, approvals := range all {
		approvals = slices.DeleteFunc(approvals, func(a state.Approval) bool { return !mayApprove(approvers, a) })
		if all[name] = approvals; len(approvals) == 0 {
			delete(all, name)
		}
	}
	return all, nil
}

func mayApprove(approvers *approval.Approvers, a state.Approval) bool {
	switch {
	case approvers == nil:
		return a.Comment == nil
	case a.Comment != nil:
		_, named := approvers.FindByBacklogID(a.Comment.UserID)
		return named
	}
	_, named := approvers.FindByIdentity(a.ApprovedBy)
	return named
}

// PullRequests is the service that has the pull requests and their comments: Backlog.
type PullRequests interface {
	PullRequest(ctx context.Context, number int) (approval.PullRequest, error)
	// Comments returns the comments on a pull request, the oldest first.
	Comments(ctx context.Context, number int) ([]approval.Comment, error)
	// Merged returns the numbers of the pull requests that were merged into the branch: all
	// from the oldest number on.
	Merged(ctx context.Context, branch string, oldest int) ([]int, error)
	AddComment(ctx context.Context, number int, text string) error
	// Writer writes texts for the service's users.
	Writer(ctx context.Context) (*notify.Writer, error)
}
