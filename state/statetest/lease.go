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
	a, b := twoRunners(t, open)
	ctx := t.Context()
	l := a.acquire()
	if l.Token() != 1 || len(l.PreviousHolders()) != 0 || l.Context().Err() != nil || l.KillContext().Err() != nil {
		t.Fatalf("first lease: token %d, dead %v", l.Token(), l.PreviousHolders())
	}
	b.assertBusy(a)
	_, err := b.record.Acquire(ctx, b.leaseRequest())
	for _, says := range []string{"tokyo", "run-a", "2026-11-23T12:00:00Z", "reconcile unlock tokyo"} {
		if !strings.Contains(err.Error(), says) {
			t.Errorf("the error does not say %q: %v", says, err)
		}
	}
	other := b.leaseRequest()
	other.Identity += "2"
	l2, err := b.record.Acquire(ctx, other)
	assertErr(t, "another identity", err, nil)
	t.Cleanup(l2.Abandon)

	assertErr(t, "release", l.Release(ctx), nil)
	if l.Context().Err() == nil || l.KillContext().Err() == nil {
		t.Error("the contexts of a released lease go on")
	}
	assertErr(t, "release again", l.Release(ctx), nil)
	l = b.acquire()
	if l.Token() != 2 || len(l.PreviousHolders()) != 0 {
		t.Fatalf("second lease: token %d, dead %v", l.Token(), l.PreviousHolders())
	}
	assertErr(t, "a late release", l.Release(ctx), nil)
	if item := a.leaseItem(); item.Token != 2 || item.Owner != "" || item.Record != "record" {
		t.Fatalf("released: got %+v", item)
	}
}

// A held lease may be taken when it has not changed for one lease duration on the taker's
// clock, counted from when it was first observed. The late holder's writes are refused.
func testTakeover(t *testing.T, open Open) {
	a, b := twoRunners(t, open)
	ctx := t.Context()
	held := a.acquire()
	assertErr(t, "write", held.Write(ctx, newTokyo("c1")), nil)
	advance(10*lease, b)
	b.assertBusy(a) // first observed here
	advance(lease-1, b)
	b.assertBusy(a)
	advance(1, b)
	l := b.acquire()
	if l.Token() != 2 || len(l.PreviousHolders()) != 1 || l.PreviousHolders()[0].Run != "run-a" || l.PreviousHolders()[0].Process.Host != "a" {
		t.Fatalf("taken over: token %d, previous holders %+v", l.Token(), l.PreviousHolders())
	}
	ws := b.readTokyo()
	assertErr(t, "the late holder begins", held.BeginApply(ctx, ws), state.ErrLeaseLost)
	assertErr(t, "the late holder writes", held.Write(ctx, ws), state.ErrLeaseLost)
	assertErr(t, "the late holder renames", held.Rename(ctx, ws, renamedToEdo(ws)), state.ErrLeaseLost)
	assertErr(t, "the late holder finishes", held.WriteAndRelease(ctx, ws), state.ErrLeaseLost)
	assertErr(t, "the late holder releases", held.Release(ctx), state.ErrLeaseLost)
	assertLeaseLost(held.Context(), t, "the late holder's work")
	assertLeaseLost(held.KillContext(), t, "the late holder's work, killed")
	if item := b.leaseItem(); item.Token != 2 || item.Run != "run-b" {
		t.Fatalf("lease: got %+v", item)
	}

	// The same again: no holder has released it yet.
	l.Abandon()
	a.assertBusy(b)
	advance(lease, a)
	l = a.acquire()
	if l.Token() != 3 || len(l.PreviousHolders()) != 2 || l.PreviousHolders()[0].Run != "run-b" || l.PreviousHolders()[1].Run != "run-a" {
		t.Fatalf("taken over again: token %d, previous holders %+v", l.Token(), l.PreviousHolders())
	}
	assertErr(t, "release", l.Release(ctx), nil)
	testPreviousHolders(t, b)
}

// Previous holders are listed until a holder knows that they left nothing.
func testPreviousHolders(t *testing.T, w *runner) {
	ctx := t.Context()
	l := w.acquire()
	if dead := l.PreviousHolders(); len(dead) != 2 || dead[0].Released || dead[0].ActiveUntil.IsZero() {
		t.Fatalf("after a release that knew nothing of them: dead %+v", dead)
	}
	l.ForgetHolders()
	l.MarkKilled(w.leaseItem().AcquiredAt, "lock")
	assertErr(t, "release", l.Release(ctx), nil)
	l = w.acquire()
	if dead := l.PreviousHolders(); len(dead) != 1 || !dead[0].Released || dead[0].LockID != "lock" || dead[0].ActiveUntil.Before(dead[0].ActiveSince) {
		t.Fatalf("after a release with work that was killed: dead %+v", dead)
	}
	l.ForgetHolders()
	assertErr(t, "release", l.Release(ctx), nil)
	if l = w.acquire(); len(l.PreviousHolders()) != 0 {
		t.Fatalf("after a clean release: dead %+v", l.PreviousHolders())
	}
}

