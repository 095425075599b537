package state

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"reconcile/internal/stateid"
)

// Lease is the right to act on one state identity. It renews itself until it is released,
// abandoned or lost.
type Lease struct {
	record  *Record
	request LeaseRequest

	ctx, killCtx    context.Context
	interrupt, kill context.CancelCauseFunc

	stopRenewals context.CancelFunc
	renewalsDone chan struct{} // closed when no renewal runs any more

	item         LeaseItem // as it was acquired
	heartbeat    int64     // of the last renewal; only the renewals use it and pendingSince
	pendingSince *instant  // from when the heartbeat in flight can have taken effect; nil: none is in flight

	mu               sync.Mutex
	validFrom        instant                // the lease is ours for at least one lease duration from here
	lastWritten      map[string]itemVersion // by workspace: as this lease last wrote it
	holdersForgotten bool                   // the previous holders left nothing behind
	killedWork       *PreviousHolder        // work of ours that was killed and may have left something behind
	hold             leaseHold
}

// itemVersion is what a write needs to know of the workspace item that it replaces.
type itemVersion struct {
	rev   int64
	parts int
}

// instant is a point in time on both clocks.
type instant struct {
	mono time.Duration
	wall time.Time
}

func (r *Record) instant() instant {
	return instant{mono: r.opts.MonotonicNow(), wall: r.opts.Now().Round(0)}
}

// elapsedSince returns the time since i by the clock that shows more. The monotonic clock
// stands still while a laptop sleeps; the wall clock can be set back.
func (r *Record) elapsedSince(i instant) time.Duration {
	now := r.instant()
	return max(now.mono-i.mono, now.wall.Sub(i.wall))
}

func (r *Record) newLease(ctx context.Context, request LeaseRequest, item LeaseItem, validFrom instant) *Lease {
	l := &Lease{record: r, request: request, item: item, heartbeat: item.Heartbeat, validFrom: validFrom, lastWritten: map[string]itemVersion{}, renewalsDone: make(chan struct{})}
	l.ctx, l.interrupt = context.WithCancelCause(ctx)
	// ctx is cancelled at shutdown. The work under the lease then ends, but the lease
	// lives on until the work has ended.
	uncancelled := context.WithoutCancel(ctx)
	l.killCtx, l.kill = context.WithCancelCause(uncancelled)
	var renewCtx context.Context
	renewCtx, l.stopRenewals = context.WithCancel(uncancelled)
	go l.renewLoop(renewCtx)
	return l
}

// Context returns a context that ends when work under the lease must be interrupted. The cause
// is ErrLeaseLost if two thirds of the lease duration have passed without a renewal, or if
// the store shows another owner. It also ends with the context given to Acquire.
func (l *Lease) Context() context.Context { return l.ctx }

// KillContext returns a context that ends, with the cause ErrLeaseLost, when work under the
// lease must be killed: at five sixths of the lease duration, or when the store shows another owner.
// It does not end with the context given to Acquire.
func (l *Lease) KillContext() context.Context { return l.killCtx }

// PreviousHolders returns the earlier holders that may have left something behind, newest
// first: those that never released the lease, and those that called MarkKilled.
func (l *Lease) PreviousHolders() []PreviousHolder { return l.item.PreviousHolders }

// ForgetHolders records that the previous holders left nothing behind. The release of the
// lease drops them.
func (l *Lease) ForgetHolders() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.holdersForgotten = true
}

// MarkKilled records that work started under the lease at since was killed, or could not
// clean up, and may have left something behind. The next holder finds this run among the
// previous holders, for that time only. lock is the id of the lock that is known to
// remain; "": not known.
func (l *Lease) MarkKilled(since time.Time, lock string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.killedWork = &PreviousHolder{Run: l.item.Run, Process: l.item.Process, ActiveSince: since.UTC(), ActiveUntil: l.record.now(), LockID: lock, Released: true}
}

// carriedHolders returns the previous holders to pass on to the next holder.
func (l *Lease) carriedHolders() []PreviousHolder {
	l.mu.Lock()
	defer l.mu.Unlock()
	holders := l.item.PreviousHolders
	if l.holdersForgotten {
		holders = nil
	}
	if l.killedWork != nil {
		holders = prependHolder(*l.killedWork, holders)
	}
	return holders
}

