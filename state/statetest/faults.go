package statetest

import (
	"context"
	"errors"
	"testing"

	"reconcile/state"
)

// Every kind of write that took effect and then returned an error is found to have
// succeeded.
func testAmbiguous(t *testing.T, open Open) {
	a, b := twoRunners(t, open)
	ctx := t.Context()
	failNextWrite := func() { a.store.Inject(OnNextWrites(FailAfter)) }

	failNextWrite()
	h := a.adopt("c1")
	failNextWrite()
	assertErr(t, "unsettle", a.record.MarkUnsettled(ctx), nil)
	failNextWrite()
	assertErr(t, "hold", a.record.PlaceHold(ctx, state.Hold{Name: "osaka", Kind: state.Suspended}), nil)
	failNextWrite()
	if lifted, err := a.record.RemoveHold(ctx, "osaka"); err != nil || !lifted {
		t.Fatalf("lift: got %v, %v", lifted, err)
	}
	failNextWrite()
	assertErr(t, "run", a.record.PutRun(ctx, state.Run{ID: "r"}), nil)

	failNextWrite()
	request := a.leaseRequest()
	request.Generation = h.Generation
	l, err := a.record.Acquire(ctx, request)
	assertErr(t, "acquire", err, nil)
	t.Cleanup(l.Abandon)
	b.assertBusy(a)
	failNextWrite()
	ws := newTokyo("c1")
	ws.Attempt = &state.Attempt{Run: "run-a"}
	assertErr(t, "begin", l.BeginApply(ctx, ws), nil)
	failNextWrite()
	advance(lease/3, a)
	waitUntil(t, "a renewal", func() bool { return a.leaseItem().Heartbeat == 1 })
	advance(lease/3, a)
	waitUntil(t, "another", func() bool { return a.leaseItem().Heartbeat == 2 })
	failNextWrite()
	ws.Attempt = nil
	assertErr(t, "write", l.Write(ctx, ws), nil)
	failNextWrite()
	assertErr(t, "rename", l.Rename(ctx, ws, renamedToEdo(ws)), nil)
	failNextWrite()
	assertErr(t, "release", l.Release(ctx), nil)

	l = a.acquire()
	edo, _, err := a.record.Workspace(ctx, "edo")
	assertErr(t, "read", err, nil)
	failNextWrite()
	edo.Commit = "c2"
	assertErr(t, "finish", l.WriteAndRelease(ctx, edo), nil)
	a.acquire()
	failNextWrite()
	if item, err := a.record.Unlock(ctx, identity); err != nil || item.Run != "run-a" {
		t.Fatalf("unlock: got %+v, %v", item, err)
	}
}

func renamedToEdo(ws state.Workspace) state.Workspace {
	ws.Name = "edo"
	return ws
}

