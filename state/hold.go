package state

import (
	"context"
	"fmt"
)

// HoldConflictError reports that a hold cannot replace the existing one.
type HoldConflictError struct{ Hold Hold }

func (e *HoldConflictError) Error() string {
	if e.Hold.Kind == Suspended {
		return fmt.Sprintf("workspace %s is suspended (%s): run `reconcile resume %s` first", e.Hold.Name, e.Hold.Reason, e.Hold.Name)
	}
	return fmt.Sprintf("workspace %s is already suspended for recovery (%s): fix that, then run: reconcile resume %s", e.Hold.Name, e.Hold.Reason, e.Hold.Name)
}

// Holds returns all holds, by workspace.
func (r *Record) Holds(ctx context.Context) (map[string]Hold, error) {
	byName, err := listByName(ctx, r, holdPrefix, func(item Hold) string { return item.Name })
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
		ops := []Op{{Key: key, If: sameHold(found, old), Put: value}}
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

// snapshotHoldOp returns the op that places the hold of an applied snapshot.
func (r *Record) snapshotHoldOp(ctx context.Context, h Hold) (Op, error) {
	h.Schema = Schema
	value, err := encode(h)
	if err != nil {
		return Op{}, err
	}
	key := r.key(h.sortKey())
	old, found, err := get[Hold](ctx, r, key)
	if err == nil && found && !h.mayReplace(old) {
		err = &HoldConflictError{old}
	}
	return Op{Key: key, If: sameHold(found, old), Put: value}, err
}

// EndHold removes a hold that was read, unless it has been replaced since. It leaves the head
// as it is.
func (r *Record) EndHold(ctx context.Context, h Hold) error {
	key := r.key(h.sortKey())
	verify := func(ctx context.Context) (bool, error) {
		_, found, err := get[Hold](ctx, r, key)
		return !found, err
	}
	if err := r.write(ctx, verify, Op{Key: key, If: sameHold(true, h), Delete: true}); err != nil {
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
		err = r.write(ctx, verify, Op{Key: key, If: sameHold(found, old), Delete: true}, unsettleOp)
		removed = err == nil
		return err
	})
	if err != nil {
		return false, fmt.Errorf("remove the hold of workspace %s: %w", name, err)
	}
	return removed, nil
}

// sameHold returns the condition that the hold is still the one that was read.
func sameHold(found bool, old Hold) Cond {
	if !found {
		return Cond{Absent: true}
	}
	return Cond{Equal: map[string]any{"kind": string(old.Kind), "reason": old.Reason, "by": old.PlacedBy}}
}
