package statetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"reconcile/state"
)

func testLease(t *testing.T, open Open) {
	a, b := two(t, open)
	ctx := t.Context()
	l := a.acquire()
	if l.Token() != 1 || len(l.Dead()) != 0 || l.Context().Err() != nil || l.Hard().Err() != nil {
		t.Fatalf("first lease: token %d, dead %v", l.Token(), l.Dead())
	}
	b.busy(a)
	_, err := b.Acquire(ctx, b.claim())
	for _, says := range []string{"tokyo", "run-a", "2026-11-23T12:00:00Z", "reconcile unlock tokyo"} {
		if !strings.Contains(err.Error(), says) {
			t.Errorf("the error does not say %q: %v", says, err)
		}
	}
	other := b.claim()
	other.Identity += "2"
	l2, err := b.Acquire(ctx, other)
	is(t, "another identity", err, nil)
	t.Cleanup(l2.Abandon)

	is(t, "release", l.Release(ctx), nil)
	if l.Context().Err() == nil || l.Hard().Err() == nil {
		t.Error("the contexts of a released lease go on")
	}
	is(t, "release again", l.Release(ctx), nil)
	l = b.acquire()
	if l.Token() != 2 || len(l.Dead()) != 0 {
		t.Fatalf("second lease: token %d, dead %v", l.Token(), l.Dead())
	}
	is(t, "a late release", l.Release(ctx), nil)
	if item := a.item(); item.Token != 2 || item.Owner != "" || item.Record != "record" {
		t.Fatalf("released: got %+v", item)
	}
}

// A held lease may be taken when it has not changed for one lease length on
// the taker's clock, counted from when it was first seen; the late holder's
// writes are refused.
func testTakeover(t *testing.T, open Open) {
	a, b := two(t, open)
	ctx := t.Context()
	held := a.acquire()
	is(t, "write", held.Write(ctx, newTokyo("c1")), nil)
	pass(10*lease, b)
	b.busy(a) // seen for the first time
	pass(lease-1, b)
	b.busy(a)
	pass(1, b)
	l := b.acquire()
	if l.Token() != 2 || len(l.Dead()) != 1 || l.Dead()[0].Run != "run-a" || l.Dead()[0].Process.Host != "a" {
		t.Fatalf("taken over: token %d, dead %+v", l.Token(), l.Dead())
	}
	ws := b.tokyo()
	is(t, "the late holder begins", held.Begin(ctx, ws), state.ErrLeaseLost)
	is(t, "the late holder writes", held.Write(ctx, ws), state.ErrLeaseLost)
	is(t, "the late holder renames", held.Rename(ctx, ws, renamed(ws)), state.ErrLeaseLost)
	is(t, "the late holder finishes", held.Finish(ctx, ws), state.ErrLeaseLost)
	is(t, "the late holder releases", held.Release(ctx), state.ErrLeaseLost)
	ended(held.Context(), t, "the late holder's work")
	ended(held.Hard(), t, "the late holder's work, killed")
	if item := b.item(); item.Token != 2 || item.Run != "run-b" {
		t.Fatalf("lease: got %+v", item)
	}

	// And over again: nobody has released it yet.
	l.Abandon()
	a.busy(b)
	pass(lease, a)
	l = a.acquire()
	if l.Token() != 3 || len(l.Dead()) != 2 || l.Dead()[0].Run != "run-b" || l.Dead()[1].Run != "run-a" {
		t.Fatalf("taken over again: token %d, dead %+v", l.Token(), l.Dead())
	}
	is(t, "release", l.Release(ctx), nil)
	testRemembered(t, b)
}

// The dead are remembered until someone knows that they have left nothing.
func testRemembered(t *testing.T, w *actor) {
	ctx := t.Context()
	l := w.acquire()
	if dead := l.Dead(); len(dead) != 2 || dead[0].Ended || dead[0].Until.IsZero() {
		t.Fatalf("after a release that knew nothing of them: dead %+v", dead)
	}
	l.Clear()
	l.Killed(w.item().TakenAt, "lock")
	is(t, "release", l.Release(ctx), nil)
	l = w.acquire()
	if dead := l.Dead(); len(dead) != 1 || !dead[0].Ended || dead[0].Lock != "lock" || dead[0].Until.Before(dead[0].TakenAt) {
		t.Fatalf("after a release with work that was killed: dead %+v", dead)
	}
	l.Clear()
	is(t, "release", l.Release(ctx), nil)
	if l = w.acquire(); len(l.Dead()) != 0 {
		t.Fatalf("after a clean release: dead %+v", l.Dead())
	}
}

