package reconciler

import (
	"testing"

	"reconcile/reconciler/run"
	"reconcile/state"
)

func TestShouldNotify(t *testing.T) {
	inputs, others := state.Trace{"env/tokyo": "a"}, state.Trace{"env/tokyo": "b"}
	applied := state.Workspace{Outcome: state.Applied, ApplyCount: 3}
	failed := state.Workspace{Outcome: state.Failed, PendingInputs: inputs, ApplyCount: 3}
	blocked := state.Workspace{Outcome: state.Blocked, PendingInputs: inputs, PlanDigest: "d", ApplyCount: 3}
	drifted := state.Workspace{Outcome: state.Applied, ApplyCount: 3, Drift: &state.Drift{Found: true, PlanDigest: "p"}}
	with := func(w state.Workspace, change func(*state.Workspace)) state.Workspace { change(&w); return w }
	for _, test := range []struct {
		name string
		was  string
		now  state.Workspace
		news bool
	}{
		{"first apply", "", applied, true},
		{"old infrastructure, adopted", "", with(applied, func(w *state.Workspace) { w.Outcome = state.NoChanges }), false},
		{"applied again", "ok|2", applied, true},
		{"looked at again", "ok|2", with(applied, func(w *state.Workspace) { w.Outcome = state.NoChanges }), false},
		{"fails", "ok|3", failed, true},
		{"fails at other inputs", notifyFingerprint(failed), with(failed, func(w *state.Workspace) { w.PendingInputs = others }), true},
		{"recovers", notifyFingerprint(failed), applied, true},
		{"taken back", notifyFingerprint(failed), with(applied, func(w *state.Workspace) { w.Outcome = state.Unchanged }), true},
		{"waits", "ok|3", blocked, true},
		{"waits with another plan", notifyFingerprint(blocked), with(blocked, func(w *state.Workspace) { w.PlanDigest = "e" }), true},
		{"drifts", "ok|3", drifted, true},
		{"drifts otherwise", notifyFingerprint(drifted), with(drifted, func(w *state.Workspace) { w.Drift = &state.Drift{Found: true, PlanDigest: "q"} }), true},
		{"is as it was applied again", notifyFingerprint(drifted), with(applied, func(w *state.Workspace) { w.Drift = &state.Drift{} }), true},
		{"looked at, in order", "ok|3", with(applied, func(w *state.Workspace) { w.Outcome, w.Drift = state.NoChanges, &state.Drift{} }), false},
		{"removed", "ok|3", with(applied, func(w *state.Workspace) { w.Removed = true }), true},
		{"removed before anybody heard of it", "", with(applied, func(w *state.Workspace) { w.Removed = true }), false},
		{"back after its removal", "removed", with(applied, func(w *state.Workspace) { w.Outcome = state.NoChanges }), false},
	} {
		if got := shouldNotify(test.now, test.was); got != test.news {
			t.Errorf("%s: news %t, want %t", test.name, got, test.news)
		}
	}
	retried := with(failed, func(w *state.Workspace) { w.Failures, w.Error, w.Run = 2, "another text", "another run" })
	if notifyFingerprint(retried) != notifyFingerprint(failed) {
		t.Error("a retry of the same failure has another fingerprint")
	}
}

func TestNewEventOfDrift(t *testing.T) {
	w := state.Workspace{Name: "tokyo", Outcome: state.Applied, ApplyCount: 3, Run: "applied", Changes: state.Changes{Add: 5}}
	w.Drift = &state.Drift{Found: true, PlanDigest: "p", Run: "looked", Changes: state.Changes{Change: 1}}
	r, was := &run.Run{}, notifyFingerprint(w)
	w.Drift.Withheld = "apply = plan-only"
	if n := newEvent(r, w, "ok|3", ""); n.Withheld != w.Drift.Withheld {
		t.Errorf("no pass reverts it: %+v", n)
	}
	w.Drift.Withheld = ""
	if n := newEvent(r, w, "ok|3", ""); n.Outcome != "drifted" || !n.AboutDrift || n.Add != 0 || n.Change != 1 || n.Run != "looked" {
		t.Errorf("found: %+v", n)
	}
	w.Drift = &state.Drift{Run: "looked"}
	if n := newEvent(r, w, was, ""); n.Outcome != "unchanged" || !n.AboutDrift || n.Add != 0 {
		t.Errorf("vanished by itself: %+v", n)
	}
	w.Drift = nil
	if n := newEvent(r, w, was, ""); n.Outcome != "applied" || n.AboutDrift || n.Add != 5 {
		t.Errorf("put back: %+v", n)
	}
	w.Outcome, w.Changes = state.NoChanges, state.Changes{}
	if n := newEvent(r, w, was, ""); n.Outcome != "unchanged" || !n.AboutDrift {
		t.Errorf("a pass found it vanished: %+v", n)
	}
}
