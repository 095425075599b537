package reconciler

import (
	"testing"

	"reconcile/state"
)

func TestIsNews(t *testing.T) {
	inputs, others := state.Trace{"env/tokyo": "a"}, state.Trace{"env/tokyo": "b"}
	applied := state.Workspace{Outcome: state.Applied, Counter: 3}
	failed := state.Workspace{Outcome: state.Failed, Waiting: inputs, Counter: 3}
	blocked := state.Workspace{Outcome: state.Blocked, Waiting: inputs, Digest: "d", Counter: 3}
	drifted := state.Workspace{Outcome: state.Applied, Counter: 3, Drift: &state.Drift{Found: true, Digest: "p"}}
	with := func(w state.Workspace, change func(*state.Workspace)) state.Workspace { change(&w); return w }
	for _, test := range []struct {
		name string
		was  string
		now  state.Workspace
		news bool
	}{
		{"first apply", "", applied, true},
		{"an old estate, adopted", "", with(applied, func(w *state.Workspace) { w.Outcome = state.NoChanges }), false},
		{"applied again", "ok|2", applied, true},
		{"looked at again", "ok|2", with(applied, func(w *state.Workspace) { w.Outcome = state.NoChanges }), false},
		{"fails", "ok|3", failed, true},
		{"fails at other inputs", tellable(failed), with(failed, func(w *state.Workspace) { w.Waiting = others }), true},
		{"recovers", tellable(failed), applied, true},
		{"taken back", tellable(failed), with(applied, func(w *state.Workspace) { w.Outcome = state.Unchanged }), true},
		{"waits", "ok|3", blocked, true},
		{"waits with another plan", tellable(blocked), with(blocked, func(w *state.Workspace) { w.Digest = "e" }), true},
		{"drifts", "ok|3", drifted, true},
		{"drifts otherwise", tellable(drifted), with(drifted, func(w *state.Workspace) { w.Drift = &state.Drift{Found: true, Digest: "q"} }), true},
		{"is as it was applied again", tellable(drifted), with(applied, func(w *state.Workspace) { w.Drift = &state.Drift{} }), true},
		{"looked at, in order", "ok|3", with(applied, func(w *state.Workspace) { w.Outcome, w.Drift = state.NoChanges, &state.Drift{} }), false},
		{"removed", "ok|3", with(applied, func(w *state.Workspace) { w.Removed = true }), true},
		{"removed before anybody heard of it", "", with(applied, func(w *state.Workspace) { w.Removed = true }), false},
		{"back after its removal", "removed", with(applied, func(w *state.Workspace) { w.Outcome = state.NoChanges }), false},
	} {
		if got := isNews(test.now, test.was); got != test.news {
			t.Errorf("%s: news %t, want %t", test.name, got, test.news)
		}
	}
	retried := with(failed, func(w *state.Workspace) { w.Failures, w.Error, w.Run = 2, "another text", "another run" })
	if tellable(retried) != tellable(failed) {
		t.Error("a retry of the same failure has another fingerprint")
	}
}

func TestNewsOfDrift(t *testing.T) {
	w := state.Workspace{Name: "tokyo", Outcome: state.Applied, Counter: 3, Run: "applied", Changes: state.Changes{Add: 5}}
	w.Drift = &state.Drift{Found: true, Digest: "p", Run: "looked", Changes: state.Changes{Change: 1}}
	was := tellable(w)
	if n := news(w, "ok|3", ""); n.Outcome != "drifted" || !n.Drift || n.Add != 0 || n.Change != 1 || n.Run != "looked" {
		t.Errorf("found: %+v", n)
	}
	w.Drift = &state.Drift{Run: "looked"}
	if n := news(w, was, ""); n.Outcome != "unchanged" || !n.Drift || n.Add != 0 {
		t.Errorf("gone by itself: %+v", n)
	}
	w.Drift = nil
	if n := news(w, was, ""); n.Outcome != "applied" || n.Drift || n.Add != 5 {
		t.Errorf("put back: %+v", n)
	}
	w.Outcome, w.Changes = state.NoChanges, state.Changes{}
	if n := news(w, was, ""); n.Outcome != "unchanged" || !n.Drift {
		t.Errorf("found gone by a pass: %+v", n)
	}
}
