package statetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"reconcile/state"
)

// Acquire waits for a release or for the lease to run out, as long as it may
// and no longer.
func testWaiting(t *testing.T, open Open) {
	a, b := two(t, open)
	held := a.acquire()
	// acquire tells how long b waits, for whom a second passes with each look
	// at the lease.
	acquire := func(wait time.Duration, looks func(n int)) (took time.Duration, err error) {
		start, n := b.mono.Load(), 0
		b.store.Inject(func(c Call) Fault {
			if !c.Writes() {
				pass(time.Second, b)
				n++
				looks(n)
			}
			return None
		})
		defer b.store.Inject(nil)
		claim := b.claim()
		claim.Wait = wait
		l, err := b.Acquire(t.Context(), claim)
		took = time.Duration(b.mono.Load() - start)
		if err == nil {
			err = l.Release(t.Context())
		}
		return took, err
	}
	nothing := func(int) {}

	var busy *state.BusyError
	took, err := acquire(lease/2, nothing)
	if !errors.As(err, &busy) || took < lease/2 || took > lease/2+2*time.Second {
		t.Fatalf("waited %s: got %v, want a BusyError after %s", took, err, lease/2)
	}
	took, err = acquire(lease/4, func(n int) {
		if n == 5 {
			is(t, "release", held.Release(t.Context()), nil)
		}
	})
	if err != nil || took > 5*time.Second {
		t.Fatalf("a wait for a release: got %v after %s", err, took)
	}
	held = a.acquire()
	held.Abandon()
	if took, err := acquire(lease, nothing); err != nil || took < lease {
		t.Fatalf("a wait of one lease for a dead holder: got %v after %s", err, took)
	}

	a.acquire()
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("stop")
	b.store.Inject(func(Call) Fault { cancel(stop); return None })
	claim := b.claim()
	claim.Wait = time.Hour
	_, err = b.Acquire(ctx, claim)
	if !errors.Is(err, stop) && !errors.Is(err, context.Canceled) {
		t.Fatalf("a wait that is called off: got %v", err)
	}
}

// Wall clocks an hour apart change nothing.
func testSkewedClocks(t *testing.T, open Open) {
	for _, skew := range []time.Duration{-time.Hour, time.Hour} {
		a := newActor(t, open, "a", someday)
		b := newActor(t, open, "b", someday.Add(skew))
		l := a.acquire()
		b.busy(a)
		b.wall.Add(int64(10 * lease))
		b.busy(a)
		a.renewsAfter(lease / 3)
		b.busy(a)
		pass(lease-1, b)
		b.busy(a)
		is(t, "release", l.Release(t.Context()), nil)
		is(t, "release", b.acquire().Release(t.Context()), nil)
	}
}

// A holder that cannot renew interrupts its work at two thirds, kills it at
// five sixths, and nobody has taken the lease by then.
func testUnrenewable(t *testing.T, open Open) {
	for name, fault := range map[string]Fault{"failing": Before, "hanging": Hang} {
		a, b := two(t, open)
		l := a.acquire()
		b.busy(a)
		a.store.Inject(Always(fault))
		pass(lease*2/3-1, a, b)
		b.busy(a)
		if l.Context().Err() != nil {
			t.Fatalf("%s: interrupted before two thirds: %v", name, context.Cause(l.Context()))
		}
		pass(1, a, b)
		ended(l.Context(), t, name+": interrupted at two thirds")
		if l.Hard().Err() != nil {
			t.Fatalf("%s: killed before five sixths: %v", name, context.Cause(l.Hard()))
		}
		is(t, name+": begin after the interrupt", l.Begin(t.Context(), newTokyo("c1")), state.ErrLeaseLost)
		b.busy(a)
		pass(lease/6, a, b)
		ended(l.Hard(), t, name+": killed at five sixths")
		b.busy(a)
		a.store.Inject(nil)
		// Nobody has taken it yet, so that what was done can be recorded.
		ws := a.tokyo()
		ws.Name, ws.Identity, ws.Outcome = "tokyo", identity, state.Failed
		is(t, name+": write", l.Write(t.Context(), ws), nil)
		is(t, name+": release", l.Release(t.Context()), nil)
	}

	// Renewed between the two: the work is interrupted, but not killed.
	a, _ := two(t, open)
	l := a.acquire()
	a.store.Inject(Always(Before))
	pass(lease*2/3, a)
	ended(l.Context(), t, "interrupted")
	a.store.Inject(nil)
	a.renewsAfter(0)
	a.renewsAfter(lease / 3)
	a.renewsAfter(lease / 3)
	if l.Hard().Err() != nil {
		t.Fatalf("killed though it was renewed: %v", context.Cause(l.Hard()))
	}
}

// A machine that slept sees it by its wall clock alone, and a clock that is
// set back does not make a lease longer.
func testAsleep(t *testing.T, open Open) {
	a, _ := two(t, open)
	l := a.acquire()
	a.store.Inject(Always(Before))
	a.wall.Add(int64(lease))
	ended(l.Hard(), t, "asleep")
	a.store.Inject(nil)
	is(t, "release", l.Release(t.Context()), nil)

	l = a.acquire()
	a.store.Inject(Always(Before))
	a.wall.Add(int64(-time.Hour))
	a.mono.Add(int64(lease))
	ended(l.Hard(), t, "set back")
}

// Whoever ran the holder's process may say that it has ended.
func testDeadHolder(t *testing.T, open Open) {
	a, b := two(t, open)
	a.acquire()
	b.busy(a) // it cannot tell
	b.isDead = func(p state.Process) (bool, error) { return p.Host != "a", nil }
	b.busy(a)
	b.isDead = func(p state.Process) (bool, error) { return p.Host == "a", errors.New("perhaps") }
	b.busy(a)
	b.isDead = func(p state.Process) (bool, error) { return p.Host == "a", nil }
	if l := b.acquire(); len(l.Dead()) != 1 || l.Dead()[0].Run != "run-a" {
		t.Fatalf("dead: got %+v", l.Dead())
	}
}
