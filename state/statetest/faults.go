package statetest

import (
	"context"
	"errors"
	"testing"

	"reconcile/state"
)

// A write that took effect and then failed has succeeded, whatever it was.
func testAmbiguous(t *testing.T, open Open) {
	a, b := two(t, open)
	ctx := t.Context()
	fail := func() { a.store.Inject(Writes(After)) }

	fail()
	h := a.adopt("c1")
	fail()
	is(t, "unsettle", a.Unsettle(ctx), nil)
	fail()
	is(t, "hold", a.Hold(ctx, state.Hold{Name: "osaka", Kind: state.Suspended}), nil)
	fail()
	if lifted, err := a.Lift(ctx, "osaka"); err != nil || !lifted {
		t.Fatalf("lift: got %v, %v", lifted, err)
	}
	fail()
	is(t, "run", a.PutRun(ctx, state.Run{ID: "r"}), nil)

	fail()
	claim := a.claim()
	claim.Generation = h.Generation
	l, err := a.Acquire(ctx, claim)
	is(t, "acquire", err, nil)
	t.Cleanup(l.Abandon)
	b.busy(a)
	fail()
	ws := newTokyo("c1")
	ws.Attempt = &state.Attempt{Run: "run-a"}
	is(t, "begin", l.Begin(ctx, ws), nil)
	fail()
	pass(lease/3, a)
	until(t, "a renewal", func() bool { return a.item().Beat == 1 })
	pass(lease/3, a)
	until(t, "another", func() bool { return a.item().Beat == 2 })
	fail()
	ws.Attempt = nil
	is(t, "write", l.Write(ctx, ws), nil)
	fail()
	is(t, "rename", l.Rename(ctx, ws, renamed(ws)), nil)
	fail()
	is(t, "release", l.Release(ctx), nil)

	l = a.acquire()
	edo, _, err := a.Workspace(ctx, "edo")
	is(t, "read", err, nil)
	fail()
	edo.Commit = "c2"
	is(t, "finish", l.Finish(ctx, edo), nil)
	a.acquire()
	fail()
	if item, err := a.Unlock(ctx, identity); err != nil || item.Run != "run-a" {
		t.Fatalf("unlock: got %+v, %v", item, err)
	}
}

func renamed(ws state.Workspace) state.Workspace {
	ws.Name = "edo"
	return ws
}

// A write that failed and takes effect later does no harm: not to a lease that
// has been taken since, nor to what has been written since.
func testLate(t *testing.T, open Open) {
	a, b := two(t, open)
	ctx := t.Context()
	late := func() { a.store.Inject(Writes(Late)) }
	deliver := func(want error) {
		t.Helper()
		for _, err := range a.store.Deliver(ctx) {
			is(t, "a late write", err, want)
		}
	}

	// A lease that we believe not to have, and that runs out by itself.
	late()
	_, err := a.Acquire(ctx, a.claim())
	is(t, "acquire", err, ErrInjected)
	deliver(nil)
	b.busy(a)
	pass(lease, b)
	l := b.acquire()
	is(t, "release", l.Release(ctx), nil)

	// A lease that another run has held since.
	late()
	_, err = a.Acquire(ctx, a.claim())
	is(t, "acquire", err, ErrInjected)
	is(t, "release", b.acquire().Release(ctx), nil)
	deliver(state.ErrConflict)
	if item := b.item(); item.Owner != "" {
		t.Fatalf("lease: got %+v", item)
	}

	// An attempt that was begun again, and ended, before.
	h := a.adopt("c1")
	claim := a.claim()
	claim.Generation = h.Generation
	l, err = a.Acquire(ctx, claim)
	is(t, "acquire", err, nil)
	t.Cleanup(l.Abandon)
	ws := newTokyo("c1")
	ws.Attempt = &state.Attempt{Run: "run-a"}
	late()
	is(t, "begin", l.Begin(ctx, ws), ErrInjected)
	is(t, "begin again", l.Begin(ctx, ws), nil)
	ws.Attempt = nil
	is(t, "write", l.Write(ctx, ws), nil)
	deliver(state.ErrConflict)
	if got := a.tokyo(); got.Attempt != nil {
		t.Fatalf("a late begin undid the end: %+v", got)
	}

	// A result that was thought lost, written again.
	ws.Commit = "c2"
	late()
	is(t, "write", l.Write(ctx, ws), ErrInjected)
	deliver(nil)
	is(t, "write again", l.Write(ctx, ws), nil)

	// A release, when the next run has the lease already.
	late()
	is(t, "release", l.Release(ctx), ErrInjected)
	pass(lease, b)
	b.busy(a)
	pass(lease, b)
	b.acquire()
	deliver(state.ErrConflict)
	if item := b.item(); item.Run != "run-b" || item.Owner == "" {
		t.Fatalf("a late release freed another's lease: %+v", item)
	}

	// A head that was thought unwritten: it is found by who comes next.
	h, err = a.Head(ctx)
	is(t, "read", err, nil)
	late()
	_, err = a.Adopt(ctx, h)
	is(t, "adopt", err, ErrInjected)
	deliver(nil)
	_, err = b.Adopt(ctx, h)
	is(t, "adopt from before", err, state.ErrConflict)
}

// With the store out of reach nothing is taken on a guess.
func testUnreachable(t *testing.T, open Open) {
	a, b := two(t, open)
	ctx := t.Context()
	a.store.Inject(Always(Before))
	for call, err := range everything(a) {
		if !errors.Is(err, ErrInjected) {
			t.Errorf("%s: got %v, want the store's error", call, err)
		}
	}
	// Only the writes fail, and even what they did cannot be read back.
	a.store.Inject(func(c Call) Fault {
		if c.Writes() {
			return After
		}
		if c.Read.PK == state.LeasePartition && a.item0() {
			return Before
		}
		return None
	})
	_, err := a.Acquire(ctx, a.claim())
	is(t, "acquire", err, ErrInjected)
	a.store.Inject(nil)
	b.busy(a) // by a run that does not act: it runs out
	// For that run itself it is free: it does not wait for itself.
	l := a.acquire()
	a.store.Inject(Writes(Before))
	is(t, "release", l.Release(ctx), ErrInjected)
	b.busy(a)
	l = a.acquire()
	a.store.Inject(Writes(Before))
	is(t, "release", l.Release(ctx), ErrInjected)
	b.busy(a)

	// Called off while its write was under way: free again at once.
	ctx, cancel := context.WithCancel(t.Context())
	pass(lease, b)
	b.store.Inject(func(c Call) Fault {
		if c.Writes() {
			cancel()
		}
		return None
	})
	_, err = b.Acquire(ctx, b.claim())
	is(t, "acquire", err, context.Canceled)
	if item := a.item(); item.Owner != "" && item.Run != "run-a" {
		t.Fatalf("lease: got %+v", item)
	}
}

// item0 tells whether there is a lease already, past any fault.
func (a *actor) item0() bool {
	_, err := a.store.Store.Get(context.WithoutCancel(a.t.Context()), state.Key{PK: state.LeasePartition, SK: identity})
	return err == nil
}
