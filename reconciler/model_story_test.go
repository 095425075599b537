package reconciler_test

import (
	"testing"
	"testing/synctest"
	"time"

	"reconcile/reconciler"
	"reconcile/state"
)

// story is a history of the model that is told, not drawn.
func story(t *testing.T, tell func(m *model)) {
	t.Helper()
	retell(t, newModelRepo(t), "main", t.TempDir(), tell)
}

// retell is a story in a repository, of which it has a branch.
func retell(t *testing.T, repo *modelRepo, branch, dir string, tell func(m *model)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		m := newModel(t, repo, branch, dir)
		defer m.stop()
		tell(m)
		m.check()
	})
}

// change commits a change to the tip.
func (m *model) change(change func(e *modelEstate)) {
	e := m.tip().estate
	change(&e)
	m.commit(e)
}

// A reader that was planned while its upstream was applied half-way has seen
// outputs that nobody recorded. When they are taken back, it is applied again.
func TestModelReaderOfHalfAnApply(t *testing.T) {
	story(t, func(m *model) {
		schedule := reconciler.Options{Trigger: reconciler.Schedule}
		m.change(func(e *modelEstate) { e.slots[0].output = 1 })
		m.patient(schedule)
		m.change(func(e *modelEstate) { e.slots[0].output = 2 })
		old := m.at[len(m.at)-1]
		// The upstream is applied, the reader is about to be planned.
		f := m.fly(m.processes[0], schedule, "apply")
		f.proceed(goOn, "plan")
		m.landed(f)
		m.change(func(e *modelEstate) { e.slots[0].output, e.slots[0].breaks = 1, true })
		m.patient(schedule)
		f.proceed(goOn, "")
		m.landed(f)
		m.at = append(m.at, old)
		m.push()
		m.converge()
	})
}

// A workspace on whose state a person works is tried again by itself.
func TestModelLockOfAPerson(t *testing.T) {
	story(t, func(m *model) {
		schedule := reconciler.Options{Trigger: reconciler.Schedule}
		m.locked = true
		if f := m.patient(schedule); outcomes(f.result)["w0"] != state.Blocked {
			m.t.Fatalf("the pass says %+v", f.result)
		}
		m.locked = false
		m.wait(2 * time.Hour)
		if f := m.patient(schedule); outcomes(f.result)["w0"] != state.Applied {
			m.t.Fatalf("the pass says %+v", f.result)
		}
	})
}

// A reader that is applied alone while its upstream's record is distrusted has
// seen outputs that nobody vouches for.
func TestModelReaderOfADistrustedUpstream(t *testing.T) {
	story(t, func(m *model) {
		m.patient(reconciler.Options{})
		backup := m.store.Copy()
		before := m.at[len(m.at)-1]
		m.change(func(e *modelEstate) { e.slots[0].output = 1 })
		m.patient(reconciler.Options{})
		m.change(func(e *modelEstate) { *e = m.commits[before].estate })
		m.restoreFrom(backup)
		// The state has the newer output, the record the older, and so has the tip.
		m.patient(reconciler.Options{Only: []string{"w1"}})
		m.converge()
	})
}

// A workspace that was renamed and not applied since is not in sync because
// its old directory comes back: that is another's again.
func TestModelRenamedBackAndForth(t *testing.T) {
	story(t, func(m *model) {
		m.change(func(e *modelEstate) { e.slots[3] = slot{there: true, name: "w2"} })
		m.patient(reconciler.Options{})
		both := m.tip().estate
		m.change(func(e *modelEstate) { e.slots[1].there = false })
		m.patient(reconciler.Options{})
		m.change(func(e *modelEstate) {
			e.slots[3].name, e.slots[3].value, e.slots[3].planOnly = "w1", 1, true
		})
		m.patient(reconciler.Options{})
		m.change(func(e *modelEstate) { *e = both })
		m.changed(nil)
		m.converge()
	})
}

// An apply that was begun with --adopt, and killed, is gone on with: what was
// waited for before does not stand in its way.
func TestModelKilledAdoption(t *testing.T) {
	story(t, func(m *model) {
		m.state(identity(0)).resources = []string{"somebody's"}
		if f := m.patient(reconciler.Options{}); outcomes(f.result)["w0"] != state.Blocked {
			m.t.Fatalf("the pass says %+v", f.result)
		}
		m.fly(m.processes[0], reconciler.Options{Trigger: reconciler.Manual, Adopt: true}, "apply")
		m.end(m.processes[0])
		if f := m.patient(reconciler.Options{Trigger: reconciler.Schedule}); outcomes(f.result)["w0"] != state.Applied {
			m.t.Fatalf("the pass after it says %+v", f.result)
		}
	})
}
