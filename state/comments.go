package state

import (
	"context"
	"errors"
	"fmt"
	"maps"
)

// ReadComments is what was read of the comments on one pull request. Previews write it, too,
// so it lies in the partition of previews.
type ReadComments struct {
	Schema      int                 `json:"schema"`
	Rev         int64               `json:"rev"` // raised by each write, for compare-and-set
	PullRequest int                 `json:"pull_request"`
	Comments    map[int]ReadComment `json:"comments"`          // by the comment's id
	ExpiresAt   int64               `json:"expires,omitempty"` // Unix seconds
}

// ReadComment is a comment as it was first read.
type ReadComment struct {
	Hash string `json:"hash"`           // of its text
	Done bool   `json:"done,omitempty"` // it gave its approvals, or was answered: nothing more comes of it
}

// ErrCommentsRead: another run has read the comments meanwhile.
var ErrCommentsRead = errors.New("another run reads the comments on this pull request")

// WithComment returns a copy with the comment.
func (c ReadComments) WithComment(id int, comment ReadComment) ReadComments {
	c.Comments = maps.Clone(c.Comments)
	if c.Comments == nil {
		c.Comments = map[int]ReadComment{}
	}
	c.Comments[id] = comment
	return c
}

// WithoutComment returns a copy without the comment, as if it were not read yet.
func (c ReadComments) WithoutComment(id int) ReadComments {
	c.Comments = maps.Clone(c.Comments)
	delete(c.Comments, id)
	return c
}

// ReadComments returns what was read of the comments on a pull request.
func (r *Record) ReadComments(ctx context.Context, number int) (ReadComments, error) {
	c, _, err := get[ReadComments](ctx, r, r.PreviewRecord().key(commentsKey(number)))
	if err != nil {
		return c, fmt.Errorf("read what was read of the comments on pull request %d: %w", number, err)
	}
	c.PullRequest = number
	return c, nil
}

// PutReadComments stores what was read, unless another run has stored something since
// ReadComments returned it: then the error is ErrCommentsRead.
func (r *Record) PutReadComments(ctx context.Context, c ReadComments) (ReadComments, error) {
	next, op, err := r.commentsOp(c)
	if err == nil {
		err = r.write(ctx, verifyStored[ReadComments](r, op.Key, op.Put), op)
	}
	if errors.Is(err, ErrConflict) {
		err = ErrCommentsRead
	}
	if err != nil {
		return c, fmt.Errorf("record what was read of the comments on pull request %d: %w", c.PullRequest, err)
	}
	return next, nil
}

func (r *Record) commentsOp(c ReadComments) (ReadComments, Op, error) {
	cond := Cond{Absent: true}
	if c.Rev > 0 {
		cond = Cond{Equal: map[string]any{"rev": c.Rev}}
	}
	c.Schema, c.Rev = Schema, c.Rev+1
	value, err := encode(c)
	return c, Op{Key: r.PreviewRecord().key(c.sortKey()), If: cond, Put: value}, err
}

// commentsOps returns the op that stores c in the transaction of another change. The error
// is ErrCommentsRead if another run has stored something meanwhile.
func (r *Record) commentsOps(c ReadComments) func(context.Context) ([]Op, error) {
	return func(ctx context.Context) ([]Op, error) {
		now, err := r.ReadComments(ctx, c.PullRequest)
		if err == nil && now.Rev != c.Rev {
			err = ErrCommentsRead
		}
		if err != nil {
			return nil, err
		}
		_, op, err := r.commentsOp(c)
		return []Op{op}, err
	}
}

// ApproveByComment does what PlaceApproval does, for an approval that a comment gave. It stores
// what was read in the same transaction, so that a comment gives an approval once.
func (r *Record) ApproveByComment(ctx context.Context, plan OfferedPlan, a Approval, read ReadComments) (ReadComments, error) {
	if err := r.placeApproval(ctx, plan, a, r.commentsOps(read)); err != nil {
		return read, err
	}
	return r.ReadComments(ctx, read.PullRequest)
}

// TakeBackApproval removes an approval, marks the head unsettled unless the approval was
// given before the merge, and stores what was read, in one transaction. It changes nothing if the approval was used or revoked meanwhile.
func (r *Record) TakeBackApproval(ctx context.Context, a Approval, read ReadComments) (ReadComments, error) {
	err := r.removeApproval(ctx, a, r.commentsOps(read))
	if err != nil {
		return read, fmt.Errorf("take back the approval of a plan of workspace %s: %w", a.Workspace, err)
	}
	return r.ReadComments(ctx, read.PullRequest)
}

// NoteMerge notes that the pull request of an approval was merged: from now on the approval
// lies where passes look, and the head is unsettled. isInTip: the merge is a part of the
// tip, so another plan makes it void. It changes nothing if the approval is gone.
func (r *Record) NoteMerge(ctx context.Context, a Approval, isInTip bool) error {
	next := a
	next.BeforeMerge, next.Merged = false, a.Merged || isInTip
	value, err := encode(next)
	if err != nil {
		return err
	}
	key := r.approvalKey(next)
	err = r.retry(ctx, func() error {
		if !a.BeforeMerge {
			return r.write(ctx, verifyStored[Approval](r, key, value), Op{Key: key, If: r.consumeOp(a).If, Put: value})
		}
		if now, found, err := get[Approval](ctx, r, r.approvalKey(a)); err != nil || !found || !now.ApprovedAt.Equal(a.ApprovedAt) {
			return err
		}
		ops, err := r.unsettleFor(ctx, next)
		if err != nil {
			return err
		}
		return r.write(ctx, verifyStored[Approval](r, key, value), append(ops, r.consumeOp(a), Op{Key: key, Put: value})...)
	})
	if err != nil && !errors.Is(err, ErrConflict) {
		return fmt.Errorf("note the merge of an approved plan of workspace %s: %w", a.Workspace, err)
	}
	return nil
}
