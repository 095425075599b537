package state

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"reconcile/internal/commitid"
	"reconcile/internal/plandigest"
	"reconcile/internal/runid"
)

// Approval is a person's word that exactly one plan of a workspace may be applied, once.
// It is consumed in the write that begins the apply.
type Approval struct {
	Schema      int                    `json:"schema"`
	Workspace   string                 `json:"workspace"`
	Digest      plandigest.Digest      `json:"digest"`
	Risk        string                 `json:"risk"`
	PullRequest int                    `json:"pull_request,omitempty"` // whose preview offered the plan; 0: a pass did
	ApprovedBy  string                 `json:"by"`
	ApprovedAt  time.Time              `json:"at"`
	Reason      string                 `json:"why,omitempty"`
	EndsAt      time.Time              `json:"until"`
	Difference  *plandigest.Difference `json:"difference,omitempty"` // nil where only the fact is kept
	ExpiresAt   int64                  `json:"expires,omitempty"`    // Unix seconds
	// Comment is the comment that gave it; nil: it was given on the command line.
	Comment *ApprovalComment `json:"comment,omitempty"`
	// Merged: the pull request of the plan is a part of the tip.
	Merged bool `json:"merged,omitempty"`
	// BeforeMerge: a comment on an open pull request gave it. It lies in the partition of
	// previews until NoteMerge takes it over.
	BeforeMerge bool `json:"before_merge,omitempty"`
	// Changes is the changes that the comment showed; see OfferedPlan.
	Changes []ChangeToApprove `json:"told,omitempty"`
}

// ChangeToApprove is a change that needs approval, as people saw it.
type ChangeToApprove struct {
	Address string   `json:"address"`
	Risk    string   `json:"risk"`
	Why     []string `json:"why"` // in each language
}

// ApprovalComment is a comment on a pull request that gave an approval.
type ApprovalComment struct {
	PullRequest int `json:"pull_request"`
	ID          int `json:"id"`
	UserID      int `json:"user"` // numeric id of the Backlog user who wrote it
	// Hash is the SHA-256 of the text that was read.
	Hash string `json:"hash"`
	// Head is the head of the pull request that the plan was made of; "": a pass made the
	// plan, after the merge.
	Head commitid.ID `json:"head,omitempty"`
}

// OfferedPlan is a plan that waits for an approval, as people saw it. A workspace has one from
// passes, and one from each pull request.
type OfferedPlan struct {
	Schema      int                   `json:"schema"`
	Workspace   string                `json:"workspace"`
	PullRequest int                   `json:"pull_request"` // 0: a pass offered it
	Digest      plandigest.Digest     `json:"digest"`
	Risk        string                `json:"risk"`
	Why         string                `json:"why"`
	Run         runid.ID              `json:"run"`
	OfferedAt   time.Time             `json:"at"`
	Difference  plandigest.Difference `json:"difference"`
	ExpiresAt   int64                 `json:"expires,omitempty"` // Unix seconds
	// Head is the head of the pull request that the plan is of.
	Head commitid.ID `json:"head,omitempty"`
	// Changes holds the changes that people saw, if an untrusted process made the plan: an
	// approval counts only for a plan with no other change to approve. nil: we made it ourselves.
	Changes []ChangeToApprove `json:"told,omitempty"`
}

// Errors of approvals.
var (
	// ErrNotOffered: no such plan was offered, or it does not wait any more.
	ErrNotOffered = errors.New("no pass and no preview has offered a plan of this digest, or its plan does not wait any more")
	// ErrApprovalGone: the approval was revoked, or another run has used it.
	ErrApprovalGone = errors.New("the approval was revoked or used meanwhile")
)

// keepAfterEnd is how long an approval stays in the store after its end.
const keepAfterEnd = 30 * 24 * time.Hour

func offeredPlanSK(pullRequest int, workspace string) string {
	return fmt.Sprintf("%s%06d#%s", offeredPlanPrefix, pullRequest, workspace)
}

// offeredPlanKey returns where an offered plan is stored. Previews write to a partition of their
// own, as their tasks.
func (r *Record) offeredPlanKey(p OfferedPlan) Key {
	if p.PullRequest == 0 {
		return r.key(p.sortKey())
	}
	return r.PreviewRecord().key(p.sortKey())
}

