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
	a, b := twoRunners(t, open)
	ctx := t.Context()
	if _, found, err := a.record.Workspace(ctx, "tokyo"); err != nil || found {
		t.Fatalf("workspace of nothing: got %v, %v", found, err)
	}
	a.adopt("c1")
	request := a.leaseRequest()
	request.Generation = 1
	l, err := a.record.Acquire(ctx, request)
	assertErr(t, "acquire", err, nil)
	t.Cleanup(l.Abandon)
	ws := newTokyo("c1")
	ws.Attempt = &state.Attempt{Run: "run-a", PlanDigest: "d", Process: state.CurrentProcess(), StartedAt: testTime}
	assertErr(t, "begin", l.BeginApply(ctx, ws), nil)
	if got := b.readTokyo(); got.Attempt == nil || !reflect.DeepEqual(got.Attempt, ws.Attempt) {
		t.Fatalf("attempt: got %+v, want %+v", got.Attempt, ws.Attempt)
	}
	ws.Attempt, ws.Outcome, ws.ApplyCount = nil, state.Applied, 1
	assertErr(t, "write", l.Write(ctx, ws), nil)
	all, err := b.record.Workspaces(ctx)
	if got := all["tokyo"]; err != nil || len(all) != 1 || got.Attempt != nil || got.ApplyCount != 1 || got.Rev != 2 {
		t.Fatalf("workspaces: got %+v, %v", all, err)
	}
	assertErr(t, "release", l.Release(ctx), nil)

	l = b.acquire()
	uninformed := newTokyo("c0")
	assertErr(t, "write without having read", l.Write(ctx, uninformed), state.ErrConflict)
	next := b.readTokyo()
	next.Commit = "c2"
	next.Drift = &state.Drift{CheckedAt: testTime, Found: true, Changes: state.Changes{Change: 1}, PlanDigest: "d", Run: "run-b"}
	assertErr(t, "finish", l.WriteAndRelease(ctx, next), nil)
	if got := a.readTokyo(); got.Commit != "c2" || got.ApplyCount != 1 || !reflect.DeepEqual(got.Drift, next.Drift) {
		t.Fatalf("finished: got %+v", got)
	}
	if item := a.leaseItem(); item.Owner != "" || item.Token != 2 {
		t.Fatalf("lease after finish: got %+v", item)
	}
	assertErr(t, "release after finish", l.Release(ctx), nil)
	assertErr(t, "write after finish", l.Write(ctx, next), state.ErrLeaseLost)
}

func testRename(t *testing.T, open Open) {
	a, b := twoRunners(t, open)
	ctx := t.Context()
	l := a.acquire()
	assertErr(t, "write", l.Write(ctx, newTokyo("c1")), nil)
	assertErr(t, "hold", a.record.PlaceHold(ctx, state.Hold{Name: "tokyo", Kind: state.Suspended, Reason: "switch", Help: "then `reconcile resume tokyo`"}), nil)
	from, to := a.readTokyo(), a.readTokyo()
	to.Name, to.Path = "edo", "env/edo"
	assertErr(t, "rename", l.Rename(ctx, from, to), nil)
	all, err := b.record.Workspaces(ctx)
	if err != nil || len(all) != 1 || all["edo"].Commit != "c1" || all["edo"].Path != "env/edo" || !slices.Equal(all["edo"].FormerNames, []string{"tokyo"}) {
		t.Fatalf("renamed: got %+v, %v", all, err)
	}
	holds, err := b.record.Holds(ctx)
	if err != nil || len(holds) != 1 || holds["edo"].Reason != "switch" || holds["edo"].Help != "then `reconcile resume edo`" {
		t.Fatalf("holds: got %+v, %v", holds, err)
	}
	assertErr(t, "rename what is gone", l.Rename(ctx, from, to), state.ErrConflict)
	to.Commit = "c2"
	assertErr(t, "write under the new name", l.Write(ctx, to), nil)

	// Back to the old name, and over a tombstone.
	assertErr(t, "write under the old name", l.Write(ctx, newTokyo("c3")), nil)
	edo, _, _ := a.record.Workspace(ctx, "edo")
	back := edo
	back.Name = "tokyo"
	assertErr(t, "rename over a tombstone", l.Rename(ctx, edo, back), nil)
	if got := b.readTokyo(); got.Commit != "c2" || !slices.Equal(got.FormerNames, []string{"edo"}) {
		t.Fatalf("renamed back: got %+v", got)
	}
}

