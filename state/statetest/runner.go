package statetest

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"reconcile/internal/commitid"
	"reconcile/internal/runid"
	"reconcile/state"
)

// lease is the lease duration in these tests. Their clocks stand still unless the test
// advances them.
const lease = time.Minute

// runner is a run with clocks, a store handle that can be made to fail, and a record of
// its own.
type runner struct {
	record *state.Record
	t      *testing.T
	name   string
	store  *FaultStore
	mono   atomic.Int64
	wall   atomic.Int64
	isDead func(state.Process) (bool, error) // answers Options.IsProcessDead; nil: not set
}

// newRunner returns a run on a host of that name. Its monotonic clock starts at a value
// of its own.
func newRunner(t *testing.T, open Open, name string, starts time.Time) *runner {
	a := &runner{t: t, name: name, store: NewFaultStore(open())}
	a.mono.Store(int64(len(name)) * int64(time.Hour))
	a.wall.Store(starts.UnixNano())
	a.record = state.New(a.store, "record", state.Options{
		LeaseDuration: lease, PollInterval: time.Millisecond,
		Now:          func() time.Time { return time.Unix(0, a.wall.Load()) },
		MonotonicNow: func() time.Duration { return time.Duration(a.mono.Load()) },
		Process:      state.Process{Host: name, PID: 1},
		IsProcessDead: func(_ context.Context, p state.Process) (bool, error) {
			if a.isDead == nil {
				return false, errors.New("unknown")
			}
			return a.isDead(p)
		},
	})
	return a
}

var testTime = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// twoRunners returns two runs on two hosts, with clocks that agree.
func twoRunners(t *testing.T, open Open) (a, b *runner) {
	return newRunner(t, open, "a", testTime), newRunner(t, open, "b", testTime)
}

// advance lets time pass for some runners.
func advance(d time.Duration, runners ...*runner) {
	for _, a := range runners {
		a.mono.Add(int64(d))
		a.wall.Add(int64(d))
	}
}

const identity = "s3://bucket/tokyo"

func (r *runner) leaseRequest() state.LeaseRequest {
	return state.LeaseRequest{Identity: identity, Workspace: "tokyo", Run: runid.ID("run-" + r.name)}
}

// acquire acquires the lease, which must be possible at once.
func (r *runner) acquire() *state.Lease {
	r.t.Helper()
	l, err := r.record.Acquire(r.t.Context(), r.leaseRequest())
	if err != nil {
		r.t.Fatalf("%s: acquire: %v", r.name, err)
	}
	r.t.Cleanup(l.Abandon)
	return l
}

// assertBusy asserts that the lease cannot be acquired now, because of holder.
func (r *runner) assertBusy(holder *runner) {
	r.t.Helper()
	l, err := r.record.Acquire(r.t.Context(), r.leaseRequest())
	var busy *state.BusyError
	if !errors.As(err, &busy) {
		r.t.Fatalf("%s: acquire: got %v, %v, want a BusyError", r.name, l, err)
	}
	if busy.Lease.Run != runid.ID("run-"+holder.name) || busy.Lease.Process.Host != holder.name {
		r.t.Fatalf("%s: acquire: got %v, want it held by %s", r.name, err, holder.name)
	}
}

// leaseItem returns the lease as stored.
func (r *runner) leaseItem() state.LeaseItem {
	r.t.Helper()
	all, err := r.record.Leases(context.WithoutCancel(r.t.Context()))
	if err != nil {
		r.t.Fatal(err)
	}
	return all[identity]
}

// adopt adopts a tip and returns the head.
func (r *runner) adopt(commit commitid.ID) state.Head {
	r.t.Helper()
	h, err := r.record.Head(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	h.Commit, h.Run = commit, runid.ID("run-"+r.name)
	if h, err = r.record.Adopt(r.t.Context(), h); err != nil {
		r.t.Fatal(err)
	}
	return h
}

// adoptSettled adopts a commit, and settles the head.
func (r *runner) adoptSettled(commit commitid.ID) state.Head {
	r.t.Helper()
	head := r.adopt(commit)
	head.Settled = true
	head, err := r.record.PutHead(r.t.Context(), head)
	assertErr(r.t, "settle", err, nil)
	return head
}

// readTokyo returns the record of the workspace tokyo.
func (r *runner) readTokyo() state.Workspace {
	r.t.Helper()
	w, _, err := r.record.Workspace(r.t.Context(), "tokyo")
	if err != nil {
		r.t.Fatal(err)
	}
	return w
}

func newTokyo(commit commitid.ID) state.Workspace {
	return state.Workspace{Name: "tokyo", Path: "env/tokyo", Identity: identity, Commit: commit, Trace: state.Trace{"env/tokyo": "040000:" + string(commit)}}
}

// assertErr asserts the kind of an error.
func assertErr(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("%s: got %v, want %v", what, err, want)
	}
}

// renewAfter lets time pass for a holder until it renews its lease, and waits for the
// renewal.
func (r *runner) renewAfter(d time.Duration) {
	r.t.Helper()
	before := r.store.CompletedWrites()
	advance(d, r)
	// The holder counts from its renewal only when it has seen it succeed.
	waitUntil(r.t, "a renewal", func() bool { return r.store.CompletedWrites() > before })
}

// waitUntil waits for something that another goroutine does.
func waitUntil(t *testing.T, what string, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for !done() {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			t.Fatalf("timed out waiting for %s", what)
		}
	}
}

// assertLeaseLost waits for a context of a lease to end and asserts its cause.
func assertLeaseLost(work context.Context, t *testing.T, what string) {
	t.Helper()
	waitUntil(t, what, func() bool { return work.Err() != nil })
	assertErr(t, what, context.Cause(work), state.ErrLeaseLost)
}