// OfferPreviewPlan stores a plan of a pull request that would wait after the merge, so that
// people can approve it. It replaces what was offered for that pull request and workspace.
func (r *Record) OfferPreviewPlan(ctx context.Context, plan OfferedPlan) error {
	plan.Schema = Schema
	value, err := encode(plan)
	if err == nil {
		key := r.offeredPlanKey(plan)
		err = r.write(ctx, verifyStored[OfferedPlan](r, key, value), Op{Key: key, Put: value})
	}
	if err != nil {
		return fmt.Errorf("store the plan of workspace %s of pull request %d: %w", plan.Workspace, plan.PullRequest, err)
	}
	return nil
}

// OfferedPlan returns the plan of a workspace that begins with digits, which are at least
// plandigest.AbbrevLength of the digest's or the whole digest.
func (r *Record) OfferedPlan(ctx context.Context, workspace, digits string) (OfferedPlan, error) {
	plans, err := r.OfferedPlans(ctx)
	if err != nil {
		return OfferedPlan{}, err
	}
	i := slices.IndexFunc(plans, func(p OfferedPlan) bool { return p.Workspace == workspace && p.IsMeant(digits) })
	if i < 0 {
		return OfferedPlan{}, ErrNotOffered
	}
	return plans[i], nil
}

// OfferedPlans returns all plans that people can approve: those of passes first.
func (r *Record) OfferedPlans(ctx context.Context) ([]OfferedPlan, error) {
	plans, err := list[OfferedPlan](ctx, r, r.name, offeredPlanPrefix)
	if err == nil {
		var previews []OfferedPlan
		previews, err = list[OfferedPlan](ctx, r, PreviewPartitionPrefix+r.name, offeredPlanPrefix)
		plans = append(plans, previews...)
	}
	if err != nil {
		return nil, fmt.Errorf("read the plans that wait in record %s: %w", r.name, err)
	}
	return plans, nil
}

// IsMeant reports whether digits are enough of the plan's digest, or the whole.
func (p OfferedPlan) IsMeant(digits string) bool { return isMeant(p.Digest, digits) }

func isMeant(digest plandigest.Digest, digits string) bool {
	return string(digest) == digits || len(digits) >= plandigest.AbbrevLength && strings.HasPrefix(digest.Digits(), digits)
}

// Approvals returns the approvals that nobody has used, by workspace. Some may have ended.
func (r *Record) Approvals(ctx context.Context) (map[string][]Approval, error) {
	return r.approvals(ctx, r.name, PreviewPartitionPrefix+r.name)
}

// ApprovalsOutsidePreviews returns those that no comment on an open pull request gave. A
// planner may not read the others.
func (r *Record) ApprovalsOutsidePreviews(ctx context.Context) (map[string][]Approval, error) {
	return r.approvals(ctx, r.name)
}

func (r *Record) approvals(ctx context.Context, partitions ...string) (map[string][]Approval, error) {
	byWorkspace := map[string][]Approval{}
	for _, partition := range partitions {
		all, err := list[Approval](ctx, r, partition, approvalPrefix)
		if err != nil {
			return nil, fmt.Errorf("read the approvals of record %s: %w", r.name, err)
		}
		for _, a := range all {
			// Who writes previews may not approve: a pass looks at the comment.
			if isOfPreviews := partition != r.name; a.BeforeMerge == isOfPreviews && (a.Comment != nil || !isOfPreviews) {
				byWorkspace[a.Workspace] = append(byWorkspace[a.Workspace], a)
			}
		}
	}
	return byWorkspace, nil
}

// approvalKey returns where an approval is stored.
func (r *Record) approvalKey(a Approval) Key {
	if a.BeforeMerge {
		return r.PreviewRecord().key(a.sortKey())
	}
	return r.key(a.sortKey())
}

// PlaceApproval stores an approval of an offered plan and marks the head unsettled, in one
// transaction. It replaces an approval of the same digest that lies in the same partition.
// The error is ErrNotOffered if another plan was offered meanwhile.
func (r *Record) PlaceApproval(ctx context.Context, plan OfferedPlan, a Approval) error {
	return r.placeApproval(ctx, plan, a, nil)
}

