package state

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"
)

// Claim says what a lease is wanted for.
type Claim struct {
	Identity   string // what the lease is on: the state to act on, under a name that all records of the store agree on
	Workspace  string
	Run        string
	Generation int64         // of the head that the work is of; 0: of none
	Wait       time.Duration // how long to wait while another run holds it
}

// sighting is when this process first saw a lease held as it still is. Since
// tokens and beats only grow, it was held so, unrenewed, ever since.
type sighting struct {
	owner       string
	token, beat int64
	at          time.Duration // on Options.Mono, after the answer came
}

// keptDead is how many holders that may have left something behind are
// remembered.
const keptDead = 8

// Acquire takes the lease on claim.Identity. A lease that another run holds is
// taken over only when it has not been renewed for one lease length on our own
// monotonic clock, or when the process that holds it is certainly dead; until
// then Acquire waits, but never longer than claim.Wait. Errors: *BusyError,
// ErrMoved if the head's generation is not claim.Generation, ErrNewer, the
// store's.
//
// Work under the lease belongs under its Context.
func (r *Record) Acquire(ctx context.Context, claim Claim) (*Lease, error) {
	lease, err := r.acquire(ctx, claim)
	if err != nil {
		return nil, fmt.Errorf("take the lease on %s: %w", claim.Identity, err)
	}
	return lease, nil
}

func (r *Record) acquire(ctx context.Context, claim Claim) (*Lease, error) {
	owner := rand.Text()
	var waiting bool
	var since time.Duration
	for {
		held, found, err := get[LeaseItem](ctx, r, leaseKey(claim.Identity))
		if err != nil {
			return nil, err
		}
		now := r.opts.Mono()
		if !found || held.Owner == "" || r.isIdle(held.Owner) || r.passedOver(ctx, held, now, !waiting) {
			lease, err := r.take(ctx, claim, held, owner)
			if !errors.Is(err, ErrConflict) {
				return lease, err
			}
			continue // another was faster: see who
		}
		if !waiting {
			waiting, since = true, now
		}
		left := claim.Wait - (now - since)
		if left <= 0 {
			return nil, &BusyError{held}
		}
		if err := Pause(ctx, min(left, r.opts.Poll)); err != nil {
			return nil, err
		}
	}
}

// passedOver tells whether a held lease may be taken from its holder. Only
// the first time of an Acquire is ProcessDead asked, which calls out.
func (r *Record) passedOver(ctx context.Context, held LeaseItem, now time.Duration, first bool) bool {
	if now-r.sighted(held, now) >= max(r.opts.Lease, time.Duration(held.LengthMS)*time.Millisecond) {
		return true
	}
	dead, err := r.dead(ctx, held.Process, first)
	return err == nil && dead
}

// sighted returns when the lease was first seen held as it is now.
func (r *Record) sighted(held LeaseItem, now time.Duration) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, ok := r.seen[held.Identity]
	if !ok || s.owner != held.Owner || s.token != held.Token || s.beat != held.Beat {
		s = sighting{held.Owner, held.Token, held.Beat, now}
		r.seen[held.Identity] = s
	}
	return s.at
}

// take writes our lease in place of old (the zero LeaseItem: there was none),
// if that and the generation are still what they were.
func (r *Record) take(ctx context.Context, claim Claim, old LeaseItem, owner string) (*Lease, error) {
	item := r.succeed(old, claim, owner)
	cond := Cond{Absent: true}
	if old.Token != 0 {
		cond = Cond{Equal: map[string]any{"owner": old.Owner, "token": old.Token, "beat": old.Beat}}
	}
	value, err := encode(item)
	if err != nil {
		return nil, err
	}
	ops := []Op{{Key: leaseKey(claim.Identity), If: cond, Put: value}}
	if claim.Generation != 0 {
		ops = append(ops, r.sameGeneration(claim.Generation))
	}
	sent := r.instant()
	ours := func(ctx context.Context) (bool, error) {
		got, _, err := get[LeaseItem](ctx, r, leaseKey(claim.Identity))
		return got.Owner == owner, err
	}
	if err := r.write(ctx, ours, ops...); err != nil {
		r.setIdle(owner)
		return nil, r.explain(ctx, claim, err)
	}
	lease := r.newLease(ctx, claim, item, sent)
	if ctx.Err() != nil {
		// Taken, but nobody waits for it any more.
		brief, cancel := r.brief(ctx)
		defer cancel()
		return nil, errors.Join(context.Cause(ctx), lease.Release(brief))
	}
	return lease, nil
}

// setIdle notes that nothing works, or will, under a lease of this owner, which
// the store may show as held all the same: a write can take effect although it
// failed. We need not wait for ourselves.
func (r *Record) setIdle(owner string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.idle[owner] = true
}

func (r *Record) isIdle(owner string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.idle[owner]
}

// succeed is the lease that follows old.
func (r *Record) succeed(old LeaseItem, claim Claim, owner string) LeaseItem {
	now := r.now()
	item := LeaseItem{
		Schema: Schema, Identity: claim.Identity, Owner: owner, Token: old.Token + 1,
		Until: now.Add(r.opts.Lease), LengthMS: r.opts.Lease.Milliseconds(),
		Record: r.name, Workspace: claim.Workspace, Run: claim.Run, Process: r.opts.Self, TakenAt: now,
		Dead: old.Dead,
	}
	if old.Owner != "" {
		item.Dead = withDead(old)
	}
	return item
}

// withDead is old's list of the dead, with its holder.
func withDead(old LeaseItem) []Holder {
	return mourn(Holder{Run: old.Run, Process: old.Process, TakenAt: old.TakenAt, Until: old.Until}, old.Dead)
}

func mourn(last Holder, dead []Holder) []Holder {
	dead = append([]Holder{last}, dead...)
	return dead[:min(len(dead), keptDead)]
}

// sameGeneration checks that the record has not adopted another tip.
func (r *Record) sameGeneration(generation int64) Op {
	return Op{Key: r.key(headKey), If: Cond{Equal: map[string]any{"generation": generation}}}
}

// explain turns the conflict of a write that checked the generation into
// ErrMoved, if that was it.
func (r *Record) explain(ctx context.Context, claim Claim, err error) error {
	if claim.Generation == 0 || !errors.Is(err, ErrConflict) {
		return err
	}
	head, headErr := r.Head(ctx)
	if headErr != nil {
		return headErr
	}
	if head.Generation != claim.Generation {
		return fmt.Errorf("workspace %s: %w", claim.Workspace, ErrMoved)
	}
	return err
}
