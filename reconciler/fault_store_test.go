package reconciler_test

import (
	"fmt"
	"testing"

	"reconcile/internal/testtier"
	"reconcile/reconciler/run"
	"reconcile/state/statetest"
)

// Each call to the store fails, in each way, alone or with all later calls. Nothing wrong
// is recorded, and the next undisturbed pass converges. In `make short` it is every third
// call.
func TestFaultyStore(t *testing.T) {
	t.Parallel()
	repo := newModelRepo(t)
	var calls []statetest.Call
	scenarios := 0
	tell := func(name string, fault func(n int, c statetest.Call) statetest.Fault) {
		t.Helper()
		scenarios++
		dir := t.TempDir()
		ok := t.Run(name, func(t *testing.T) {
			runScenarioIn(t, repo, fmt.Sprintf("scenario-%d", scenarios), dir, func(m *model) { m.runWithFaults(fault) })
		})
		if !ok {
			t.FailNow()
		}
	}
	tell("none", func(_ int, c statetest.Call) statetest.Fault {
		calls = append(calls, c)
		return statetest.NoFault
	})
	for n, c := range calls {
		if testtier.Tier() == testtier.Short && n%3 != 0 {
			continue
		}
		faults := map[string]statetest.Fault{"refused": statetest.FailBefore}
		if c.IsWrite() {
			faults["answer lost"], faults["late"] = statetest.FailAfter, statetest.FailLate
		}
		for name, fault := range faults {
			tell(fmt.Sprintf("%02d %s %s", n, callName(c), name), func(i int, _ statetest.Call) statetest.Fault {
				if i == n {
					return fault
				}
				return statetest.NoFault
			})
		}
		tell(fmt.Sprintf("%02d all from %s on", n, callName(c)), func(i int, _ statetest.Call) statetest.Fault {
			if i >= n {
				return statetest.FailBefore
			}
			return statetest.NoFault
		})
	}
}

func callName(c statetest.Call) string {
	if !c.IsWrite() {
		return "read " + c.Read.SK
	}
	return "write " + c.Ops[len(c.Ops)-1].Key.SK
}

// runWithFaults runs a pass with much to do while calls to the store fail, and then
// undisturbed passes.
func (m *model) runWithFaults(fault func(n int, c statetest.Call) statetest.Fault) {
	m.change(func(e *modelTree) {
		e.workspaces[2] = modelWorkspace{exists: true, name: "w2"}
		e.workspaces[3] = modelWorkspace{exists: true, name: "w3", reads: 1}
	})
	m.runToEnd(run.Options{})
	m.change(func(e *modelTree) {
		e.workspaces[0].output = 1     // so that its readers are stale
		e.workspaces[2].name = "w4"    // renamed
		e.workspaces[3].exists = false // removed
	})
	p := m.processes[0]
	n := -1
	p.store.Inject(func(c statetest.Call) statetest.Fault {
		n++
		return fault(n, c)
	})
	f := m.startPass(p, run.Options{Trigger: run.TriggerSchedule}, "")
	p.store.Inject(nil)
	m.checkViolations()
	p.pass = f // late writes count as its own
	for _, err := range p.store.DeliverLate(m.ctx) {
		m.t.Logf("late: %v", err)
	}
	p.pass = nil
	m.checkViolations()
	m.converge()
}
