package state

import (
	"context"
	"fmt"
)

// Leases returns all leases of the store, of other records too, by state identity. A
// lease with an Owner is held, or was held when its holder died.
func (r *Record) Leases(ctx context.Context) (map[string]LeaseItem, error) {
	all, err := list[LeaseItem](ctx, r, LeasePartition, "")
	if err != nil {
		return nil, fmt.Errorf("read the leases: %w", err)
	}
	byIdentity := make(map[string]LeaseItem, len(all))
	for _, l := range all {
		byIdentity[l.Identity] = l
	}
	return byIdentity, nil
}

// Unlock releases the lease on an identity, regardless of its holder, and marks the head
// unsettled, in one transaction. It returns the lease as it was held (Owner "" if it was
// free). A holder that is still alive finds its lease lost. If there is no lease on the
// identity, the error is ErrNotFound.
func (r *Record) Unlock(ctx context.Context, identity string) (LeaseItem, error) {
	var held LeaseItem
	err := r.retry(ctx, func() (err error) {
		held, err = r.unlock(ctx, identity)
		return err
	})
	if err != nil {
		return LeaseItem{}, fmt.Errorf("release the lease on %s: %w", identity, err)
	}
	return held, nil
}

func (r *Record) unlock(ctx context.Context, identity string) (LeaseItem, error) {
	held, found, err := get[LeaseItem](ctx, r, leaseKey(identity))
	if err != nil {
		return held, err
	}
	if !found {
		return held, ErrNotFound
	}
	if held.Owner == "" {
		return held, nil
	}
	released := held
	// Its holder did not release it, and may have left something that must be cleaned up.
	released.Owner, released.PreviousHolders, released.ExpiresAt = "", prependOwner(held), r.now()
	value, err := encode(released)
	if err != nil {
		return held, err
	}
	unsettleOp, err := r.markUnsettledOp(ctx)
	if err != nil {
		return held, err
	}
	cond := Cond{Equal: map[string]any{"owner": held.Owner, "token": held.Token}}
	return held, r.write(ctx, verifyStored[LeaseItem](r, leaseKey(identity), value), Op{Key: leaseKey(identity), If: cond, Put: value}, unsettleOp)
}
