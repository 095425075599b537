package state

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"
)

// LeaseRequest says what a lease is wanted for.
type LeaseRequest struct {
	Identity   string // what the lease is on: the state to act on, under a name that all records of the store agree on
	Workspace  string
	Run        string
	Generation int64         // of the head that the work is of; 0: of none
	MaxWait    time.Duration // how long to wait while another run holds it
}

// observation is when this process first saw a lease held as it still is. Since
// tokens and beats only grow, it was held so, unrenewed, ever since.
type observation struct {
	owner            string
	token, heartbeat int64
	firstSeen        time.Duration // on Options.Mono, after the answer came
}

// maxPreviousHolders is how many holders that may have left something behind are
// remembered.
const maxPreviousHolders = 8

// Acquire takes the lease on claim.Identity. A lease that another run holds is
// taken over only when it has not been renewed for one lease length on our own
// monotonic clock, or when the process that holds it is certainly dead; until
// then Acquire waits, but never longer than claim.Wait. Errors: *BusyError,
// ErrTipMoved if the head's generation is not claim.Generation, ErrNewerSchema, the
// store's.
//
// Work under the lease belongs under its Context.
func (r *Record) Acquire(ctx context.Context, request LeaseRequest) (*Lease, error) {
	lease, err := r.acquire(ctx, request)
	if err != nil {
		return nil, fmt.Errorf("take the lease on %s: %w", request.Identity, err)
	}
	return lease, nil
}

func (r *Record) acquire(ctx context.Context, request LeaseRequest) (*Lease, error) {
	owner := rand.Text()
	var waiting bool
	var waitingSince time.Duration
	for {
		held, found, err := get[LeaseItem](ctx, r, leaseKey(request.Identity))
		if err != nil {
			return nil, err
		}
		now := r.opts.MonotonicNow()
		if !found || held.Owner == "" || r.isIdle(held.Owner) || r.canTakeOver(ctx, held, now, !waiting) {
			lease, err := r.tryAcquire(ctx, request, held, owner)
			if !errors.Is(err, ErrConflict) {
				return lease, err
			}
			continue // another was faster: see who
		}
		if !waiting {
			waiting, waitingSince = true, now
		}
		remaining := request.MaxWait - (now - waitingSince)
		if remaining <= 0 {
			return nil, &BusyError{held}
		}
		if err := Sleep(ctx, min(remaining, r.opts.PollInterval)); err != nil {
			return nil, err
		}
	}
}

// canTakeOver tells whether a held lease may be taken from its holder. Only
// the first time of an Acquire is IsProcessDead asked, which calls out.
func (r *Record) canTakeOver(ctx context.Context, held LeaseItem, now time.Duration, first bool) bool {
	if now-r.firstObserved(held, now) >= max(r.opts.LeaseDuration, time.Duration(held.LengthMS)*time.Millisecond) {
		return true
	}
	dead, err := r.isProcessDead(ctx, held.Process, first)
	return err == nil && dead
}

// firstObserved returns when the lease was first seen held as it is now.
func (r *Record) firstObserved(held LeaseItem, now time.Duration) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, ok := r.observed[held.Identity]
	if !ok || s.owner != held.Owner || s.token != held.Token || s.heartbeat != held.Heartbeat {
		s = observation{held.Owner, held.Token, held.Heartbeat, now}
		r.observed[held.Identity] = s
	}
	return s.firstSeen
}

// tryAcquire writes our lease in place of old (the zero LeaseItem: there was none),
// if that and the generation are still what they were.
func (r *Record) tryAcquire(ctx context.Context, request LeaseRequest, old LeaseItem, owner string) (*Lease, error) {
	item := r.nextLease(old, request, owner)
	cond := Cond{Absent: true}
	if old.Token != 0 {
		cond = Cond{Equal: map[string]any{"owner": old.Owner, "token": old.Token, "beat": old.Heartbeat}}
	}
	value, err := encode(item)
	if err != nil {
		return nil, err
	}
	ops := []Op{{Key: leaseKey(request.Identity), If: cond, Put: value}}
	if request.Generation != 0 {
		ops = append(ops, r.generationCheck(request.Generation))
	}
	sent := r.instant()
	verify := func(ctx context.Context) (bool, error) {
		got, _, err := get[LeaseItem](ctx, r, leaseKey(request.Identity))
		return got.Owner == owner, err
	}
	if err := r.write(ctx, verify, ops...); err != nil {
		r.markIdle(owner)
		return nil, r.classifyConflict(ctx, request, err)
	}
	lease := r.newLease(ctx, request, item, sent)
	if ctx.Err() != nil {
		// Taken, but nobody waits for it any more.
		cleanupCtx, cancel := r.cleanupContext(ctx)
		defer cancel()
		return nil, errors.Join(context.Cause(ctx), lease.Release(cleanupCtx))
	}
	return lease, nil
}

// markIdle notes that nothing works, or will, under a lease of this owner, which
// the store may show as held all the same: a write can take effect although it
// failed. We need not wait for ourselves.
func (r *Record) markIdle(owner string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.idleOwners[owner] = true
}

func (r *Record) isIdle(owner string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.idleOwners[owner]
}

// nextLease is the lease that follows old.
func (r *Record) nextLease(old LeaseItem, request LeaseRequest, owner string) LeaseItem {
	now := r.now()
	item := LeaseItem{
		Schema: Schema, Identity: request.Identity, Owner: owner, Token: old.Token + 1,
		ExpiresAt: now.Add(r.opts.LeaseDuration), LengthMS: r.opts.LeaseDuration.Milliseconds(),
		Record: r.name, Workspace: request.Workspace, Run: request.Run, Process: r.opts.Process, AcquiredAt: now,
		PreviousHolders: old.PreviousHolders,
	}
	if old.Owner != "" {
		item.PreviousHolders = prependOwner(old)
	}
	return item
}

// prependOwner is old's list of the dead, with its holder.
func prependOwner(old LeaseItem) []PreviousHolder {
	return prependHolder(PreviousHolder{Run: old.Run, Process: old.Process, ActiveSince: old.AcquiredAt, ActiveUntil: old.ExpiresAt}, old.PreviousHolders)
}

func prependHolder(holder PreviousHolder, holders []PreviousHolder) []PreviousHolder {
	holders = append([]PreviousHolder{holder}, holders...)
	return holders[:min(len(holders), maxPreviousHolders)]
}

// generationCheck checks that the record has not adopted another tip.
func (r *Record) generationCheck(generation int64) Op {
	return Op{Key: r.key(headKey), If: Cond{Equal: map[string]any{"generation": generation}}}
}

// classifyConflict turns the conflict of a write that checked the generation into
// ErrTipMoved, if that was it.
func (r *Record) classifyConflict(ctx context.Context, request LeaseRequest, err error) error {
	if request.Generation == 0 || !errors.Is(err, ErrConflict) {
		return err
	}
	head, headErr := r.Head(ctx)
	if headErr != nil {
		return headErr
	}
	if head.Generation != request.Generation {
		return fmt.Errorf("workspace %s: %w", request.Workspace, ErrTipMoved)
	}
	return err
}
