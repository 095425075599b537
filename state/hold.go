package state

import (
	"context"
	"fmt"
)

// HeldError says that a hold cannot be placed over the one that is there.
type HeldError struct{ Hold Hold }

func (e *HeldError) Error() string {
	return fmt.Sprintf("workspace %s is already held for recovery (%s): mend that first, then run: reconcile resume %s", e.Hold.Name, e.Hold.Reason, e.Hold.Name)
}

// Holds returns all holds, by workspace.
func (r *Record) Holds(ctx context.Context) (map[string]Hold, error) {
	all, err := list[Hold](ctx, r, r.name, holdPrefix)
	if err != nil {
		return nil, fmt.Errorf("read the holds of record %s: %w", r.name, err)
	}
	byName := make(map[string]Hold, len(all))
	for _, h := range all {
		byName[h.Name] = h
	}
	return byName, nil
}

// Hold places a hold. A suspension unsettles the head in the same
// transaction; a hold for recovery does not, for the pass that places it is
// the one that settles. A hold for recovery is not replaced by a suspension:
// *HeldError.
func (r *Record) Hold(ctx context.Context, h Hold) error {
	h.Schema = Schema
	value, err := encode(h)
	if err != nil {
		return err
	}
	key := r.key(h.sk())
	err = r.retry(ctx, func() error {
		old, found, err := get[Hold](ctx, r, key)
		if err != nil {
			return err
		}
		if found && old.Kind == Recovery && h.Kind == Suspended {
			return &HeldError{old}
		}
		ops := []Op{{Key: key, If: unchanged(found, old), Put: value}}
		if h.Kind == Suspended {
			unsettle, err := r.unsettling(ctx)
			if err != nil {
				return err
			}
			ops = append(ops, unsettle)
		}
		return r.write(ctx, stored[Hold](r, key, value), ops...)
	})
	if err != nil {
		return fmt.Errorf("hold workspace %s: %w", h.Name, err)
	}
	return nil
}

// Lift removes a workspace's hold, in one transaction with unsettling the
// head, and tells whether there was one.
func (r *Record) Lift(ctx context.Context, name string) (bool, error) {
	key, lifted := r.key(holdPrefix+name), false
	err := r.retry(ctx, func() error {
		old, found, err := get[Hold](ctx, r, key)
		if err != nil || !found {
			return err
		}
		unsettle, err := r.unsettling(ctx)
		if err != nil {
			return err
		}
		gone := func(ctx context.Context) (bool, error) {
			_, found, err := get[Hold](ctx, r, key)
			return !found, err
		}
		err = r.write(ctx, gone, Op{Key: key, If: unchanged(found, old), Delete: true}, unsettle)
		lifted = err == nil
		return err
	})
	if err != nil {
		return false, fmt.Errorf("lift the hold of workspace %s: %w", name, err)
	}
	return lifted, nil
}

// unchanged is the condition that a hold is still the one that was read.
func unchanged(found bool, old Hold) Cond {
	if !found {
		return Cond{Absent: true}
	}
	return Cond{Equal: map[string]any{"kind": string(old.Kind), "reason": old.Reason, "by": old.By}}
}
