package state

import (
	"context"
	"fmt"

	"reconcile/internal/shell"
)

// HoldConflictError reports that a hold cannot replace the existing one.
type HoldConflictError struct{ Hold Hold }

func (e *HoldConflictError) Error() string {
	if e.Hold.Kind == Suspended {
		return fmt.Sprintf("workspace %s is suspended (%s): run `reconcile resume %s` first", e.Hold.Name, e.Hold.Reason, shell.Quote(e.Hold.Name))
	}
	return fmt.Sprintf("workspace %s is already suspended for recovery (%s): fix that, then run: reconcile resume %s", e.Hold.Name, e.Hold.Reason, shell.Quote(e.Hold.Name))
}

// Holds returns all holds, by workspace.
func (r *Record) Holds(ctx context.Context) (map[string]Hold, error) {
	byName, err := listByName(ctx, r, holdPrefix, func(item *Hold) string { return item.Name })
	if err != nil {
		return nil, fmt.Errorf("read the holds of record %s: %w", r.name, err)
	}
	return byName, nil
}

// PlaceHold places a hold. A suspension marks the head unsettled in the same transaction.
// A hold for recovery does not, because the pass that places it also settles the head. A
// suspension does not replace a hold for recovery: the error is *HoldConflictError.
func (r *Record) PlaceHold(ctx context.Context, h Hold) error {
	h.Schema = Schema
	value, err := encode(h)
	if err != nil {
		return err
	}
	key := r.key(h.sortKey())
	err = r.retry(ctx, func() error {
		old, found, err := get[Hold](ctx, r, key)
		if err != nil {
			return err
		}
		if found && !h.mayReplace(old) {
			return &HoldConflictError{old}
		}
		ops := []Op{{Key: key, If: sameHoldOrNone(old, found), Put: value}}
		if h.Kind == Suspended {
			unsettleOp, err := r.markUnsettledOp(ctx)
			if err != nil {
				return err
			}
			ops = append(ops, unsettleOp)
		}
		return r.write(ctx, verifyStored[Hold](r, key, value), ops...)
	})
	if err != nil {
		return fmt.Errorf("place a hold on workspace %s: %w", h.Name, err)
	}
	return nil
}

// IsOfSnapshot reports whether the apply of a stored snapshot placed the hold.
func (h Hold) IsOfSnapshot() bool { return h.Snapshot != "" }

// mayReplace reports whether the hold may be placed over another one.
func (h Hold) mayReplace(old Hold) bool {
	switch {
	case h.Kind != Suspended:
		return true
	case h.IsOfSnapshot(): // what a person has suspended stays suspended
		return old.IsOfSnapshot()
	}
	return old.Kind == Suspended
}

// leaseHold is the hold that the writes under a lease place, or take back.
type leaseHold struct {
	placed      *Hold // see SetHold; nil: none
	isTakenBack bool  // see TakeBackHold
	replaced    *Hold // what the first write has replaced; nil: nothing
}

// SetHold makes each write of the workspace from now on place a hold in the same transaction.
// The hold belongs to a snapshot. A write fails with *HoldConflictError, and writes nothing, if
// the workspace has another hold.
func (l *Lease) SetHold(h Hold) {
	l.mu.Lock()
	defer l.mu.Unlock()
	h.Schema = Schema
	l.hold = leaseHold{placed: &h, replaced: l.hold.replaced}
}

// TakeBackHold makes each write of the workspace from now on put back what the hold of SetHold
// has replaced, if that hold was placed: what it says was not begun.
func (l *Lease) TakeBackHold() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hold.isTakenBack = true
}

// holdOps returns the op that places or takes back the hold of SetHold; none if there is nothing
// to do.
func (l *Lease) holdOps(ctx context.Context) ([]Op, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	own := l.hold.placed
	if own == nil {
		return nil, nil
	}
	key := l.record.key(own.sortKey())
	now, found, err := get[Hold](ctx, l.record, key)
	if err != nil {
		return nil, err
	}
	isOwn := found && now.PlacedAt.Equal(own.PlacedAt) && now.PlacedBy == own.PlacedBy
	put := own
	switch {
	case l.hold.isTakenBack && !isOwn:
		return nil, nil
	case l.hold.isTakenBack:
		put = l.hold.replaced
	case found && !own.mayReplace(now):
		return nil, &HoldConflictError{now}
	case found && !isOwn:
		l.hold.replaced = &now
	}
	op := Op{Key: key, If: sameHoldOrNone(now, found)}
	if put == nil {
		op.Delete = true
		return []Op{op}, nil
	}
	op.Put, err = encode(*put)
	return []Op{op}, err
}

// EndHold removes a hold that was read, unless it has been replaced since. It leaves the head
// as it is.
func (r *Record) EndHold(ctx context.Context, h Hold) error {
	key := r.key(h.sortKey())
	verify := func(ctx context.Context) (bool, error) {
		_, found, err := get[Hold](ctx, r, key)
		return !found, err
	}
	if err := r.write(ctx, verify, Op{Key: key, If: sameHold(h), Delete: true}); err != nil {
		return fmt.Errorf("end the hold of workspace %s: %w", h.Name, err)
	}
	return nil
}

// RemoveHold removes a workspace's hold and marks the head unsettled, in one transaction.
// It reports whether there was a hold.
func (r *Record) RemoveHold(ctx context.Context, name string) (bool, error) {
	key, removed := r.key(holdPrefix+name), false
	err := r.retry(ctx, func() error {
		old, found, err := get[Hold](ctx, r, key)
		if err != nil || !found {
			return err
		}
		unsettleOp, err := r.markUnsettledOp(ctx)
		if err != nil {
			return err
		}
		verify := func(ctx context.Context) (bool, error) {
			_, found, err := get[Hold](ctx, r, key)
			return !found, err
		}
		err = r.write(ctx, verify, Op{Key: key, If: sameHoldOrNone(old, found), Delete: true}, unsettleOp)
		removed = err == nil
		return err
	})
	if err != nil {
		return false, fmt.Errorf("remove the hold of workspace %s: %w", name, err)
	}
	return removed, nil
}

// sameHold returns the condition that a hold is still the one that was read.
func sameHold(read Hold) Cond {
	return Cond{Equal: map[string]any{"kind": string(read.Kind), "reason": read.Reason, "by": read.PlacedBy}}
}

// sameHoldOrNone does the same. If none was found, the condition is that there is still none.
func sameHoldOrNone(read Hold, found bool) Cond {
	if !found {
		return Cond{Absent: true}
	}
	return sameHold(read)
}