// A lease that is renewed is not taken, however long it is held.
func testRenewed(t *testing.T, open Open) {
	a, b := two(t, open)
	l := a.acquire()
	b.busy(a)
	for beat := int64(1); beat <= 4; beat++ {
		a.renewsAfter(lease / 3)
		if got := b.item().Beat; got != beat {
			t.Fatalf("beat: got %d, want %d", got, beat)
		}
		pass(lease-1, b)
		b.busy(a)
	}
	if l.Context().Err() != nil {
		t.Fatalf("the work was interrupted: %v", context.Cause(l.Context()))
	}
	is(t, "write", l.Write(t.Context(), newTokyo("c1")), nil)
}

func testUnlock(t *testing.T, open Open) {
	a, b := two(t, open)
	ctx := t.Context()
	_, err := b.Unlock(ctx, identity)
	is(t, "unlock nothing", err, state.ErrNotFound)
	settled := a.adopt("c1")
	settled.Settled = true
	settled, err = a.PutHead(ctx, settled)
	is(t, "settle", err, nil)
	l := a.acquire()
	if item, err := b.Unlock(ctx, identity); err != nil || item.Run != "run-a" || item.Owner == "" {
		t.Fatalf("unlock: got %+v, %v", item, err)
	}
	_, err = a.PutHead(ctx, settled)
	is(t, "settle after an unlock", err, state.ErrConflict)
	if item, err := b.Unlock(ctx, identity); err != nil || item.Owner != "" {
		t.Fatalf("unlock again: got %+v, %v", item, err)
	}
	is(t, "write", l.Write(ctx, newTokyo("c1")), state.ErrLeaseLost)
	ended(l.Hard(), t, "the holder's work")
	next := b.acquire()
	if next.Token() != 2 || len(next.Dead()) != 1 || next.Dead()[0].Run != "run-a" {
		t.Fatalf("after an unlock: token %d, dead %+v", next.Token(), next.Dead())
	}
}

// A run at an old tip starts nothing more, but records what it did.
func testMoved(t *testing.T, open Open) {
	a, b := two(t, open)
	ctx := t.Context()
	claim := a.claim()
	claim.Generation = a.adopt("c1").Generation
	l, err := a.Acquire(ctx, claim)
	is(t, "acquire", err, nil)
	t.Cleanup(l.Abandon)
	b.adopt("c2")
	is(t, "begin at the old tip", l.Begin(ctx, newTokyo("c1")), state.ErrMoved)
	if got := a.tokyo(); got.Rev != 0 {
		t.Fatalf("an attempt was recorded: %+v", got)
	}
	is(t, "write at the old tip", l.Write(ctx, newTokyo("c1")), nil)
	is(t, "write what was not read", l.Rename(ctx, state.Workspace{Name: "x", Rev: 7}, newTokyo("c1")), state.ErrConflict)
	is(t, "release", l.Release(ctx), nil)
	_, err = a.Acquire(ctx, claim)
	is(t, "acquire at the old tip", err, state.ErrMoved)
	if item := a.item(); item.Owner != "" || item.Token != 1 {
		t.Fatalf("lease: got %+v", item)
	}
	claim.Generation = 2
	l, err = a.Acquire(ctx, claim)
	is(t, "acquire at the new tip", err, nil)
	ws := a.tokyo()
	ws.Attempt = &state.Attempt{Run: "run-a"}
	is(t, "begin at the new tip", l.Begin(ctx, ws), nil)
	is(t, "release", l.Release(ctx), nil)
}

// Of many that acquire at once one wins, each time, and tokens grow by one.
func testRace(t *testing.T, open Open) {
	const runs, rounds = 6, 4
	actors := make([]*actor, runs)
	for i := range actors {
		actors[i] = newActor(t, open, fmt.Sprint("run", i), someday)
	}
	for round := range rounds {
		won := make([]*state.Lease, runs)
		var wg sync.WaitGroup
		for i, a := range actors {
			wg.Go(func() {
				l, err := a.Acquire(t.Context(), a.claim())
				var busy *state.BusyError
				if err != nil && !errors.As(err, &busy) {
					t.Errorf("acquire: %v", err)
				}
				won[i] = l
			})
		}
		wg.Wait()
		winners := 0
		for _, l := range won {
			if l == nil {
				continue
			}
			winners++
			if l.Token() != int64(round+1) {
				t.Errorf("round %d: token %d", round, l.Token())
			}
			is(t, "release", l.Release(t.Context()), nil)
		}
		if winners != 1 {
			t.Fatalf("round %d: %d hold the lease", round, winners)
		}
	}
}