// testForget: forgetting a workspace removes its hold and all its parts, once, and only under
// the lease.
func testForget(t *testing.T, open Open) {
	a, b := twoRunners(t, open)
	ctx := t.Context()
	l := a.acquire()
	ws := newTokyo("c1")
	ws.Trace = inputs(20000, 1)
	assertErr(t, "write", l.Write(ctx, ws), nil)
	assertErr(t, "hold", a.record.PlaceHold(ctx, state.Hold{Name: "tokyo", Kind: state.Suspended, Reason: "switch"}), nil)
	old := a.readTokyo()
	assertErr(t, "write again", l.Write(ctx, old), nil)
	a.store.Inject(OnNextWrites(FailAfter))
	assertErr(t, "forget", l.Forget(ctx, a.readTokyo()), nil)
	if all, err := b.record.Workspaces(ctx); err != nil || len(all) != 0 {
		t.Fatalf("forgotten: %d left, %v", len(all), err)
	}
	if holds, err := b.record.Holds(ctx); err != nil || len(holds) != 0 {
		t.Fatalf("holds: got %+v, %v", holds, err)
	}
	if items, err := ListItems(ctx, newFixture(t, open).store, "record", "WSPART#"); err != nil || len(items) != 0 {
		t.Errorf("%d parts are left, %v", len(items), err)
	}
	assertErr(t, "forget what is gone", l.Forget(ctx, state.Workspace{Name: "edo", Rev: 3}), nil)
	assertErr(t, "write after it", l.Write(ctx, newTokyo("c2")), nil)
	assertErr(t, "release", l.Release(ctx), nil)
	assertErr(t, "forget without the lease", l.Forget(ctx, b.readTokyo()), state.ErrLeaseLost)
}

// A workspace with very many inputs is recorded, read, renamed and made small again. No
// part of it stays behind.
func testManyInputs(t *testing.T, open Open) {
	a, b := twoRunners(t, open)
	ctx := t.Context()
	l := a.acquire()
	countParts := func() int {
		items, err := ListItems(ctx, newFixture(t, open).store, "record", "WSPART#")
		assertErr(t, "list", err, nil)
		return len(items)
	}
	assertReads := func(name string, want state.Workspace) {
		t.Helper()
		got, found, err := b.record.Workspace(ctx, name)
		if err != nil || !found || !maps.Equal(got.Trace, want.Trace) || !slices.Equal(got.SensitiveHashes, want.SensitiveHashes) || got.Commit != want.Commit {
			t.Fatalf("%s: read %d inputs, %d sensitive, commit %s, %v, %v", name, len(got.Trace), len(got.SensitiveHashes), got.Commit, found, err)
		}
		all, err := b.record.Workspaces(ctx)
		if err != nil || !maps.Equal(all[name].Trace, want.Trace) {
			t.Fatalf("%s: read %d inputs among all, %v", name, len(all[name].Trace), err)
		}
	}

	ws := newTokyo("c1")
	ws.Trace = inputs(20000, 1)
	for i := range 2000 {
		ws.SensitiveHashes = append(ws.SensitiveHashes, fmt.Sprintf("%064x", i))
	}
	assertErr(t, "fits", l.CheckStorable(ws), nil)
	ws.Attempt = &state.Attempt{Run: "run-a"}
	assertErr(t, "begin", l.BeginApply(ctx, ws), nil)
	assertReads("tokyo", ws)
	ws.Attempt, ws.Commit, ws.Trace = nil, "c2", inputs(20000, 2)
	a.store.Inject(OnNextWrites(FailAfter))
	assertErr(t, "write", l.Write(ctx, ws), nil)
	assertReads("tokyo", ws)
	maxParts := countParts()

	to := ws
	to.Name = "edo"
	assertErr(t, "rename", l.Rename(ctx, ws, to), nil)
	assertReads("edo", to)
	if n := countParts(); n != maxParts {
		t.Errorf("%d parts after it was renamed, %d before", n, maxParts)
	}
	to.Trace = inputs(8000, 3)
	assertErr(t, "fewer", l.Write(ctx, to), nil)
	assertReads("edo", to)
	if n := countParts(); n == 0 || n >= maxParts {
		t.Errorf("%d parts are left of %d", n, maxParts)
	}
	tooMany := to
	tooMany.Trace = inputs(100000, 4)
	assertErr(t, "fits not", l.CheckStorable(tooMany), state.ErrUnstorable)
	assertErr(t, "write too many", l.Write(ctx, tooMany), state.ErrUnstorable)
	assertReads("edo", to)

	// Under another lease, which knows only what it has read.
	assertErr(t, "release", l.Release(ctx), nil)
	l = b.acquire()
	small, _, err := b.record.Workspace(ctx, "edo")
	assertErr(t, "read", err, nil)
	small.Trace, small.SensitiveHashes = state.Trace{"env/tokyo": "040000:1"}, nil
	assertErr(t, "few", l.WriteAndRelease(ctx, small), nil)
	assertReads("edo", small)
	if n := countParts(); n != 0 {
		t.Errorf("%d parts are left", n)
	}
}