// placeApproval does what PlaceApproval does, with more ops in the transaction; more may be nil.
func (r *Record) placeApproval(ctx context.Context, plan OfferedPlan, a Approval, more func(context.Context) ([]Op, error)) error {
	a.Schema, a.ExpiresAt = Schema, a.EndsAt.Add(keepAfterEnd).Unix()
	a.ApprovedAt, a.EndsAt = r.now(), a.EndsAt.UTC().Truncate(time.Millisecond)
	a.Workspace, a.Digest, a.Risk, a.PullRequest, a.Difference, a.Changes = plan.Workspace, plan.Digest, plan.Risk, plan.PullRequest, &plan.Difference, plan.Changes
	value, err := encode(a)
	if err != nil {
		return err
	}
	offered, key := r.offeredPlanKey(plan), r.approvalKey(a)
	err = r.retry(ctx, func() error {
		now, found, err := get[OfferedPlan](ctx, r, offered)
		if err == nil && (!found || now.Digest != plan.Digest) {
			err = ErrNotOffered
		}
		if err != nil {
			return err
		}
		ops, err := r.unsettleFor(ctx, a)
		if err != nil {
			return err
		}
		ops = append(ops, Op{Key: key, Put: value}, Op{Key: offered, If: Cond{Equal: map[string]any{"digest": string(plan.Digest)}}})
		if ops, err = appendOps(ctx, ops, more); err != nil {
			return err
		}
		return r.write(ctx, verifyStored[Approval](r, key, value), ops...)
	})
	if err != nil {
		return fmt.Errorf("approve a plan of workspace %s: %w", plan.Workspace, err)
	}
	return nil
}

// unsettleFor returns the op that marks the head unsettled, unless the approval has nothing
// to do with the tip yet: who reads comments may write no more than what previews write.
func (r *Record) unsettleFor(ctx context.Context, a Approval) ([]Op, error) {
	if a.BeforeMerge {
		return nil, nil
	}
	op, err := r.markUnsettledOp(ctx)
	return []Op{op}, err
}

// RevokeApproval removes the approvals of the plan that begins with digits, and marks the
// head unsettled, in one transaction for each. It reports whether there was one.
func (r *Record) RevokeApproval(ctx context.Context, workspace, digits string) (bool, error) {
	revoked := false
	err := r.retry(ctx, func() error {
		all, err := r.Approvals(ctx)
		for _, a := range all[workspace] {
			if err == nil && isMeant(a.Digest, digits) {
				revoked = true
				err = r.removeApproval(ctx, a, nil)
			}
		}
		return err
	})
	if err != nil {
		return false, fmt.Errorf("revoke the approval of a plan of workspace %s: %w", workspace, err)
	}
	return revoked, nil
}

// removeApproval removes an approval and marks the head unsettled, in one transaction with
// more ops; more may be nil. It changes nothing if the approval is gone.
func (r *Record) removeApproval(ctx context.Context, a Approval, more func(context.Context) ([]Op, error)) error {
	isGone := func(ctx context.Context) (bool, error) {
		now, found, err := get[Approval](ctx, r, r.approvalKey(a))
		return !found || !now.ApprovedAt.Equal(a.ApprovedAt), err
	}
	return r.retry(ctx, func() error {
		if gone, err := isGone(ctx); err != nil || gone {
			return err
		}
		ops, err := r.unsettleFor(ctx, a)
		if err != nil {
			return err
		}
		if ops, err = appendOps(ctx, append(ops, r.consumeOp(a)), more); err != nil {
			return err
		}
		return r.write(ctx, isGone, ops...)
	})
}

func appendOps(ctx context.Context, ops []Op, more func(context.Context) ([]Op, error)) ([]Op, error) {
	if more == nil {
		return ops, nil
	}
	others, err := more(ctx)
	return append(ops, others...), err
}

// consumeOp returns the op that deletes an approval, if it is still the one that was read.
func (r *Record) consumeOp(a Approval) Op {
	return Op{Key: r.approvalKey(a), If: Cond{Equal: map[string]any{"digest": string(a.Digest), "by": a.ApprovedBy, "at": formatTime(a.ApprovedAt)}}, Delete: true}
}

