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
	plan := newOfferedPlan(digestA)
	plan.PullRequest = 7
	assertErr(t, "offer for a pull request", a.record.OfferPreviewPlan(ctx, plan), nil)
	first, err := a.record.ReadComments(ctx, 7)
	if err != nil || first.Rev != 0 || first.PullRequest != 7 {
		t.Fatalf("nothing was read: %+v, %v", first, err)
	}
	given := state.Approval{ApprovedBy: "Bob", EndsAt: testTime.Add(time.Hour), Comment: &state.ApprovalComment{PullRequest: 7, ID: 1, UserID: 9, Hash: "h"}}
	read, err := a.record.ApproveByComment(ctx, plan, given, first.WithComment(1, state.ReadComment{Hash: "h", Done: true}))
	if err != nil || read.Rev != 1 || !read.Comments[1].Done {
		t.Fatalf("approve by a comment: %+v, %v", read, err)
	}
	_, err = b.record.ApproveByComment(ctx, plan, given, first.WithComment(1, state.ReadComment{Hash: "h", Done: true}))
	assertErr(t, "another run reads it, too", err, state.ErrCommentsRead)
	_, err = b.record.PutReadComments(ctx, first.WithComment(2, state.ReadComment{Hash: "i"}))
	assertErr(t, "what another run has read before", err, state.ErrCommentsRead)

	approval := approvalOf(t, b)
	assertErr(t, "note the merge", b.record.NoteMerge(ctx, approval, true), nil)
	if approval = approvalOf(t, a); !approval.Merged || approval.Comment == nil || approval.Comment.UserID != 9 {
		t.Fatalf("merged: %+v", approval)
	}
	// Taken back, it can be given again; a second time changes nothing.
	for range 2 {
		if read, err = a.record.TakeBackApproval(ctx, approval, read.WithoutComment(1)); err != nil || read.Comments[1].Done {
			t.Fatalf("take back: %+v, %v", read, err)
		}
	}
	if all, err := b.record.Approvals(ctx); err != nil || len(all) != 0 {
		t.Fatalf("taken back, and still there: %+v, %v", all, err)
	}
	_, err = a.record.ApproveByComment(ctx, plan, given, read.WithComment(1, state.ReadComment{Hash: "h", Done: true}))
	assertErr(t, "approve again", err, nil)
	approvalOf(t, a)
}

// testApprovalBeforeMerge: what a comment on an open pull request gives lies with previews, and
// leaves the head alone until the merge.
func testApprovalBeforeMerge(t *testing.T, open Open) {
	a, b := twoRunners(t, open)
	ctx := t.Context()
	isSettled := func() bool {
		t.Helper()
		head, err := b.record.Head(ctx)
		assertErr(t, "read the head", err, nil)
		return head.Settled
	}
	a.adoptSettled("c1")
	plan := newOfferedPlan(digestA)
	plan.PullRequest, plan.Changes = 7, []state.ChangeToApprove{{Address: "x", Risk: "replace", Why: []string{"is replaced"}}}
	assertErr(t, "offer for a pull request", a.record.OfferPreviewPlan(ctx, plan), nil)
	given := state.Approval{ApprovedBy: "Bob", EndsAt: testTime.Add(time.Hour), BeforeMerge: true, Comment: &state.ApprovalComment{PullRequest: 7, ID: 1, UserID: 9, Hash: "h"}}
	give := func() {
		t.Helper()
		read, err := a.record.ReadComments(ctx, 7)
		assertErr(t, "read", err, nil)
		_, err = a.record.ApproveByComment(ctx, plan, given, read.WithComment(1, state.ReadComment{Hash: "h", Done: true}))
		assertErr(t, "approve", err, nil)
	}
	give()
	approval := approvalOf(t, b)
	if !approval.BeforeMerge || len(approval.Changes) != 1 || !isSettled() {
		t.Fatalf("before the merge: %+v, settled %v", approval, isSettled())
	}
	if others, err := b.record.ApprovalsOutsidePreviews(ctx); err != nil || len(others) != 0 {
		t.Fatalf("it lies where passes look: %+v, %v", others, err)
	}
	revoked, err := b.record.RevokeApproval(ctx, "tokyo", digestA.Abbrev())
	if err != nil || !revoked || !isSettled() {
		t.Fatalf("revoke: %v, %v, settled %v", revoked, err, isSettled())
	}

	// The merge brings it to where passes look, once.
	assertErr(t, "note the merge of what was revoked", b.record.NoteMerge(ctx, approval, true), nil)
	give()
	approval = approvalOf(t, a)
	for range 2 {
		assertErr(t, "note the merge", b.record.NoteMerge(ctx, approval, true), nil)
	}
	if approval = approvalOf(t, a); approval.BeforeMerge || !approval.Merged || isSettled() {
		t.Fatalf("merged: %+v, settled %v", approval, isSettled())
	}

	// Two people approve the same plan in two places. It is used once.
	give()
	l := a.acquire()
	assertErr(t, "begin", beginWith(t, a, l, approval), nil)
	if all, err := b.record.Approvals(ctx); err != nil || len(all) != 0 {
		t.Fatalf("used, and still there: %+v, %v", all, err)
	}
	assertErr(t, "offer it again", a.record.OfferPreviewPlan(ctx, plan), nil)
	give()
	assertErr(t, "begin with the one of the pull request", beginWith(t, a, l, approvalOf(t, a)), nil)
	if all, err := b.record.Approvals(ctx); err != nil || len(all) != 0 {
		t.Fatalf("used, and still there: %+v, %v", all, err)
	}
}

// approvalOf returns the only approval of tokyo.
func approvalOf(t *testing.T, r *runner) state.Approval {
	t.Helper()
	all, err := r.record.Approvals(t.Context())
	if err != nil || len(all["tokyo"]) != 1 {
		t.Fatalf("approvals: got %+v, %v", all, err)
	}
	return all["tokyo"][0]
}