// Token returns the lease's fencing token.
func (l *Lease) Token() int64 { return l.item.Token }

// ownedCond returns the condition that the lease is still this one.
func (l *Lease) ownedCond() Cond {
	return Cond{Equal: map[string]any{"owner": l.item.Owner, "token": l.item.Token}}
}

func (l *Lease) key() Key { return leaseKey(l.request.Identity) }

// reload reads the lease from the store; held reports whether it is still ours.
func (l *Lease) reload(ctx context.Context) (current LeaseItem, held bool, err error) {
	current, _, err = get[LeaseItem](ctx, l.record, l.key())
	return current, current.Owner == l.item.Owner && current.Token == l.item.Token, err
}

// markLost ends all work under the lease and returns the error that says why.
func (l *Lease) markLost(reason string) error {
	err := fmt.Errorf("%w: %s", ErrLeaseLost, reason)
	l.interrupt(err)
	l.kill(err)
	return err
}

// describeHolder says why a lease is no longer ours.
func describeHolder(current LeaseItem) string {
	if current.Run == "" {
		return "it is not in the record any more"
	}
	return fmt.Sprintf("run %s holds the lease, or someone ran `reconcile unlock`", current.Run)
}

// ownedCheck returns an op that checks that the lease is still ours.
func (l *Lease) ownedCheck() Op { return Op{Key: l.key(), If: l.ownedCond()} }

// releaseOp ends the renewals and returns the op that releases the lease.
func (l *Lease) releaseOp() (Op, error) {
	l.Abandon()
	released := l.item
	released.Owner, released.Heartbeat, released.PreviousHolders, released.ExpiresAt = "", l.heartbeat+1, l.carriedHolders(), l.record.now()
	value, err := encode(released)
	return Op{Key: l.key(), If: l.ownedCond(), Put: value}, err
}

// Release releases the lease, so that others can acquire it at once. Call it when no work
// runs under the lease any more. A second call does nothing. If the lease was lost in the
// meantime, the error is ErrLeaseLost.
func (l *Lease) Release(ctx context.Context) error {
	op, err := l.releaseOp()
	if err != nil {
		return err
	}
	verify := func(ctx context.Context) (bool, error) {
		current, _, err := get[LeaseItem](ctx, l.record, l.key())
		return current.Owner == "" && current.Token == l.item.Token, err
	}
	err = l.record.write(ctx, verify, op)
	if errors.Is(err, ErrConflict) {
		err = l.markLost("another run holds the lease, or it is not in the record any more")
	}
	if err != nil {
		l.record.markIdle(l.item.Owner)
		return fmt.Errorf("release the lease on %s: %w", l.request.Identity, err)
	}
	return nil
}

// Abandon ends the renewals and the lease's contexts, and lets the lease expire. It is
// for the case that work under the lease may still be running.
func (l *Lease) Abandon() {
	l.stopRenewals()
	<-l.renewalsDone
	l.interrupt(context.Canceled)
	l.kill(context.Canceled)
}

// Leases returns all leases of the store, of other records too, by state identity. A
// lease with an Owner is held, or was held when its holder died.
func (r *Record) Leases(ctx context.Context) (map[stateid.ID]LeaseItem, error) {
	all, err := list[LeaseItem](ctx, r, LeasePartition, "")
	if err != nil {
		return nil, fmt.Errorf("read the leases: %w", err)
	}
	byIdentity := make(map[stateid.ID]LeaseItem, len(all))
	for _, l := range all {
		byIdentity[l.Identity] = l
	}
	return byIdentity, nil
}

// Unlock releases the lease on an identity, regardless of its holder, and marks the head
// unsettled, in one transaction. It returns the lease as it was held (Owner "" if it was
// free). A holder that is still alive finds its lease lost. If there is no lease on the
// identity, the error is ErrNotFound.
func (r *Record) Unlock(ctx context.Context, identity stateid.ID) (LeaseItem, error) {
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

func (r *Record) unlock(ctx context.Context, identity stateid.ID) (LeaseItem, error) {
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
