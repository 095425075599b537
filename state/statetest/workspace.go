package statetest

import (
	"reflect"
	"testing"

	"reconcile/state"
)

func testWorkspace(t *testing.T, open Open) {
	a, b := two(t, open)
	ctx := t.Context()
	if _, found, err := a.Workspace(ctx, "tokyo"); err != nil || found {
		t.Fatalf("workspace of nothing: got %v, %v", found, err)
	}
	a.adopt("c1")
	claim := a.claim()
	claim.Generation = 1
	l, err := a.Acquire(ctx, claim)
	is(t, "acquire", err, nil)
	t.Cleanup(l.Abandon)
	ws := newTokyo("c1")
	ws.Attempt = &state.Attempt{Run: "run-a", Trace: ws.Trace, Process: state.Self(), StartedAt: someday}
	is(t, "begin", l.Begin(ctx, ws), nil)
	if got := b.tokyo(); got.Attempt == nil || !reflect.DeepEqual(got.Attempt, ws.Attempt) {
		t.Fatalf("attempt: got %+v, want %+v", got.Attempt, ws.Attempt)
	}
	ws.Attempt, ws.Outcome, ws.Counter = nil, state.Applied, 1
	is(t, "write", l.Write(ctx, ws), nil)
	all, err := b.Workspaces(ctx)
	if got := all["tokyo"]; err != nil || len(all) != 1 || got.Attempt != nil || got.Counter != 1 || got.Rev != 2 {
		t.Fatalf("workspaces: got %+v, %v", all, err)
	}
	is(t, "release", l.Release(ctx), nil)

	l = b.acquire()
	uninformed := newTokyo("c0")
	is(t, "write without having read", l.Write(ctx, uninformed), state.ErrConflict)
	next := b.tokyo()
	next.Commit = "c2"
	next.Drift = &state.Drift{At: someday, Found: true, Changes: state.Changes{Change: 1}, Digest: "d", Run: "run-b"}
	is(t, "finish", l.Finish(ctx, next), nil)
	if got := a.tokyo(); got.Commit != "c2" || got.Counter != 1 || !reflect.DeepEqual(got.Drift, next.Drift) {
		t.Fatalf("finished: got %+v", got)
	}
	if item := a.item(); item.Owner != "" || item.Token != 2 {
		t.Fatalf("lease after finish: got %+v", item)
	}
	is(t, "release after finish", l.Release(ctx), nil)
	is(t, "write after finish", l.Write(ctx, next), state.ErrLeaseLost)
}

func testRename(t *testing.T, open Open) {
	a, b := two(t, open)
	ctx := t.Context()
	l := a.acquire()
	is(t, "write", l.Write(ctx, newTokyo("c1")), nil)
	is(t, "hold", a.Hold(ctx, state.Hold{Name: "tokyo", Kind: state.Suspended, Reason: "switch"}), nil)
	from, to := a.tokyo(), a.tokyo()
	to.Name, to.Path = "edo", "env/edo"
	is(t, "rename", l.Rename(ctx, from, to), nil)
	all, err := b.Workspaces(ctx)
	if err != nil || len(all) != 1 || all["edo"].Commit != "c1" || all["edo"].Path != "env/edo" {
		t.Fatalf("renamed: got %+v, %v", all, err)
	}
	holds, err := b.Holds(ctx)
	if err != nil || len(holds) != 1 || holds["edo"].Reason != "switch" {
		t.Fatalf("holds: got %+v, %v", holds, err)
	}
	is(t, "rename what is gone", l.Rename(ctx, from, to), state.ErrConflict)
	to.Commit = "c2"
	is(t, "write under the new name", l.Write(ctx, to), nil)

	// Back again, and over a tombstone.
	is(t, "write under the old name", l.Write(ctx, newTokyo("c3")), nil)
	edo, _, _ := a.Workspace(ctx, "edo")
	back := edo
	back.Name = "tokyo"
	is(t, "rename over a tombstone", l.Rename(ctx, edo, back), nil)
	if got := b.tokyo(); got.Commit != "c2" {
		t.Fatalf("renamed back: got %+v", got)
	}
}
