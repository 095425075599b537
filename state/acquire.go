package state

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"reconcile/internal/runid"
	"reconcile/internal/sleep"
	"reconcile/internal/stateid"
)

// LeaseRequest describes the lease to acquire.
type LeaseRequest struct {
	Identity   stateid.ID // the state to act on, under a name that all records of the store agree on
	Workspace  string
	Run        runid.ID
	Generation int64         // of the head that the work depends on; 0: none
	MaxWait    time.Duration // how long to wait while another run holds it
}

// observation is when this process first saw a lease in its present condition. Tokens and
// heartbeats only grow, so the lease has not been renewed since then.
type observation struct {
	owner            string
	token, heartbeat int64
	firstSeen        time.Duration // on Options.MonotonicNow, after the answer came
}

// maxPreviousHolders bounds the list of holders that may have left something behind.
const maxPreviousHolders = 8

// Acquire acquires the lease on request.Identity. It takes a lease over from another run
// only if the lease has not been renewed for one lease duration on this process's
// monotonic clock, or if its holder is certainly dead. Until then Acquire waits, at most
// request.MaxWait. Errors: *BusyError; ErrTipMoved if the head's generation is not
// request.Generation; ErrNewerSchema; the store's errors.
//
// Work under the lease must use the lease's Context.
func (r *Record) Acquire(ctx context.Context, request LeaseRequest) (*Lease, error) {
	lease, err := r.acquire(ctx, request)
	if err != nil {
		return nil, fmt.Errorf("acquire the lease on %s: %w", request.Identity, err)
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
			continue // another run was faster: see which
		}
		if !waiting {
			waiting, waitingSince = true, now
		}
		remaining := request.MaxWait - (now - waitingSince)
		if remaining <= 0 {
			return nil, &BusyError{held}
		}
		if err := sleep.For(ctx, min(remaining, r.opts.PollInterval)); err != nil {
			return nil, err
		}
	}
}

// canTakeOver reports whether a held lease may be taken from its holder. It calls
// IsProcessDead, which may call out to AWS, only the first time in an Acquire.
func (r *Record) canTakeOver(ctx context.Context, held LeaseItem, now time.Duration, first bool) bool {
	if now-r.firstObserved(held, now) >= max(r.opts.LeaseDuration, time.Duration(held.LengthMS)*time.Millisecond) {
		return true
	}
	dead, err := r.isProcessDead(ctx, held.Process, first)
	return err == nil && dead
}

// firstObserved returns when this process first saw the lease in its present condition.
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

// tryAcquire replaces old (the zero LeaseItem: there was none) with our lease, if old and
// the generation have not changed.
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
		// The lease is acquired, but the caller no longer waits for it.
		cleanupCtx, cancel := r.cleanupContext(ctx)
		defer cancel()
		return nil, errors.Join(context.Cause(ctx), lease.Release(cleanupCtx))
	}
	return lease, nil
}

// markIdle notes that this process does no work under leases of this owner. The store may
// still show such a lease as held, because a failed write can take effect. We need not
// wait for ourselves.
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

// nextLease returns the lease that follows old.
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

// prependOwner returns old's previous holders with its present holder in front.
func prependOwner(old LeaseItem) []PreviousHolder {
	return prependHolder(PreviousHolder{Run: old.Run, Process: old.Process, ActiveSince: old.AcquiredAt, ActiveUntil: old.ExpiresAt}, old.PreviousHolders)
}

func prependHolder(holder PreviousHolder, holders []PreviousHolder) []PreviousHolder {
	holders = append([]PreviousHolder{holder}, holders...)
	return holders[:min(len(holders), maxPreviousHolders)]
}

// generationCheck returns an op that checks that the record has not adopted another tip.
func (r *Record) generationCheck(generation int64) Op {
	return Op{Key: r.key(headKey), If: Cond{Equal: map[string]any{"generation": generation}}}
}

// classifyConflict turns the conflict of a write that checked the generation into
// ErrTipMoved, if the generation has changed.
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
