package state

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Lease is the right to act on one state identity. It renews itself until it
// is released, abandoned or lost.
type Lease struct {
	record  *Record
	request LeaseRequest

	ctx, killCtx    context.Context
	interrupt, kill context.CancelCauseFunc

	stopRenewals context.CancelFunc // ends the renewals
	renewalsDone chan struct{}      // closed when no renewal is under way any more

	item         LeaseItem // as it was taken
	heartbeat    int64     // of the last renewal; with unsure the renewals' own
	pendingSince *instant  // from when the next beat can have taken effect, once it was sent

	mu               sync.Mutex
	validFrom        instant                // the lease is ours for one lease length from here at least
	lastWritten      map[string]itemVersion // by workspace: as this lease last wrote it
	holdersForgotten bool                   // nothing of the Dead is left
	killedWork       *PreviousHolder        // something of ours may be
}

// itemVersion is what is to be known of a workspace's item to replace it.
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

// elapsedSince is how much time has passed since i, by the clock that says more: the
// monotonic one stands still while a laptop sleeps, the other can be set back.
func (r *Record) elapsedSince(i instant) time.Duration {
	now := r.instant()
	return max(now.mono-i.mono, now.wall.Sub(i.wall))
}

func (r *Record) newLease(ctx context.Context, request LeaseRequest, item LeaseItem, validFrom instant) *Lease {
	l := &Lease{record: r, request: request, item: item, heartbeat: item.Heartbeat, validFrom: validFrom, lastWritten: map[string]itemVersion{}, renewalsDone: make(chan struct{})}
	l.ctx, l.interrupt = context.WithCancelCause(ctx)
	// Whoever shuts down cancels ctx: the work under the lease ends, but the
	// lease lives on until that has happened.
	uncancelled := context.WithoutCancel(ctx)
	l.killCtx, l.kill = context.WithCancelCause(uncancelled)
	var renewCtx context.Context
	renewCtx, l.stopRenewals = context.WithCancel(uncancelled)
	go l.renewLoop(renewCtx)
	return l
}

// Context is cancelled when work under the lease must be interrupted: with the
// cause ErrLeaseLost when two thirds of the lease have passed without a
// renewal or the store says that it is not ours; or when the context given to
// Acquire ends.
func (l *Lease) Context() context.Context { return l.ctx }

// KillContext is cancelled, with the cause ErrLeaseLost, when work under the lease
// must be killed: at five sixths, or when the store says that the lease is not
// ours. It does not end with the context given to Acquire.
func (l *Lease) KillContext() context.Context { return l.killCtx }

// PreviousHolders are the holders before us that may have left something behind, newest
// first: those that never released the lease, and those that said so.
func (l *Lease) PreviousHolders() []PreviousHolder { return l.item.PreviousHolders }

// ForgetHolders says that the Dead have left nothing behind: they are forgotten when
// the lease is released.
func (l *Lease) ForgetHolders() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.holdersForgotten = true
}

// MarkKilled says that what was started under the lease at a time has been killed
// by now, by us or by others, or could not tidy up, and may have left something
// behind: the next holder finds us among the Dead, for that time alone, with the
// id of the lock that is known to be left, if it is.
func (l *Lease) MarkKilled(since time.Time, lock string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.killedWork = &PreviousHolder{Run: l.item.Run, Process: l.item.Process, ActiveSince: since.UTC(), ActiveUntil: l.record.now(), LockID: lock, Released: true}
}

// carriedHolders are the Dead that the next holder is told of.
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

// Token is the lease's fencing token.
func (l *Lease) Token() int64 { return l.item.Token }

// ownedCond is the condition that the lease is still this one.
func (l *Lease) ownedCond() Cond {
	return Cond{Equal: map[string]any{"owner": l.item.Owner, "token": l.item.Token}}
}

func (l *Lease) key() Key { return leaseKey(l.request.Identity) }

// reload reads the lease back: held tells whether it is still ours.
func (l *Lease) reload(ctx context.Context) (current LeaseItem, held bool, err error) {
	current, _, err = get[LeaseItem](ctx, l.record, l.key())
	return current, current.Owner == l.item.Owner && current.Token == l.item.Token, err
}

// markLost ends all work under the lease and returns the error that says so.
func (l *Lease) markLost(reason string) error {
	err := fmt.Errorf("%w: %s", ErrLeaseLost, reason)
	l.interrupt(err)
	l.kill(err)
	return err
}

// ownedCheck checks, in a transaction, that the lease is ours.
func (l *Lease) ownedCheck() Op { return Op{Key: l.key(), If: l.ownedCond()} }

// releaseOp ends the renewals and is the op that gives the lease up.
func (l *Lease) releaseOp() (Op, error) {
	l.Abandon()
	released := l.item
	released.Owner, released.Heartbeat, released.PreviousHolders, released.ExpiresAt = "", l.heartbeat+1, l.carriedHolders(), l.record.now()
	value, err := encode(released)
	return Op{Key: l.key(), If: l.ownedCond(), Put: value}, err
}

// Release gives the lease up: it is free at once. Call it when nothing that
// works under it runs any more. A second call does nothing. If the lease was
// lost meanwhile the error is ErrLeaseLost.
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
		err = l.markLost("another run holds it")
	}
	if err != nil {
		l.record.markIdle(l.item.Owner)
		return fmt.Errorf("release the lease on %s: %w", l.request.Identity, err)
	}
	return nil
}

// Abandon ends the renewals and leaves the lease to run out, for when what
// worked under it may still be running. Its contexts end.
func (l *Lease) Abandon() {
	l.stopRenewals()
	<-l.renewalsDone
	l.interrupt(context.Canceled)
	l.kill(context.Canceled)
}
