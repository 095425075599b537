package statetest

import (
	"testing"
	"time"

	"reconcile/internal/plandigest"
	"reconcile/state"
)

var digestA, digestB = plandigest.New("k1", "0123456789abcdef0123456789abcdef"), plandigest.New("k1", "fedcba9876543210fedcba9876543210")

// newOfferedPlan returns a plan of tokyo as a pass offers it.
func newOfferedPlan(digest plandigest.Digest) state.OfferedPlan {
	return state.OfferedPlan{
		Workspace: "tokyo", Digest: digest, Risk: "replace", Why: "replaces x", Run: "run-a", OfferedAt: testTime,
		Difference: plandigest.Difference{Changes: []plandigest.Change{{Address: "x", Action: "delete, create"}}},
	}
}

// offerAndApprove records a plan that waits, and approves it. It returns the approval as it
// is stored.
func offerAndApprove(t *testing.T, a *runner, l *state.Lease, digest plandigest.Digest) state.Approval {
	t.Helper()
	ctx := t.Context()
	ws := a.readTokyo()
	ws.Name, ws.Outcome = "tokyo", state.Blocked
	assertErr(t, "offer", l.WriteWaiting(ctx, ws, newOfferedPlan(digest), nil), nil)
	plan, err := a.record.OfferedPlan(ctx, "tokyo", digest.Abbrev())
	assertErr(t, "find the plan", err, nil)
	assertErr(t, "approve", a.record.PlaceApproval(ctx, plan, state.Approval{ApprovedBy: "ann", Reason: "agreed", EndsAt: testTime.Add(time.Hour)}), nil)
	all, err := a.record.Approvals(ctx)
	if err != nil || len(all["tokyo"]) != 1 {
		t.Fatalf("approvals: got %+v, %v", all, err)
	}
	return all["tokyo"][0]
}

// beginWith begins an apply with an approval.
func beginWith(t *testing.T, a *runner, l *state.Lease, approval state.Approval) error {
	t.Helper()
	ws := a.readTokyo()
	ws.Name = "tokyo"
	ws.Attempt = &state.Attempt{Run: "run-a", PlanDigest: approval.Digest, StartedAt: testTime, Approval: approval.WithoutDifference()}
	return l.BeginApply(t.Context(), ws)
}

func testApproval(t *testing.T, open Open) {
	a, b := twoRunners(t, open)
	ctx := t.Context()
	a.adoptSettled("c1")
	l := a.acquire()

	// Only what was offered can be approved, by enough digits.
	_, err := b.record.OfferedPlan(ctx, "tokyo", digestA.Abbrev())
	assertErr(t, "a plan that nobody offered", err, state.ErrNotOffered)
	approval := offerAndApprove(t, a, l, digestA)
	for workspace, digits := range map[string]string{"tokyo": digestA.Abbrev()[:15], "kyoto": digestA.Abbrev(), "": ""} {
		_, err = b.record.OfferedPlan(ctx, workspace, digits)
		assertErr(t, "another plan", err, state.ErrNotOffered)
	}
	whole, err := b.record.OfferedPlan(ctx, "tokyo", string(digestA))
	if err != nil || whole.Digest != digestA || len(whole.Difference.Changes) != 1 {
		t.Fatalf("by the whole digest: got %+v, %v", whole, err)
	}
	if head, err := b.record.Head(ctx); err != nil || head.Settled {
		t.Fatalf("an approval leaves the head settled: %+v, %v", head, err)
	}
	if approval.Digest != digestA || approval.Risk != "replace" || approval.Difference == nil || approval.ApprovedAt.IsZero() {
		t.Fatalf("approval: got %+v", approval)
	}

	// It is used once.
	assertErr(t, "begin", beginWith(t, a, l, approval), nil)
	if all, err := b.record.Approvals(ctx); err != nil || len(all) != 0 {
		t.Fatalf("used, and still there: %+v, %v", all, err)
	}
	if got := b.readTokyo().Attempt.Approval; got == nil || got.ApprovedBy != "ann" || got.Difference != nil {
		t.Fatalf("the attempt keeps %+v", got)
	}
	assertErr(t, "begin again", beginWith(t, a, l, approval), state.ErrApprovalGone)
	assertErr(t, "approve what was applied", b.record.PlaceApproval(ctx, whole, state.Approval{ApprovedBy: "ann", EndsAt: testTime}), state.ErrNotOffered)

	// Revoked, it begins nothing; nor does one that was given again meanwhile.
	approval = offerAndApprove(t, a, l, digestA)
	revoked, err := b.record.RevokeApproval(ctx, "tokyo", digestA.Abbrev())
	if err != nil || !revoked {
		t.Fatalf("revoke: got %v, %v", revoked, err)
	}
	revoked, err = b.record.RevokeApproval(ctx, "tokyo", digestA.Abbrev())
	if err != nil || revoked {
		t.Fatalf("revoke again: got %v, %v", revoked, err)
	}
	before := b.readTokyo()
	assertErr(t, "begin after the revocation", beginWith(t, a, l, approval), state.ErrApprovalGone)
	if now := b.readTokyo(); now.Rev != before.Rev {
		t.Fatalf("something was written: %+v", now)
	}

	// What a preview offered is approved before any pass offered it, and is used like that.
	ofPreview := newOfferedPlan(digestB)
	ofPreview.PullRequest = 7
	assertErr(t, "offer for a pull request", a.record.OfferPreviewPlan(ctx, ofPreview), nil)
	plan, err := b.record.OfferedPlan(ctx, "tokyo", digestB.Abbrev())
	if err != nil || plan.PullRequest != 7 {
		t.Fatalf("of a pull request: got %+v, %v", plan, err)
	}
	assertErr(t, "approve it", b.record.PlaceApproval(ctx, plan, state.Approval{ApprovedBy: "bob", EndsAt: testTime.Add(time.Hour)}), nil)
	all, err := b.record.Approvals(ctx)
	if err != nil || len(all["tokyo"]) != 1 || all["tokyo"][0].PullRequest != 7 {
		t.Fatalf("approvals: got %+v, %v", all, err)
	}
	assertErr(t, "begin with it", beginWith(t, a, l, all["tokyo"][0]), nil)
	_, err = b.record.OfferedPlan(ctx, "tokyo", digestB.Abbrev())
	assertErr(t, "the plan that was applied", err, state.ErrNotOffered)

	// Another plan takes its place, and removes what is void.
	approval = offerAndApprove(t, a, l, digestA)
	ws := a.readTokyo()
	assertErr(t, "offer another", l.WriteWaiting(ctx, ws, newOfferedPlan(digestB), []state.Approval{approval}), nil)
	if all, err := b.record.Approvals(ctx); err != nil || len(all) != 0 {
		t.Fatalf("void, and still there: %+v, %v", all, err)
	}
	_, err = b.record.OfferedPlan(ctx, "tokyo", digestA.Abbrev())
	assertErr(t, "the plan before", err, state.ErrNotOffered)
}
