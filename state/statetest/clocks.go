package statetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"reconcile/state"
)

// Acquire waits until the lease is released or expires, but never longer than MaxWait.
func testWaiting(t *testing.T, open Open) {
	a, b := twoRunners(t, open)
	held := a.acquire()
	// acquireWithin returns how long b waits. With each poll of the lease, one second
	// passes for b.
	acquireWithin := func(wait time.Duration, onPoll func(n int)) (took time.Duration, err error) {
		start, n := b.mono.Load(), 0
		b.store.Inject(func(c Call) Fault {
			if !c.IsWrite() {
				advance(time.Second, b)
				n++
				onPoll(n)
			}
			return NoFault
		})
		defer b.store.Inject(nil)
		request := b.leaseRequest()
		request.MaxWait = wait
		l, err := b.record.Acquire(t.Context(), request)
		took = time.Duration(b.mono.Load() - start)
		if err == nil {
			err = l.Release(t.Context())
		}
		return took, err
	}
	nothing := func(int) {}

	var busy *state.BusyError
	took, err := acquireWithin(lease/2, nothing)
	if !errors.As(err, &busy) || took < lease/2 || took > lease/2+2*time.Second {
		t.Fatalf("waited %s: got %v, want a BusyError after %s", took, err, lease/2)
	}
	took, err = acquireWithin(lease/4, func(n int) {
		if n == 5 {
			assertErr(t, "release", held.Release(t.Context()), nil)
		}
	})
	if err != nil || took > 5*time.Second {
		t.Fatalf("a wait for a release: got %v after %s", err, took)
	}
	held = a.acquire()
	held.Abandon()
	if took, err := acquireWithin(lease, nothing); err != nil || took < lease {
		t.Fatalf("a wait of one lease for a dead holder: got %v after %s", err, took)
	}

	a.acquire()
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("stop")
	b.store.Inject(func(Call) Fault { cancel(stop); return NoFault })
	request := b.leaseRequest()
	request.MaxWait = time.Hour
	_, err = b.record.Acquire(ctx, request)
	if !errors.Is(err, stop) && !errors.Is(err, context.Canceled) {
		t.Fatalf("a wait that is called off: got %v", err)
	}
}

// Wall clocks an hour apart change nothing.
func testSkewedClocks(t *testing.T, open Open) {
	for _, skew := range []time.Duration{-time.Hour, time.Hour} {
		a := newRunner(t, open, "a", testTime)
		b := newRunner(t, open, "b", testTime.Add(skew))
		l := a.acquire()
		b.assertBusy(a)
		b.wall.Add(int64(10 * lease))
		b.assertBusy(a)
		a.renewAfter(lease / 3)
		b.assertBusy(a)
		advance(lease-1, b)
		b.assertBusy(a)
		assertErr(t, "release", l.Release(t.Context()), nil)
		assertErr(t, "release", b.acquire().Release(t.Context()), nil)
	}
}

// A holder that cannot renew interrupts its work at two thirds and kills it at five
// sixths of the lease. Until then no other run can have taken the lease.
func testUnrenewable(t *testing.T, open Open) {
	for name, fault := range map[string]Fault{"failing": FailBefore, "hanging": Hang} {
		a, b := twoRunners(t, open)
		l := a.acquire()
		b.assertBusy(a)
		a.store.Inject(OnEveryCall(fault))
		advance(lease*2/3-1, a, b)
		b.assertBusy(a)
		if l.Context().Err() != nil {
			t.Fatalf("%s: interrupted before two thirds: %v", name, context.Cause(l.Context()))
		}
		advance(1, a, b)
		assertLeaseLost(l.Context(), t, name+": interrupted at two thirds")
		if l.KillContext().Err() != nil {
			t.Fatalf("%s: killed before five sixths: %v", name, context.Cause(l.KillContext()))
		}
		assertErr(t, name+": begin after the interrupt", l.BeginApply(t.Context(), newTokyo("c1")), state.ErrLeaseLost)
		b.assertBusy(a)
		advance(lease/6, a, b)
		assertLeaseLost(l.KillContext(), t, name+": killed at five sixths")
		b.assertBusy(a)
		a.store.Inject(nil)
		// No other run has taken the lease yet, so the result can be recorded.
		ws := a.readTokyo()
		ws.Name, ws.Identity, ws.Outcome = "tokyo", identity, state.Failed
		assertErr(t, name+": write", l.Write(t.Context(), ws), nil)
		assertErr(t, name+": release", l.Release(t.Context()), nil)
	}

	// Renewed between the two: the work is interrupted, but not killed.
	a, _ := twoRunners(t, open)
	l := a.acquire()
	a.store.Inject(OnEveryCall(FailBefore))
	advance(lease*2/3, a)
	assertLeaseLost(l.Context(), t, "interrupted")
	a.store.Inject(nil)
	a.renewAfter(0)
	a.renewAfter(lease / 3)
	a.renewAfter(lease / 3)
	if l.KillContext().Err() != nil {
		t.Fatalf("killed though it was renewed: %v", context.Cause(l.KillContext()))
	}
}

// After a system sleep only the wall clock shows the time that passed. A clock that is
// set back does not make a lease longer.
func testSystemSleep(t *testing.T, open Open) {
	a, _ := twoRunners(t, open)
	l := a.acquire()
	a.store.Inject(OnEveryCall(FailBefore))
	a.wall.Add(int64(lease))
	assertLeaseLost(l.KillContext(), t, "asleep")
	a.store.Inject(nil)
	assertErr(t, "release", l.Release(t.Context()), nil)

	l = a.acquire()
	a.store.Inject(OnEveryCall(FailBefore))
	a.wall.Add(int64(-time.Hour))
	a.mono.Add(int64(lease))
	assertLeaseLost(l.KillContext(), t, "set back")
}

// The service that ran the holder's process may report that it has ended.
func testDeadHolder(t *testing.T, open Open) {
	a, b := twoRunners(t, open)
	a.acquire()
	b.assertBusy(a) // the service cannot tell
	b.isDead = func(p state.Process) (bool, error) { return p.Host != "a", nil }
	b.assertBusy(a)
	b.isDead = func(p state.Process) (bool, error) { return p.Host == "a", errors.New("perhaps") }
	b.assertBusy(a)
	b.isDead = func(p state.Process) (bool, error) { return p.Host == "a", nil }
	if l := b.acquire(); len(l.PreviousHolders()) != 1 || l.PreviousHolders()[0].Run != "run-a" {
		t.Fatalf("dead: got %+v", l.PreviousHolders())
	}
}
