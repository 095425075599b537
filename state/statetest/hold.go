package statetest

import (
	"errors"
	"testing"
	"time"

	"reconcile/state"
)

// testSnapshotHolds: the hold of an applied snapshot is placed by the write that begins the
// apply, never over the word of a person, and ends only if it is still the same.
func testSnapshotHolds(t *testing.T, open Open) {
	a, b := twoRunners(t, open)
	ctx := t.Context()
	hold := state.Hold{Name: "tokyo", Kind: state.Suspended, Reason: "snapshot c1", PlacedBy: "mika", PlacedAt: testTime, Snapshot: "c1", Values: []string{"env/dr.tfvars"}}
	suspended := state.Hold{Name: "tokyo", Kind: state.Suspended, Reason: "maintenance", PlacedBy: "ann", PlacedAt: testTime}
	l := a.acquire()
	ws := newTokyo("c1")
	ws.Attempt = &state.Attempt{Run: "run-a", StartedAt: testTime}
	l.SetHold(hold)

	assertErr(t, "suspend", b.record.PlaceHold(ctx, suspended), nil)
	var held *state.HoldConflictError
	if err := l.BeginApply(ctx, ws); !errors.As(err, &held) || held.Hold.Reason != "maintenance" {
		t.Fatalf("begin in spite of a suspension: got %v", err)
	}
	if _, found, err := b.record.Workspace(ctx, "tokyo"); err != nil || found {
		t.Fatalf("it was written: %v, %v", found, err)
	}
	_, err := b.record.RemoveHold(ctx, "tokyo")
	assertErr(t, "resume", err, nil)

	assertErr(t, "begin", l.BeginApply(ctx, ws), nil)
	holds, err := b.record.Holds(ctx)
	if got := holds["tokyo"]; err != nil || got.Snapshot != "c1" || len(got.Values) != 1 || got.Kind != state.Suspended {
		t.Fatalf("hold: got %+v, %v", got, err)
	}
	next := hold
	next.Reason, next.Snapshot = "snapshot c2", "c2"
	l.SetHold(next)
	assertErr(t, "another snapshot", l.WriteAndRelease(ctx, newTokyo("c2")), nil)
	assertErr(t, "end what was replaced", a.record.EndHold(ctx, hold), state.ErrConflict)
	assertErr(t, "end", a.record.EndHold(ctx, next), nil)
	if holds, err := b.record.Holds(ctx); err != nil || len(holds) > 0 {
		t.Fatalf("holds: got %+v, %v", holds, err)
	}

	l = a.acquire()
	l.SetHold(hold)
	assertErr(t, "begin again", l.BeginApply(ctx, refresh(t, a, "tokyo")), nil)
	l.TakeBackHold()
	assertErr(t, "nothing was begun", l.WriteAndRelease(ctx, refresh(t, a, "tokyo")), nil)
	if holds, err := b.record.Holds(ctx); err != nil || len(holds) > 0 {
		t.Fatalf("holds that were taken back: got %+v, %v", holds, err)
	}

	l = a.acquire()
	l.SetHold(hold)
	assertErr(t, "begin once more", l.BeginApply(ctx, refresh(t, a, "tokyo")), nil)
	assertErr(t, "applied", l.WriteAndRelease(ctx, refresh(t, a, "tokyo")), nil)
	l = a.acquire()
	next.PlacedAt = hold.PlacedAt.Add(time.Hour)
	l.SetHold(next)
	assertErr(t, "begin another", l.BeginApply(ctx, refresh(t, a, "tokyo")), nil)
	assertErr(t, "write it again", l.Write(ctx, refresh(t, a, "tokyo")), nil)
	l.TakeBackHold()
	assertErr(t, "the other was not begun", l.Write(ctx, refresh(t, a, "tokyo")), nil)
	assertErr(t, "and again", l.WriteAndRelease(ctx, refresh(t, a, "tokyo")), nil)
	if holds, err := b.record.Holds(ctx); err != nil || holds["tokyo"].Snapshot != "c1" {
		t.Fatalf("the hold of before: got %+v, %v", holds, err)
	}
	assertErr(t, "end the hold of before", a.record.EndHold(ctx, hold), nil)

	l = a.acquire()
	l.SetHold(hold)
	l.TakeBackHold()
	assertErr(t, "it was never placed", l.WriteAndRelease(ctx, refresh(t, a, "tokyo")), nil)
	if holds, err := b.record.Holds(ctx); err != nil || len(holds) > 0 {
		t.Fatalf("holds that were never placed: got %+v, %v", holds, err)
	}

	l = a.acquire()
	assertErr(t, "write without a hold", l.Write(ctx, refresh(t, a, "tokyo")), nil)
	if holds, err := b.record.Holds(ctx); err != nil || len(holds) > 0 {
		t.Fatalf("holds: got %+v, %v", holds, err)
	}
}

// refresh reads a workspace's record.
func refresh(t *testing.T, r *runner, name string) state.Workspace {
	t.Helper()
	ws, found, err := r.record.Workspace(t.Context(), name)
	if err != nil || !found {
		t.Fatalf("read %s: %v, %v", name, found, err)
	}
	return ws
}
