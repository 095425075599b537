package statetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
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
	ws.Attempt = &state.Attempt{Run: "run-a", PlanDigest: "d", Process: state.Self(), StartedAt: someday}
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

// A workspace with very many inputs is recorded, read, renamed and made small
// again, and nothing of it is left behind.
func testManyInputs(t *testing.T, open Open) {
	a, b := two(t, open)
	ctx := t.Context()
	l := a.acquire()
	parts := func() int {
		items, err := fix(t, open).store.List(ctx, "record", "WSPART#")
		is(t, "list", err, nil)
		return len(items)
	}
	reads := func(name string, want state.Workspace) {
		t.Helper()
		got, found, err := b.Workspace(ctx, name)
		if err != nil || !found || !maps.Equal(got.Trace, want.Trace) || !slices.Equal(got.Sensitive, want.Sensitive) || got.Commit != want.Commit {
			t.Fatalf("%s: read %d inputs, %d sensitive, commit %s, %v, %v", name, len(got.Trace), len(got.Sensitive), got.Commit, found, err)
		}
		all, err := b.Workspaces(ctx)
		if err != nil || !maps.Equal(all[name].Trace, want.Trace) {
			t.Fatalf("%s: read %d inputs among all, %v", name, len(all[name].Trace), err)
		}
	}

	ws := newTokyo("c1")
	ws.Trace = inputs(20000, 1)
	for i := range 2000 {
		ws.Sensitive = append(ws.Sensitive, fmt.Sprintf("%064x", i))
	}
	is(t, "fits", l.Fits(ws), nil)
	ws.Attempt = &state.Attempt{Run: "run-a"}
	is(t, "begin", l.Begin(ctx, ws), nil)
	reads("tokyo", ws)
	ws.Attempt, ws.Commit, ws.Trace = nil, "c2", inputs(20000, 2)
	a.store.Inject(Writes(After))
	is(t, "write", l.Write(ctx, ws), nil)
	reads("tokyo", ws)
	most := parts()

	to := ws
	to.Name = "edo"
	is(t, "rename", l.Rename(ctx, ws, to), nil)
	reads("edo", to)
	if n := parts(); n != most {
		t.Errorf("%d parts after it was renamed, %d before", n, most)
	}
	to.Trace = inputs(8000, 3)
	is(t, "fewer", l.Write(ctx, to), nil)
	reads("edo", to)
	if n := parts(); n == 0 || n >= most {
		t.Errorf("%d parts are left of %d", n, most)
	}
	tooMany := to
	tooMany.Trace = inputs(100000, 4)
	is(t, "fits not", l.Fits(tooMany), state.ErrUnstorable)
	is(t, "write too many", l.Write(ctx, tooMany), state.ErrUnstorable)
	reads("edo", to)

	// Under another lease, which knows only what it has read.
	is(t, "release", l.Release(ctx), nil)
	l = b.acquire()
	small, _, err := b.Workspace(ctx, "edo")
	is(t, "read", err, nil)
	small.Trace, small.Sensitive = state.Trace{"env/tokyo": "040000:1"}, nil
	is(t, "few", l.Finish(ctx, small), nil)
	reads("edo", small)
	if n := parts(); n != 0 {
		t.Errorf("%d parts are left", n)
	}
}

// inputs are n files with ids that do not compress.
func inputs(n int, seed byte) state.Trace {
	ids := rand.New(rand.NewChaCha8([32]byte{seed}))
	trace := state.Trace{}
	for i := range n {
		trace[fmt.Sprintf("modules/m%03d/files/template-%05d.json", i%300, i)] = fmt.Sprintf("100644:%08x%016x%016x", ids.Uint32(), ids.Uint64(), ids.Uint64())
	}
	return trace
}

// A part that is missing or another's is damage, and is told.
func testDamagedParts(t *testing.T, open Open) {
	a, _ := two(t, open)
	ctx := t.Context()
	ws := newTokyo("c1")
	ws.Trace = inputs(4000, 1)
	is(t, "write", a.acquire().Write(ctx, ws), nil)
	f := fix(t, open)
	items, err := f.store.List(ctx, "record", "WSPART#")
	if err != nil || len(items) == 0 {
		t.Fatalf("%d parts, %v", len(items), err)
	}
	for _, op := range []state.Op{
		{Key: items[0].Key, Put: json.RawMessage(`{"schema":2,"workspace":"tokyo","part":1,"text":"x"}`)},
		{Key: items[0].Key, Delete: true},
	} {
		f.write(op)
		var corrupt *state.CorruptError
		if _, _, err := a.Workspace(ctx, "tokyo"); !errors.As(err, &corrupt) {
			t.Errorf("got %v, want a CorruptError", err)
		}
		if _, err := a.Workspaces(ctx); !errors.As(err, &corrupt) {
			t.Errorf("all: got %v, want a CorruptError", err)
		}
	}
}

// What is said of a workspace, a run and a task is cut where it is endless.
func testLongTexts(t *testing.T, open Open) {
	a, b := two(t, open)
	ctx := t.Context()
	long := "begin " + strings.Repeat("東", 1<<20) + " end"
	stale := make([]string, 20000)
	for i := range stale {
		stale[i] = fmt.Sprintf("modules/m%05d", i)
	}
	ws := newTokyo("c1")
	ws.Error = long
	is(t, "write", a.acquire().Write(ctx, ws), nil)
	result := state.RunWorkspace{Name: "tokyo", Outcome: state.Failed, Error: long, Stale: stale}
	is(t, "run", a.PutRun(ctx, state.Run{ID: "r", Workspaces: []state.RunWorkspace{result}}), nil)
	task := state.Task{Name: "tokyo", Key: "k", Commit: "c1", Done: true, Result: result, Warnings: []string{long}}
	is(t, "task", a.PutTask(ctx, state.Task{}, task), nil)

	run, err := b.Run(ctx, "r")
	is(t, "read the run", err, nil)
	done, _, err := b.Task(ctx, "tokyo")
	is(t, "read the task", err, nil)
	for what, text := range map[string]string{
		"workspace": b.tokyo().Error, "run": run.Workspaces[0].Error, "task": done.Result.Error, "warning": done.Warnings[0],
	} {
		if !strings.HasPrefix(text, "begin ") || !strings.HasSuffix(text, " end") || !strings.Contains(text, "left out") || len(text) > 20<<10 {
			t.Errorf("%s: %d bytes: %.20q", what, len(text), text)
		}
	}
	if stale := run.Workspaces[0].Stale; len(stale) != 101 || stale[100] != "and 19900 more" {
		t.Errorf("the run has %d reasons, the last %q", len(stale), stale[len(stale)-1])
	}
}
