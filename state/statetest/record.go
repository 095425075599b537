package statetest

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"reconcile/internal/commitid"
	"reconcile/internal/runid"
	"reconcile/state"
)

func testHead(t *testing.T, open Open) {
	a, b := twoRunners(t, open)
	ctx := t.Context()
	if h, err := a.record.Head(ctx); err != nil || !reflect.DeepEqual(h, state.Head{}) {
		t.Fatalf("head of nothing: got %+v, %v", h, err)
	}
	assertErr(t, "unsettle nothing", a.record.MarkUnsettled(ctx), nil)
	first, err := a.record.Adopt(ctx, state.Head{Commit: "c1", Settled: true, EnvVarNames: []string{"TF_VAR_a"}, NextRetryAt: testTime})
	if err != nil || first.Rev != 1 || first.Generation != 1 || first.Settled {
		t.Fatalf("adopt: got %+v, %v", first, err)
	}
	if got, err := b.record.Head(ctx); err != nil || !reflect.DeepEqual(got, first) {
		t.Fatalf("read back: got %+v, %v, want %+v", got, err, first)
	}
	_, err = b.record.Adopt(ctx, state.Head{Commit: "c2"})
	assertErr(t, "adopt without having read", err, state.ErrConflict)

	settled := first
	settled.Settled, settled.Exit = true, 2
	settled, err = a.record.PutHead(ctx, settled)
	if err != nil || settled.Rev != 2 || settled.Generation != 1 || !settled.Settled {
		t.Fatalf("settle: got %+v, %v", settled, err)
	}
	_, err = a.record.PutHead(ctx, first)
	assertErr(t, "write an old head", err, state.ErrConflict)
	assertErr(t, "unsettle", b.record.MarkUnsettled(ctx), nil)
	_, err = a.record.PutHead(ctx, settled)
	assertErr(t, "settle what was unsettled", err, state.ErrConflict)
	if got, err := a.record.Head(ctx); err != nil || got.Settled || got.Commit != "c1" || got.Exit != 2 {
		t.Fatalf("unsettled: got %+v, %v", got, err)
	}
	now, _ := a.record.Head(ctx)
	assertErr(t, "unsettle again", b.record.MarkUnsettled(ctx), nil)
	now.Settled = true
	_, err = a.record.PutHead(ctx, now)
	assertErr(t, "settle what was unsettled, though it was not settled", err, state.ErrConflict)
}

// Of several passes that adopt at once one wins, at each tip.
func testAdoption(t *testing.T, open Open) {
	const passes, tips = 5, 4
	for tip := range tips {
		h, err := newRunner(t, open, "reader", testTime).record.Head(t.Context())
		assertErr(t, "read", err, nil)
		var wg sync.WaitGroup
		won := make([]bool, passes)
		for p := range passes {
			a, h := newRunner(t, open, fmt.Sprint("pass", p), testTime), h
			h.Commit, h.Run = commitid.ID(fmt.Sprint("tip", tip)), runid.ID(a.name)
			wg.Go(func() {
				got, err := a.record.Adopt(t.Context(), h)
				won[p] = err == nil && got.Generation == int64(tip+1)
				if err != nil && !errors.Is(err, state.ErrConflict) {
					t.Errorf("adopt: %v", err)
				}
			})
		}
		wg.Wait()
		winners := 0
		for _, w := range won {
			if w {
				winners++
			}
		}
		if winners != 1 {
			t.Fatalf("tip %d: %d passes adopted it, want 1", tip, winners)
		}
	}
}

func testDistrust(t *testing.T, open Open) {
	a, _ := twoRunners(t, open)
	if h, err := a.record.InvalidateTraces(t.Context()); err != nil || h.Rev != 0 {
		t.Fatalf("distrust nothing: got %+v, %v", h, err)
	}
	l := a.acquire()
	assertErr(t, "write", l.Write(t.Context(), newTokyo("c1")), nil)
	if h, err := a.record.InvalidateTraces(t.Context()); err != nil || h.Epoch != 1 || h.Generation != 0 {
		t.Fatalf("distrust workspaces without a head: got %+v, %v", h, err)
	}
	h := a.adopt("c1")
	h.Settled = true
	if _, err := a.record.PutHead(t.Context(), h); err != nil {
		t.Fatal(err)
	}
	if h, err := a.record.InvalidateTraces(t.Context()); err != nil || h.Epoch != 2 || h.Settled || h.Commit != "c1" {
		t.Fatalf("distrust: got %+v, %v", h, err)
	}
}

