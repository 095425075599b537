package statetest

import (
	"testing"

	"reconcile/state"
)

func testTask(t *testing.T, open Open) {
	a, b := twoRunners(t, open)
	ctx := t.Context()
	if _, found, err := a.record.Task(ctx, "tokyo"); err != nil || found {
		t.Fatalf("a task of nothing: got %v, %v", found, err)
	}
	first := state.Task{Name: "tokyo", Key: "k1", Run: "run-a", Commit: "c1", Generation: 1, DispatchedAt: testTime, TryCount: 1}
	assertErr(t, "give away", a.record.PutTask(ctx, state.Task{}, first), nil)
	other := first
	other.Key = "k2"
	assertErr(t, "give away at once", b.record.PutTask(ctx, state.Task{}, other), state.ErrConflict)

	started := first
	started.ID = "build:1"
	assertErr(t, "note the id", a.record.PutTask(ctx, first, started), nil)
	done := first // the worker has read it before
	done.Done, done.Result = true, state.RunWorkspace{Name: "tokyo", Outcome: state.Applied}
	assertErr(t, "done", b.record.PutTask(ctx, first, done), nil)
	assertErr(t, "note the id too late", a.record.PutTask(ctx, first, started), state.ErrConflict)
	got, found, err := a.record.Task(ctx, "tokyo")
	if err != nil || !found || !got.Done || got.Result.Outcome != state.Applied {
		t.Fatalf("task: got %+v, %v, %v", got, found, err)
	}
	assertErr(t, "the next", a.record.PutTask(ctx, got, other), nil)
	assertErr(t, "done twice", b.record.PutTask(ctx, first, done), state.ErrConflict)

	// Tasks of previews are recorded separately.
	preview := other
	preview.Name, preview.ExpiresAt = "7", testTime.Unix()
	assertErr(t, "give a preview away", a.record.PreviewRecord().PutTask(ctx, state.Task{}, preview), nil)
	if got, found, err := b.record.PreviewRecord().Task(ctx, "7"); err != nil || !found || got.Key != preview.Key || got.ExpiresAt != preview.ExpiresAt {
		t.Errorf("preview's task: got %+v, %v, %v", got, found, err)
	}
	if _, found, err := b.record.Task(ctx, "7"); err != nil || found {
		t.Errorf("the preview's task is one of the record: %v, %v", found, err)
	}
}
