package reconciler_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"reconcile/reconciler"
	"reconcile/state"
)

// changed compares what `changed` says with the model.
func (m *model) changed(*rapid.T) {
	c, err := m.observer.reconciler.Changed(m.ctx, "", "")
	stale, removed, maybe := m.staleByOwn()
	if err != nil {
		m.t.Fatalf("changed: %v\n%s", err, m.tip().estate.String())
	}
	var gotStale, gotRemoved []string
	for _, w := range c.Workspaces {
		if w.Removed {
			gotRemoved = append(gotRemoved, w.Name)
		} else {
			gotStale = append(gotStale, w.Name)
		}
	}
	got, want := fmt.Sprint(gotStale, gotRemoved, c.Maybe), fmt.Sprint(stale, removed, maybe)
	if got != want {
		m.t.Fatalf("changed says (stale, removed, maybe) %s, want %s", got, want)
	}
}

// undisturbed compares a pass that nothing disturbs with the model.
func (m *model) undisturbed(rt *rapid.T) {
	if len(m.in(true)) > 0 {
		rt.Skip()
	}
	m.wait(2 * time.Minute) // leases of the dead run out within the pass's patience
	want, applied := m.predicted()
	f := m.patient(reconciler.Options{Trigger: reconciler.Manual})
	if f.err != nil {
		m.t.Fatalf("an undisturbed pass: %v\n%s", f.err, m.tip().estate.String())
	}
	if f.result.Snapshot == "" {
		for name := range m.read().holds {
			delete(want, name)
		}
	}
	if diff := cmp.Diff(want, outcomes(f.result)); diff != "" {
		m.t.Fatalf("an undisturbed pass (-want +got): %s\n%s\n%+v", diff, m.tip().estate.String(), f.result)
	}
	for id, n := range f.applies {
		if i := slotOf(id); n > 1 || !slices.Contains(applied, id) && !m.tip().estate.slots[i].breaks {
			m.t.Fatalf("%s was applied %d times", id, n)
		}
	}
}

// patient is a pass on a machine of its own that waits for leases.
func (m *model) patient(o reconciler.Options) *flight {
	p := m.newProcess("patient", 5*time.Minute, -time.Hour)
	return m.fly(p, o, "")
}

// land ends what is under way, or kills it.
func (m *model) land(rt *rapid.T) {
	for _, p := range m.in(true) {
		if rapid.Bool().Draw(rt, "killed") {
			m.end(p)
			continue
		}
		m.thaw(p.flight)
		p.flight.proceed(goOn, "")
		m.landed(p.flight)
	}
	m.check()
}

// converge ends the history: what must fail or wait is mended, and the world
// has to come to what the tip asks for.
func (m *model) converge() {
	for name := range m.read().holds {
		_, err := m.observer.record.Lift(m.ctx, name)
		m.must(err)
	}
	if healthy := m.tip().estate.healthy(); healthy != m.tip().estate {
		m.commit(healthy)
	}
	m.wait(4 * time.Hour) // clocks are up to two hours apart, and failures wait for up to more than one
	f := m.patient(reconciler.Options{Trigger: reconciler.Schedule})
	m.check()
	if f.err == nil && f.result.Outcome == reconciler.OutcomeBlocked && !m.meddled {
		for name, outcome := range outcomes(f.result) {
			if outcome == state.Blocked && !m.foreign(name) {
				m.t.Fatalf("%s waits for a person: %+v\n%s", name, f.result, m.tip().estate.String())
			}
		}
		f = m.patient(reconciler.Options{Trigger: reconciler.Manual, Adopt: true})
	}
	if m.meddled { // no pass looks for that by itself
		f = m.patient(reconciler.Options{Trigger: reconciler.Manual, Adopt: true, Replan: true})
	}
	m.check()
	if f.err != nil || f.result.Exit != reconciler.ExitOK {
		m.t.Fatalf("an undisturbed pass ends with %+v, %v\n%s", f.result, f.err, m.tip().estate.String())
	}
	for id, n := range f.applies {
		if n > 1 {
			m.t.Fatalf("%s was applied %d times in one pass", id, n)
		}
	}
	m.compare()
	f = m.patient(reconciler.Options{Trigger: reconciler.Schedule})
	m.check()
	if f.err != nil || f.result.Outcome != reconciler.OutcomeInSync || f.fetches > 0 {
		m.t.Fatalf("the pass after it is not in sync: %+v, %v", f.result, f.err)
	}
}

// foreign tells whether a workspace may wait for --adopt: its record knows
// nothing of the state that is there, or of one elsewhere.
func (m *model) foreign(name string) bool {
	i := m.tip().estate.names()[name]
	rec, now := m.read().records[name], m.state(identity(i))
	return madeNothing(rec) && now.exists() || strange(rec, i, now.version, false)
}

// text is a value without addresses, so that a failure that happens again
// says the same.
func text(v any) string {
	text, _ := json.Marshal(v)
	return string(text)
}

// compare compares the world and the record with the tip.
func (m *model) compare() {
	tip := m.tip().estate
	r := m.read()
	for i, s := range tip.slots {
		if !s.there {
			continue
		}
		upstream := ""
		if s.reads > 0 {
			upstream = m.state(identity(s.reads - 1)).output
		}
		want, now := tip.desired(i, upstream, m.size), m.state(identity(i)).things
		if !want.equal(now) {
			m.t.Fatalf("%s: the world is %+v, want %+v", s.name, now, want)
		}
		rec := r.records[s.name]
		if m.ownStale(r, i, rec) || rec.Error != "" || rec.Removed {
			m.t.Fatalf("%s: at %s the record is %s\nof %+v", s.name, m.tip().id, text(rec), m.recorded[recordedKey(&rec)])
		}
	}
	names := tip.names()
	for _, name := range slices.Sorted(maps.Keys(r.records)) {
		if _, there := names[name]; !there && !r.records[name].Removed {
			m.t.Fatalf("%s is gone, and its record is %s", name, text(r.records[name]))
		}
	}
	m.check()
	m.changed(nil)
}