// inputs returns n files with ids that do not compress.
func inputs(n int, seed byte) state.Trace {
	ids := rand.New(rand.NewChaCha8([32]byte{seed}))
	trace := state.Trace{}
	for i := range n {
		trace[fmt.Sprintf("modules/m%03d/files/template-%05d.json", i%300, i)] = fmt.Sprintf("100644:%08x%016x%016x", ids.Uint32(), ids.Uint64(), ids.Uint64())
	}
	return trace
}

// A part that is missing or that belongs to another workspace is reported as corruption.
func testCorruptParts(t *testing.T, open Open) {
	a, _ := twoRunners(t, open)
	ctx := t.Context()
	ws := newTokyo("c1")
	ws.Trace = inputs(4000, 1)
	assertErr(t, "write", a.acquire().Write(ctx, ws), nil)
	f := newFixture(t, open)
	items, err := ListItems(ctx, f.store, "record", "WSPART#")
	if err != nil || len(items) == 0 {
		t.Fatalf("%d parts, %v", len(items), err)
	}
	for _, op := range []state.Op{
		{Key: items[0].Key, Put: json.RawMessage(`{"schema":2,"workspace":"tokyo","part":1,"text":"x"}`)},
		{Key: items[0].Key, Delete: true},
	} {
		f.write(op)
		var corrupt *state.CorruptError
		if _, _, err := a.record.Workspace(ctx, "tokyo"); !errors.As(err, &corrupt) {
			t.Errorf("got %v, want a CorruptError", err)
		}
		if _, err := a.record.Workspaces(ctx); !errors.As(err, &corrupt) {
			t.Errorf("all: got %v, want a CorruptError", err)
		}
	}
}

// Long texts of a workspace, a run and a task are truncated.
func testLongTexts(t *testing.T, open Open) {
	a, b := twoRunners(t, open)
	ctx := t.Context()
	long := "begin " + strings.Repeat("東", 1<<20) + " end"
	stale := make([]string, 20000)
	for i := range stale {
		stale[i] = fmt.Sprintf("modules/m%05d", i)
	}
	ws := newTokyo("c1")
	ws.Error = long
	assertErr(t, "write", a.acquire().Write(ctx, ws), nil)
	result := state.RunWorkspace{Name: "tokyo", Outcome: state.Failed, Error: long, StaleReasons: stale}
	assertErr(t, "run", a.record.PutRun(ctx, state.Run{ID: "r", Workspaces: []state.RunWorkspace{result}}), nil)
	task := state.Task{Name: "tokyo", Key: "k", Commit: "c1", Done: true, Result: result, Warnings: []string{long}}
	assertErr(t, "task", a.record.PutTask(ctx, state.Task{}, task), nil)

	run, err := b.record.FindRun(ctx, "r")
	assertErr(t, "read the run", err, nil)
	done, _, err := b.record.Task(ctx, "tokyo")
	assertErr(t, "read the task", err, nil)
	for what, text := range map[string]string{
		"workspace": b.readTokyo().Error, "run": run.Workspaces[0].Error, "task": done.Result.Error, "warning": done.Warnings[0],
	} {
		if !strings.HasPrefix(text, "begin ") || !strings.HasSuffix(text, " end") || !strings.Contains(text, "omitted") || len(text) > 20<<10 {
			t.Errorf("%s: %d bytes: %.20q", what, len(text), text)
		}
	}
	if stale := run.Workspaces[0].StaleReasons; len(stale) != 101 || stale[100] != "and 19900 more" {
		t.Errorf("the run has %d reasons, the last %q", len(stale), stale[len(stale)-1])
	}
}