// A write that returns an error and takes effect later does no harm: not to a lease that
// was acquired since, nor to items that were written since.
func testLateWrites(t *testing.T, open Open) {
	a, b := twoRunners(t, open)
	ctx := t.Context()
	failNextWriteLate := func() { a.store.Inject(OnNextWrites(FailLate)) }
	deliverLate := func(want error) {
		t.Helper()
		for _, err := range a.store.DeliverLate(ctx) {
			assertErr(t, "a late write", err, want)
		}
	}

	// We believe that we do not hold this lease; it expires by itself.
	failNextWriteLate()
	_, err := a.record.Acquire(ctx, a.leaseRequest())
	assertErr(t, "acquire", err, ErrInjected)
	deliverLate(nil)
	b.assertBusy(a)
	advance(lease, b)
	l := b.acquire()
	assertErr(t, "release", l.Release(ctx), nil)

	// Another run has held this lease since.
	failNextWriteLate()
	_, err = a.record.Acquire(ctx, a.leaseRequest())
	assertErr(t, "acquire", err, ErrInjected)
	assertErr(t, "release", b.acquire().Release(ctx), nil)
	deliverLate(state.ErrConflict)
	if item := b.leaseItem(); item.Owner != "" {
		t.Fatalf("lease: got %+v", item)
	}

	// The attempt was started again, and ended, before.
	h := a.adopt("c1")
	request := a.leaseRequest()
	request.Generation = h.Generation
	l, err = a.record.Acquire(ctx, request)
	assertErr(t, "acquire", err, nil)
	t.Cleanup(l.Abandon)
	ws := newTokyo("c1")
	ws.Attempt = &state.Attempt{Run: "run-a"}
	failNextWriteLate()
	assertErr(t, "begin", l.BeginApply(ctx, ws), ErrInjected)
	assertErr(t, "begin again", l.BeginApply(ctx, ws), nil)
	ws.Attempt = nil
	assertErr(t, "write", l.Write(ctx, ws), nil)
	deliverLate(state.ErrConflict)
	if got := a.readTokyo(); got.Attempt != nil {
		t.Fatalf("a late begin undid the end: %+v", got)
	}

	// A result that seemed lost is written again.
	ws.Commit = "c2"
	failNextWriteLate()
	assertErr(t, "write", l.Write(ctx, ws), ErrInjected)
	deliverLate(nil)
	assertErr(t, "write again", l.Write(ctx, ws), nil)

	// A release arrives when the next run already has the lease.
	failNextWriteLate()
	assertErr(t, "release", l.Release(ctx), ErrInjected)
	advance(lease, b)
	b.assertBusy(a)
	advance(lease, b)
	b.acquire()
	deliverLate(state.ErrConflict)
	if item := b.leaseItem(); item.Run != "run-b" || item.Owner == "" {
		t.Fatalf("a late release freed another's lease: %+v", item)
	}

	// A head that seemed unwritten: the next reader finds it.
	h, err = a.record.Head(ctx)
	assertErr(t, "read", err, nil)
	failNextWriteLate()
	_, err = a.record.Adopt(ctx, h)
	assertErr(t, "adopt", err, ErrInjected)
	deliverLate(nil)
	_, err = b.record.Adopt(ctx, h)
	assertErr(t, "adopt from before", err, state.ErrConflict)
}

// If the store cannot be reached, no lease is taken on a guess.
func testUnreachable(t *testing.T, open Open) {
	a, b := twoRunners(t, open)
	ctx := t.Context()
	a.store.Inject(OnEveryCall(FailBefore))
	for call, err := range callEverything(a) {
		if !errors.Is(err, ErrInjected) {
			t.Errorf("%s: got %v, want the store's error", call, err)
		}
	}
	// Only the writes fail, and their effects cannot be read either.
	a.store.Inject(func(c Call) Fault {
		if c.IsWrite() {
			return FailAfter
		}
		if c.Read.PK == state.LeasePartition && a.hasLease() {
			return FailBefore
		}
		return NoFault
	})
	_, err := a.record.Acquire(ctx, a.leaseRequest())
	assertErr(t, "acquire", err, ErrInjected)
	a.store.Inject(nil)
	b.assertBusy(a) // by a run that does not act: the lease expires
	// For that run itself the lease is free: it does not wait for itself.
	l := a.acquire()
	a.store.Inject(OnNextWrites(FailBefore))
	assertErr(t, "release", l.Release(ctx), ErrInjected)
	b.assertBusy(a)
	l = a.acquire()
	a.store.Inject(OnNextWrites(FailBefore))
	assertErr(t, "release", l.Release(ctx), ErrInjected)
	b.assertBusy(a)

	// Cancelled while its write was in progress: the lease is free again at once.
	ctx, cancel := context.WithCancel(t.Context())
	advance(lease, b)
	b.store.Inject(func(c Call) Fault {
		if c.IsWrite() {
			cancel()
		}
		return NoFault
	})
	_, err = b.record.Acquire(ctx, b.leaseRequest())
	assertErr(t, "acquire", err, context.Canceled)
	if item := a.leaseItem(); item.Owner != "" && item.Run != "run-a" {
		t.Fatalf("lease: got %+v", item)
	}
}

// hasLease reports whether the lease item exists, bypassing injected faults.
func (r *runner) hasLease() bool {
	_, err := r.store.Store.Get(context.WithoutCancel(r.t.Context()), state.Key{PK: state.LeasePartition, SK: identity})
	return err == nil
}
