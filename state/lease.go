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
	record *Record
	claim  Claim

	ctx, hard  context.Context
	lose, kill context.CancelCauseFunc

	stop    context.CancelFunc // ends the renewals
	stopped chan struct{}      // closed when no renewal is under way any more

	item   LeaseItem // as it was taken
	beat   int64     // of the last renewal; with unsure the renewals' own
	unsure *instant  // from when the next beat can have taken effect, once it was sent

	mu      sync.Mutex
	good    instant            // the lease is ours for one lease length from here at least
	last    map[string]written // by workspace: as this lease last wrote it
	cleared bool               // nothing of the Dead is left
	killed  *Holder            // something of ours may be
}

// written is what is to be known of a workspace's item to replace it.
type written struct {
	rev   int64
	parts int
}

// instant is a point in time on both clocks.
type instant struct {
	mono time.Duration
	wall time.Time
}

func (r *Record) instant() instant {
	return instant{mono: r.opts.Mono(), wall: r.opts.Now().Round(0)}
}

// since is how much time has passed since i, by the clock that says more: the
// monotonic one stands still while a laptop sleeps, the other can be set back.
func (r *Record) since(i instant) time.Duration {
	now := r.instant()
	return max(now.mono-i.mono, now.wall.Sub(i.wall))
}

func (r *Record) newLease(ctx context.Context, claim Claim, item LeaseItem, good instant) *Lease {
	l := &Lease{record: r, claim: claim, item: item, beat: item.Beat, good: good, last: map[string]written{}, stopped: make(chan struct{})}
	l.ctx, l.lose = context.WithCancelCause(ctx)
	// Whoever shuts down cancels ctx: the work under the lease ends, but the
	// lease lives on until that has happened.
	lasting := context.WithoutCancel(ctx)
	l.hard, l.kill = context.WithCancelCause(lasting)
	var renewals context.Context
	renewals, l.stop = context.WithCancel(lasting)
	go l.keep(renewals)
	return l
}

// Context is cancelled when work under the lease must be interrupted: with the
// cause ErrLeaseLost when two thirds of the lease have passed without a
// renewal or the store says that it is not ours; or when the context given to
// Acquire ends.
func (l *Lease) Context() context.Context { return l.ctx }

// Hard is cancelled, with the cause ErrLeaseLost, when work under the lease
// must be killed: at five sixths, or when the store says that the lease is not
// ours. It does not end with the context given to Acquire.
func (l *Lease) Hard() context.Context { return l.hard }

// Dead are the holders before us that may have left something behind, newest
// first: those that never released the lease, and those that said so.
func (l *Lease) Dead() []Holder { return l.item.Dead }

// Clear says that the Dead have left nothing behind: they are forgotten when
// the lease is released.
func (l *Lease) Clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cleared = true
}

// Killed says that what was started under the lease at a time has been killed
// by now, by us or by others, or could not tidy up, and may have left something
// behind: the next holder finds us among the Dead, for that time alone, with the
// id of the lock that is known to be left, if it is.
func (l *Lease) Killed(since time.Time, lock string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.killed = &Holder{Run: l.item.Run, Process: l.item.Process, TakenAt: since.UTC(), Until: l.record.now(), Lock: lock, Ended: true}
}

// remembered are the Dead that the next holder is told of.
func (l *Lease) remembered() []Holder {
	l.mu.Lock()
	defer l.mu.Unlock()
	dead := l.item.Dead
	if l.cleared {
		dead = nil
	}
	if l.killed != nil {
		dead = mourn(*l.killed, dead)
	}
	return dead
}

// Token is the lease's fencing token.
func (l *Lease) Token() int64 { return l.item.Token }

// ours is the condition that the lease is still this one.
func (l *Lease) ours() Cond {
	return Cond{Equal: map[string]any{"owner": l.item.Owner, "token": l.item.Token}}
}

func (l *Lease) key() Key { return leaseKey(l.claim.Identity) }

// mine reads the lease back: held tells whether it is still ours.
func (l *Lease) mine(ctx context.Context) (now LeaseItem, held bool, err error) {
	now, _, err = get[LeaseItem](ctx, l.record, l.key())
	return now, now.Owner == l.item.Owner && now.Token == l.item.Token, err
}

// lost ends all work under the lease and returns the error that says so.
func (l *Lease) lost(why string) error {
	err := fmt.Errorf("%w: %s", ErrLeaseLost, why)
	l.lose(err)
	l.kill(err)
	return err
}

// stillOurs checks, in a transaction, that the lease is ours.
func (l *Lease) stillOurs() Op { return Op{Key: l.key(), If: l.ours()} }

// freeing ends the renewals and is the op that gives the lease up.
func (l *Lease) freeing() (Op, error) {
	l.Abandon()
	free := l.item
	free.Owner, free.Beat, free.Dead, free.Until = "", l.beat+1, l.remembered(), l.record.now()
	value, err := encode(free)
	return Op{Key: l.key(), If: l.ours(), Put: value}, err
}

// Release gives the lease up: it is free at once. Call it when nothing that
// works under it runs any more. A second call does nothing. If the lease was
// lost meanwhile the error is ErrLeaseLost.
func (l *Lease) Release(ctx context.Context) error {
	free, err := l.freeing()
	if err != nil {
		return err
	}
	released := func(ctx context.Context) (bool, error) {
		now, _, err := get[LeaseItem](ctx, l.record, l.key())
		return now.Owner == "" && now.Token == l.item.Token, err
	}
	err = l.record.write(ctx, released, free)
	if errors.Is(err, ErrConflict) {
		err = l.lost("another run holds it")
	}
	if err != nil {
		l.record.setIdle(l.item.Owner)
		return fmt.Errorf("release the lease on %s: %w", l.claim.Identity, err)
	}
	return nil
}

// Abandon ends the renewals and leaves the lease to run out, for when what
// worked under it may still be running. Its contexts end.
func (l *Lease) Abandon() {
	l.stop()
	<-l.stopped
	l.lose(context.Canceled)
	l.kill(context.Canceled)
}
