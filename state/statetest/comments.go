package statetest

import (
	"testing"
	"time"

	"reconcile/state"
)

// testComments: a comment gives an approval once, whatever other runs read meanwhile.
func testComments(t *testing.T, open Open) {
	a, b := twoRunners(t, open)
	ctx := t.Context()
	a.adopt("c1")
	plan := toldPlan(digestA)
	plan.PullRequest = 7
	assertErr(t, "tell of a pull request", a.TellPreview(ctx, plan), nil)
	first, err := a.ReadComments(ctx, 7)
	if err != nil || first.Rev != 0 || first.PullRequest != 7 {
		t.Fatalf("nothing was read: %+v, %v", first, err)
	}
	given := state.Approval{ApprovedBy: "Bob", EndsAt: testTime.Add(time.Hour), Comment: &state.ApprovalComment{PullRequest: 7, ID: 1, UserID: 9, Hash: "h"}}
	read, err := a.ApproveByComment(ctx, plan, given, first.With(1, state.ReadComment{Hash: "h", Done: true}))
	if err != nil || read.Rev != 1 || !read.Comments[1].Done {
		t.Fatalf("approve by a comment: %+v, %v", read, err)
	}
	_, err = b.ApproveByComment(ctx, plan, given, first.With(1, state.ReadComment{Hash: "h", Done: true}))
	assertErr(t, "another run reads it, too", err, state.ErrCommentsRead)
	_, err = b.PutReadComments(ctx, first.With(2, state.ReadComment{Hash: "i"}))
	assertErr(t, "what another run has read before", err, state.ErrCommentsRead)

	approval := approvalOf(t, b)
	assertErr(t, "note the merge", b.MarkMerged(ctx, approval), nil)
	if approval = approvalOf(t, a); !approval.Merged || approval.Comment == nil || approval.Comment.UserID != 9 {
		t.Fatalf("merged: %+v", approval)
	}
	// Taken back, it can be given again; a second time changes nothing.
	for range 2 {
		if read, err = a.TakeBackApproval(ctx, approval, read.Without(1)); err != nil || read.Comments[1].Done {
			t.Fatalf("take back: %+v, %v", read, err)
		}
	}
	if all, err := b.Approvals(ctx); err != nil || len(all) != 0 {
		t.Fatalf("taken back, and still there: %+v, %v", all, err)
	}
	_, err = a.ApproveByComment(ctx, plan, given, read.With(1, state.ReadComment{Hash: "h", Done: true}))
	assertErr(t, "approve again", err, nil)
	approvalOf(t, a)
}

// approvalOf returns the only approval of tokyo.
func approvalOf(t *testing.T, r *runner) state.Approval {
	t.Helper()
	all, err := r.Approvals(t.Context())
	if err != nil || len(all["tokyo"]) != 1 {
		t.Fatalf("approvals: got %+v, %v", all, err)
	}
	return all["tokyo"][0]
}