// formatTime returns a time as it is stored.
func formatTime(t time.Time) string { return t.Format(time.RFC3339Nano) }

// WriteWaiting writes a workspace whose plan waits for an approval, as Write does. From then
// on people can approve this plan. It removes the approvals that are void.
func (l *Lease) WriteWaiting(ctx context.Context, ws Workspace, plan OfferedPlan, void []Approval) error {
	plan.Schema = Schema
	value, err := encode(plan)
	if err != nil {
		return err
	}
	if err := l.put(ctx, "record", ws, l.ownedCheck(), Op{Key: l.record.key(plan.sortKey()), Put: value}); err != nil {
		return err
	}
	for _, a := range void {
		// What stays is found void again: it was replaced meanwhile, or the store failed.
		_ = l.record.store.Write(ctx, l.record.consumeOp(a))
	}
	return nil
}

// ApprovalFact is what people are shown of an approval, and what stays of it where its use is
// recorded.
type ApprovalFact struct {
	Digest      plandigest.Digest `json:"digest"`
	Risk        string            `json:"risk"`
	PullRequest int               `json:"pull_request,omitempty"` // on which it was given, or whose preview offered the plan
	CommentID   int               `json:"comment_id,omitempty"`   // that gave it; 0: the command line did
	ApprovedBy  string            `json:"by"`
	ApprovedAt  time.Time         `json:"at"`
	Reason      string            `json:"why,omitempty"`
	EndsAt      time.Time         `json:"until"`
	BeforeMerge bool              `json:"before_merge,omitempty"` // it counts after the merge
}

// Fact returns what people are shown of the approval; nil: there is none.
func (a *Approval) Fact() *ApprovalFact {
	if a == nil {
		return nil
	}
	fact := &ApprovalFact{
		Digest: a.Digest, Risk: a.Risk, PullRequest: a.PullRequest, ApprovedBy: a.ApprovedBy, ApprovedAt: a.ApprovedAt, Reason: a.Reason, EndsAt: a.EndsAt, BeforeMerge: a.BeforeMerge,
	}
	if a.Comment != nil {
		fact.PullRequest, fact.CommentID = a.Comment.PullRequest, a.Comment.ID
	}
	return fact
}

// WithoutDifference returns the approval as the attempt keeps it that consumes it: without what the
// plan changes.
func (a *Approval) WithoutDifference() *Approval {
	if a == nil {
		return nil
	}
	consumed := *a
	consumed.Difference, consumed.Changes = nil, nil
	return &consumed
}

// consumeOps returns the ops of a write that begins an apply: they delete the plan that
// people were offered, and the approval, in whichever partitions it was given.
func (l *Lease) consumeOps(ws Workspace) []Op {
	if ws.Attempt == nil || ws.Attempt.Approval == nil {
		return nil
	}
	a := *ws.Attempt.Approval
	other := a
	other.BeforeMerge = !a.BeforeMerge
	ops := []Op{
		l.record.consumeOp(a), {Key: l.record.approvalKey(other), Delete: true},
		{Key: l.record.key(offeredPlanSK(0, ws.Name)), Delete: true},
	}
	if a.PullRequest != 0 {
		ops = append(ops, Op{Key: l.record.offeredPlanKey(OfferedPlan{Workspace: ws.Name, PullRequest: a.PullRequest}), Delete: true})
	}
	return ops
}

// classifyApproval returns ErrApprovalGone for a conflict that a missing approval explains.
func (l *Lease) classifyApproval(ctx context.Context, ws Workspace, err error) error {
	if !errors.Is(err, ErrConflict) || ws.Attempt == nil || ws.Attempt.Approval == nil {
		return err
	}
	cleanupCtx, cancel := l.record.cleanupContext(ctx)
	defer cancel()
	now, found, readErr := get[Approval](cleanupCtx, l.record, l.record.approvalKey(*ws.Attempt.Approval))
	if readErr == nil && (!found || !now.ApprovedAt.Equal(ws.Attempt.Approval.ApprovedAt)) {
		return ErrApprovalGone
	}
	return err
}