// A lease that is renewed is not taken, however long it is held.
func testRenewal(t *testing.T, open Open) {
	a, b := twoRunners(t, open)
	l := a.acquire()
	b.assertBusy(a)
	for beat := int64(1); beat <= 4; beat++ {
		a.renewAfter(lease / 3)
		if got := b.leaseItem().Heartbeat; got != beat {
			t.Fatalf("beat: got %d, want %d", got, beat)
		}
		advance(lease-1, b)
		b.assertBusy(a)
	}
	if l.Context().Err() != nil {
		t.Fatalf("the work was interrupted: %v", context.Cause(l.Context()))
	}
	assertErr(t, "write", l.Write(t.Context(), newTokyo("c1")), nil)
}

func testUnlock(t *testing.T, open Open) {
	a, b := twoRunners(t, open)
	ctx := t.Context()
	_, err := b.record.Unlock(ctx, identity)
	assertErr(t, "unlock nothing", err, state.ErrNotFound)
	settled := a.adopt("c1")
	settled.Settled = true
	settled, err = a.record.PutHead(ctx, settled)
	assertErr(t, "settle", err, nil)
	l := a.acquire()
	if item, err := b.record.Unlock(ctx, identity); err != nil || item.Run != "run-a" || item.Owner == "" {
		t.Fatalf("unlock: got %+v, %v", item, err)
	}
	_, err = a.record.PutHead(ctx, settled)
	assertErr(t, "settle after an unlock", err, state.ErrConflict)
	if item, err := b.record.Unlock(ctx, identity); err != nil || item.Owner != "" {
		t.Fatalf("unlock again: got %+v, %v", item, err)
	}
	assertErr(t, "write", l.Write(ctx, newTokyo("c1")), state.ErrLeaseLost)
	assertLeaseLost(l.KillContext(), t, "the holder's work")
	next := b.acquire()
	if next.Token() != 2 || len(next.PreviousHolders()) != 1 || next.PreviousHolders()[0].Run != "run-a" {
		t.Fatalf("after an unlock: token %d, previous holders %+v", next.Token(), next.PreviousHolders())
	}
}

// A run at an old tip starts nothing more, but records its results.
func testTipMoved(t *testing.T, open Open) {
	a, b := twoRunners(t, open)
	ctx := t.Context()
	request := a.leaseRequest()
	request.Generation = a.adopt("c1").Generation
	l, err := a.record.Acquire(ctx, request)
	assertErr(t, "acquire", err, nil)
	t.Cleanup(l.Abandon)
	b.adopt("c2")
	assertErr(t, "begin at the old tip", l.BeginApply(ctx, newTokyo("c1")), state.ErrTipMoved)
	if got := a.readTokyo(); got.Rev != 0 {
		t.Fatalf("an attempt was recorded: %+v", got)
	}
	assertErr(t, "write at the old tip", l.Write(ctx, newTokyo("c1")), nil)
	assertErr(t, "write what was not read", l.Rename(ctx, state.Workspace{Name: "x", Rev: 7}, newTokyo("c1")), state.ErrConflict)
	assertErr(t, "release", l.Release(ctx), nil)
	_, err = a.record.Acquire(ctx, request)
	assertErr(t, "acquire at the old tip", err, state.ErrTipMoved)
	if item := a.leaseItem(); item.Owner != "" || item.Token != 1 {
		t.Fatalf("lease: got %+v", item)
	}
	request.Generation = 2
	l, err = a.record.Acquire(ctx, request)
	assertErr(t, "acquire at the new tip", err, nil)
	ws := a.readTokyo()
	ws.Attempt = &state.Attempt{Run: "run-a"}
	assertErr(t, "begin at the new tip", l.BeginApply(ctx, ws), nil)
	assertErr(t, "release", l.Release(ctx), nil)
}

// Of many that acquire at once one wins, each time, and tokens grow by one.
func testRace(t *testing.T, open Open) {
	const runs, rounds = 6, 4
	runners := make([]*runner, runs)
	for i := range runners {
		runners[i] = newRunner(t, open, fmt.Sprint("run", i), testTime)
	}
	for round := range rounds {
		won := make([]*state.Lease, runs)
		var wg sync.WaitGroup
		for i, a := range runners {
			wg.Go(func() {
				l, err := a.record.Acquire(t.Context(), a.leaseRequest())
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
			assertErr(t, "release", l.Release(t.Context()), nil)
		}
		if winners != 1 {
			t.Fatalf("round %d: %d hold the lease", round, winners)
		}
	}
}