func testHolds(t *testing.T, open Open) {
	a, b := twoRunners(t, open)
	ctx := t.Context()
	suspended := state.Hold{Name: "tokyo", Kind: state.Suspended, Reason: "switch", PlacedBy: "mika", PlacedAt: testTime}
	recovery := state.Hold{Name: "osaka", Kind: state.Recovery, Reason: "errored.tfstate", Help: "terraform state push", PlacedBy: "run-a", PlacedAt: testTime}
	assertErr(t, "hold without a head", a.record.PlaceHold(ctx, suspended), nil)

	settled := a.adopt("c1")
	settled.Settled = true
	settled, err := a.record.PutHead(ctx, settled)
	assertErr(t, "settle", err, nil)
	assertErr(t, "hold for recovery", a.record.PlaceHold(ctx, recovery), nil)
	settled, err = a.record.PutHead(ctx, settled)
	assertErr(t, "the pass that places it settles", err, nil)

	want := map[string]state.Hold{"tokyo": suspended, "osaka": recovery}
	for name, h := range want {
		h.Schema = state.Schema
		want[name] = h
	}
	if got, err := b.record.Holds(ctx); err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("holds: got %+v, %v, want %+v", got, err, want)
	}
	suspended.Name = "osaka"
	var held *state.HoldConflictError
	if err := a.record.PlaceHold(ctx, suspended); !errors.As(err, &held) || held.Hold.Kind != state.Recovery {
		t.Fatalf("suspend over recovery: got %v", err)
	}
	if lifted, err := b.record.RemoveHold(ctx, "nothing"); err != nil || lifted {
		t.Fatalf("lift nothing: got %v, %v", lifted, err)
	}
	if lifted, err := b.record.RemoveHold(ctx, "tokyo"); err != nil || !lifted {
		t.Fatalf("lift: got %v, %v", lifted, err)
	}
	_, err = a.record.PutHead(ctx, settled)
	assertErr(t, "settle after a lift", err, state.ErrConflict)
	if h, err := a.record.Head(ctx); err != nil || h.Settled {
		t.Fatalf("head after a lift: got %+v, %v", h, err)
	}
	suspended.Name = "tokyo"
	assertErr(t, "suspend", a.record.PlaceHold(ctx, suspended), nil)
	assertErr(t, "suspend again, for another reason", a.record.PlaceHold(ctx, state.Hold{Name: "tokyo", Kind: state.Suspended, Reason: "other"}), nil)
	if err := a.record.PlaceHold(ctx, state.Hold{Name: "tokyo"}); err == nil {
		t.Error("a hold of no kind was placed")
	}
}

func testRuns(t *testing.T, open Open) {
	a, b := twoRunners(t, open)
	ctx := t.Context()
	if runs, err := a.record.Runs(ctx, 10); err != nil || len(runs) != 0 {
		t.Fatalf("runs of nothing: got %v, %v", runs, err)
	}
	_, err := a.record.FindRun(ctx, "none")
	assertErr(t, "no such run", err, state.ErrNotFound)
	for i := range 5 {
		run := state.Run{ID: runid.ID(fmt.Sprintf("01JD%d", i)), StartedAt: testTime.Add(time.Duration(i) * time.Hour), ExpiresAt: testTime.Add(24 * time.Hour * 365 * 100).Unix()}
		assertErr(t, "start", a.record.PutRun(ctx, run), nil)
		if i < 4 {
			run.EndedAt, run.Outcome, run.Workspaces = run.StartedAt.Add(time.Minute), "applied", []state.RunWorkspace{{Name: "tokyo", Outcome: state.Applied}}
			assertErr(t, "end", a.record.PutRun(ctx, run), nil)
		}
	}
	ids := func(runs []state.Run) (ids []runid.ID) {
		for _, r := range runs {
			ids = append(ids, r.ID)
		}
		return ids
	}
	if runs, err := b.record.Runs(ctx, 3); err != nil || !slices.Equal(ids(runs), []runid.ID{"01JD4", "01JD3", "01JD2"}) {
		t.Fatalf("runs: got %v, %v", ids(runs), err)
	}
	var ambiguous *state.AmbiguousRunError
	if _, err := b.record.FindRun(ctx, "01JD"); !errors.As(err, &ambiguous) || len(ambiguous.Runs) < 2 || ambiguous.Runs[0] < ambiguous.Runs[1] {
		t.Errorf("find a run by what several begin with: %v", err)
	}
	if run, err := b.record.FindRun(ctx, "01JD3"); err != nil || run.Outcome != "applied" || len(run.Workspaces) != 1 {
		t.Fatalf("run: got %+v, %v", run, err)
	}
	pruned, err := b.record.PruneRuns(ctx, testTime.Add(2*time.Hour))
	if err != nil || !slices.Equal(pruned, []runid.ID{"01JD0", "01JD1"}) {
		t.Fatalf("prune: got %v, %v", pruned, err)
	}
	if runs, err := a.record.Runs(ctx, 10); err != nil || len(runs) != 3 {
		t.Fatalf("runs after pruning: got %v, %v", ids(runs), err)
	}
}

