package reconciler_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"reconcile/reconciler/inspect"
	"reconcile/reconciler/internal/reconcilertest"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// checkChanged compares the output of `changed` with the model.
func (m *model) checkChanged(*rapid.T) {
	c, err := inspect.FindChanged(m.ctx, m.observer.config, "", "")
	stale, removed, maybe := m.expectChanged()
	if err != nil {
		m.t.Fatalf("changed: %v\n%s", err, m.tip().tree.String())
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
		m.t.Fatalf("changed prints (stale, removed, maybe) %s, want %s", got, want)
	}
}

// checkUndisturbedPass compares an undisturbed pass with the model.
func (m *model) checkUndisturbedPass(rt *rapid.T) {
	if len(m.listProcesses(true)) > 0 {
		rt.Skip()
	}
	m.wait(2 * time.Minute) // leases of dead runs expire within the pass's wait
	want, applied := m.predictPass()
	f := m.runToEnd(run.Options{Trigger: run.TriggerManual})
	if f.err != nil {
		m.t.Fatalf("an undisturbed pass: %v\n%s", f.err, m.tip().tree.String())
	}
	if diff := cmp.Diff(want, reconcilertest.Outcomes(f.result)); diff != "" {
		m.t.Fatalf("an undisturbed pass (-want +got): %s\n%s\n%+v", diff, m.tip().tree.String(), f.result)
	}
	for id, n := range f.applyCounts {
		if i := indexOfState(id); n > max(1, applied[id]) || applied[id] == 0 && !m.tip().tree.workspaces[i].failsApply {
			m.t.Fatalf("%s was applied %d times", id, n)
		}
	}
}

// runToEnd runs a pass that waits for leases, on a machine of its own.
func (m *model) runToEnd(o run.Options) *inFlightPass {
	p := m.newProcess("patient", 5*time.Minute, -time.Hour)
	return m.startPass(p, o, "")
}

// endPasses lets the running passes end, or kills them.
func (m *model) endPasses(rt *rapid.T) {
	for _, p := range m.listProcesses(true) {
		if rapid.Bool().Draw(rt, "killed") {
			m.killPass(p)
			continue
		}
		m.thaw(p.pass)
		p.pass.resume(proceed, "")
		m.detachIfDone(p.pass)
	}
	m.checkViolations()
}

// converge ends the history. It repairs all that must fail or wait; then the modelled
// resources must come to what the tip asks for.
func (m *model) converge() {
	for name := range m.readRecord().holds {
		_, err := m.observer.record.RemoveHold(m.ctx, name)
		m.must(err)
	}
	healthy := m.tip().tree.withoutFailures()
	if split := healthy.withoutUses(); split != healthy {
		m.convergeTo(split)
	}
	m.convergeTo(healthy)
}

// convergeTo commits a tree, if it is not at the tip, and brings everything to it.
func (m *model) convergeTo(tree modelTree) {
	if tree != m.tip().tree {
		m.commit(tree)
	}
	m.wait(4 * time.Hour) // clocks differ by up to two hours, and failures wait for more than one
	f := m.runToEnd(run.Options{Trigger: run.TriggerSchedule})
	m.checkViolations()
	if f.err == nil && f.result.Outcome == run.OutcomeBlocked && !m.tampered {
		for name, outcome := range reconcilertest.Outcomes(f.result) {
			waits, _ := f.result.Find(name) // for readers, which may wait for a person
			if outcome == state.Blocked && waits.Teardown == nil && !m.mayNeedAdoption(name) && !m.tip().tree.workspaces[m.tip().tree.indexByName()[name]].asks {
				m.t.Fatalf("%s waits for a person: %+v\n%s", name, f.result, m.tip().tree.String())
			}
		}
		f = m.runToEnd(run.Options{Trigger: run.TriggerManual, Adopt: true})
	}
	if m.tampered { // no pass looks for that by itself
		f = m.runToEnd(run.Options{Trigger: run.TriggerManual, Adopt: true, Replan: true})
	}
	f = m.approveAll(f)
	m.checkViolations()
	if f.err != nil || f.result.Exit != run.ExitOK {
		m.t.Fatalf("an undisturbed pass ends with %+v, %v\n%s", f.result, f.err, m.tip().tree.String())
	}
	for id, n := range f.applyCounts {
		if n > 1+f.teardowns {
			m.t.Fatalf("%s was applied %d times in one pass", id, n)
		}
	}
	m.checkConverged()
	f = m.runToEnd(run.Options{Trigger: run.TriggerSchedule})
	m.checkViolations()
	if f.err != nil || f.result.Outcome != run.OutcomeInSync || f.fetchCount > 0 {
		m.t.Fatalf("the pass after it is not in sync: %+v, %v", f.result, f.err)
	}
}

// mayNeedAdoption reports whether a workspace may wait for --adopt: its record does not
// know the state that is there, or knows one elsewhere.
func (m *model) mayNeedAdoption(name string) bool {
	i := m.tip().tree.indexByName()[name]
	rec, now := m.readRecord().records[name], m.stateAt(stateIdentityOf(i))
	return isKnownEmpty(rec) && now.exists() || needsAdoption(rec, i, now.version, false)
}

// toJSON returns a value without addresses, so that the same failure has the same text.
func toJSON(v any) string {
	text, _ := json.Marshal(v)
	return string(text)
}

// checkConverged compares the modelled resources and the record with the tip.
func (m *model) checkConverged() {
	tip := m.tip().tree
	r := m.readRecord()
	for i, s := range tip.workspaces {
		if !s.exists {
			continue
		}
		upstream := ""
		if s.reads > 0 {
			upstream = m.stateAt(stateIdentityOf(s.reads - 1)).output
		}
		want, now := tip.desiredContent(i, upstream, m.size), m.stateAt(stateIdentityOf(i)).stateContent
		if !want.equal(now) {
			m.t.Fatalf("%s: the state is %+v, want %+v", s.name, now, want)
		}
		rec := r.records[s.name]
		if m.isStaleByOwn(r, i, rec) || rec.Error != "" || rec.Removed {
			m.t.Fatalf("%s: at %s the record is %s\nof %+v", s.name, m.tip().id, toJSON(rec), m.recordedTraces[recordedKey(&rec)])
		}
	}
	names := tip.indexByName()
	for _, name := range slices.Sorted(maps.Keys(r.records)) {
		if _, there := names[name]; !there && !r.records[name].Removed {
			m.t.Fatalf("%s was removed, and its record is %s", name, toJSON(r.records[name]))
		}
	}
	m.checkViolations()
	m.checkChanged(nil)
}
