package state

import (
	"context"
	"fmt"
)

// Head returns the record's head, or the zero Head (Rev 0) if there is none.
func (r *Record) Head(ctx context.Context) (Head, error) {
	head, _, err := get[Head](ctx, r, r.key(headKey))
	if err != nil {
		return Head{}, fmt.Errorf("read the head of record %s: %w", r.name, err)
	}
	return head, nil
}

// OtherHeads returns the heads of the store's other records, by name. It finds only
// records that are named in a lease.
func (r *Record) OtherHeads(ctx context.Context) (map[string]Head, error) {
	leases, err := r.Leases(ctx)
	if err != nil {
		return nil, err
	}
	heads := map[string]Head{}
	for _, l := range leases {
		if _, known := heads[l.Record]; known || l.Record == r.name || l.Record == "" {
			continue
		}
		head, _, err := get[Head](ctx, r, Key{PK: l.Record, SK: headKey})
		if err != nil {
			return nil, fmt.Errorf("read the head of record %s: %w", l.Record, err)
		}
		heads[l.Record] = head
	}
	return heads, nil
}

// PutHead replaces the head that was read with h.Rev, and returns h as stored, with the
// next Rev. If another run has written the head since, the error is ErrConflict.
func (r *Record) PutHead(ctx context.Context, h Head) (Head, error) {
	h, op, err := r.headOp(h)
	if err == nil {
		err = r.write(ctx, verifyStored[Head](r, op.Key, op.Put), op)
	}
	if err != nil {
		return Head{}, fmt.Errorf("write the head of record %s: %w", r.name, err)
	}
	return h, nil
}

// Adopt puts a head with a new tip. It raises the generation, so that runs at the old tip
// start nothing more, and marks the head unsettled.
func (r *Record) Adopt(ctx context.Context, h Head) (Head, error) {
	h.Generation++
	h.Settled = false
	return r.PutHead(ctx, h)
}

// MarkUnsettled makes the next pass check every workspace again. A pass that is about to
// settle the head then finds that it was overtaken. Without a head, MarkUnsettled does
// nothing.
func (r *Record) MarkUnsettled(ctx context.Context) error {
	err := r.retry(ctx, func() error {
		op, err := r.markUnsettledOp(ctx)
		if err != nil || op.Put == nil {
			return err
		}
		return r.write(ctx, verifyStored[Head](r, op.Key, op.Put), op)
	})
	if err != nil {
		return fmt.Errorf("mark the head of record %s as unsettled: %w", r.name, err)
	}
	return nil
}

// InvalidateTraces raises the epoch, so that no recorded trace counts any more, and
// returns the new head. It does nothing in an empty record.
func (r *Record) InvalidateTraces(ctx context.Context) (Head, error) {
	var head Head
	err := r.retry(ctx, func() (err error) {
		if head, err = r.Head(ctx); err != nil {
			return err
		}
		if head.Rev == 0 {
			workspaces, err := r.Workspaces(ctx)
			if err != nil || len(workspaces) == 0 {
				return err
			}
		}
		head.Epoch++
		head.Settled = false
		head, err = r.PutHead(ctx, head)
		return err
	})
	return head, err
}

// headOp returns h with the next Rev, and the op that stores it.
func (r *Record) headOp(h Head) (Head, Op, error) {
	cond := Cond{Absent: true}
	if h.Rev != 0 {
		cond = Cond{Equal: map[string]any{"rev": h.Rev}}
	}
	h.Schema = Schema
	h.Rev++
	h.UpdatedAt = r.now()
	value, err := encode(h)
	return h, Op{Key: r.key(headKey), If: cond, Put: value}, err
}

// markUnsettledOp returns the op that marks the head unsettled in the transaction of another
// change. It writes an unsettled head too: the new Rev tells a pass that is about to settle it.
// Without a head, the op checks that there is still none.
func (r *Record) markUnsettledOp(ctx context.Context) (Op, error) {
	head, err := r.Head(ctx)
	if err != nil {
		return Op{}, err
	}
	if head.Rev == 0 {
		return Op{Key: r.key(headKey), If: Cond{Absent: true}}, nil
	}
	head.Settled = false
	_, op, err := r.headOp(head)
	return op, err
}