// A run over very many workspaces is recorded whole.
func testLargeRun(t *testing.T, open Open) {
	a, b := twoRunners(t, open)
	ctx := t.Context()
	run := state.Run{ID: "01JD0", StartedAt: testTime, ExpiresAt: testTime.AddDate(100, 0, 0).Unix()}
	for i := range 4000 {
		run.Workspaces = append(run.Workspaces, state.RunWorkspace{
			Name: fmt.Sprintf("w%05d", i), Outcome: state.Failed, Error: strings.Repeat("x", 200), StaleReasons: []string{"modules/vpc"},
		})
	}
	assertErr(t, "record", a.record.PutRun(ctx, run), nil)
	got, err := b.record.FindRun(ctx, string(run.ID))
	run.Schema = state.Schema
	if err != nil || !reflect.DeepEqual(got, run) {
		t.Fatalf("run: got %d workspaces, %d parts, %v", len(got.Workspaces), got.Parts, err)
	}
	if runs, err := b.record.Runs(ctx, 1); err != nil || len(runs) != 1 || len(runs[0].Workspaces) != 4000 {
		t.Fatalf("runs: got %d, %v", len(runs), err)
	}
	pruned, err := b.record.PruneRuns(ctx, testTime.Add(1))
	if err != nil || len(pruned) != 1 {
		t.Fatalf("prune: got %v, %v", pruned, err)
	}
	if left, err := ListItems(ctx, newFixture(t, open).store, "record", ""); err != nil || len(left) != 0 {
		t.Fatalf("left after pruning: %q, %v", sortKeys(left), err)
	}
}

func testNotificationState(t *testing.T, open Open) {
	a, b := twoRunners(t, open)
	ctx := t.Context()
	if all, err := a.record.NotificationStates(ctx); err != nil || len(all) != 0 {
		t.Fatalf("no states: got %v, %v", all, err)
	}
	tokyo := state.NotificationState{Name: "tokyo", Fingerprints: map[string]string{"sns": "ok|1"}, IssueKey: "INFRA-1"}
	assertErr(t, "put", a.record.PutNotificationState(ctx, tokyo), nil)
	tokyo.Fingerprints["log"] = "failed|2"
	assertErr(t, "put more", b.record.PutNotificationState(ctx, tokyo), nil)
	all, err := a.record.NotificationStates(ctx)
	if got := all["tokyo"]; err != nil || len(all) != 1 || !reflect.DeepEqual(got.Fingerprints, tokyo.Fingerprints) || got.IssueKey != "INFRA-1" {
		t.Fatalf("notification states: got %+v, %v", all, err)
	}
	if got, err := a.record.PullRequestCursor(ctx); err != nil || !got.NotifiedUntil.IsZero() {
		t.Fatalf("no cursor: got %+v, %v", got, err)
	}
	assertErr(t, "pull requests", b.record.PutPullRequestCursor(ctx, state.PullRequestCursor{NotifiedUntil: testTime, LastNotified: []int{3, 4}}), nil)
	if got, err := a.record.PullRequestCursor(ctx); err != nil || !got.NotifiedUntil.Equal(testTime) || !reflect.DeepEqual(got.LastNotified, []int{3, 4}) {
		t.Fatalf("cursor: got %+v, %v", got, err)
	}
}
