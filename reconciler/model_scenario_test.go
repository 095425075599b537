package reconciler_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"reconcile/reconciler/internal/reconcilertest"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// runScenario runs a history of the model that a script defines.
func runScenario(t *testing.T, script func(m *model)) {
	t.Helper()
	runScenarioIn(t, newModelRepo(t), "main", t.TempDir(), script)
}

// runScenarioIn runs a scenario on a branch of a repository.
func runScenarioIn(t *testing.T, repo *modelRepo, branch, dir string, script func(m *model)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		m := newModel(t, repo, branch, dir)
		defer m.stop()
		script(m)
		m.checkViolations()
	})
}

// change commits a change to the tip.
func (m *model) change(change func(e *modelTree)) {
	e := m.tip().tree
	change(&e)
	m.commit(e)
}

// A reader that was planned while its upstream was half applied has read outputs that
// were never recorded. When these outputs are reverted, the reader is applied again.
func TestModelReaderOfHalfAnApply(t *testing.T) {
	t.Parallel()
	runScenario(t, func(m *model) {
		schedule := run.Options{Trigger: run.TriggerSchedule}
		m.change(func(e *modelTree) { e.workspaces[0].output = 1 })
		m.runToEnd(schedule)
		m.change(func(e *modelTree) { e.workspaces[0].output = 2 })
		old := m.branchCommits[len(m.branchCommits)-1]
		// The upstream is applied, the reader is about to be planned.
		f := m.startPass(m.processes[0], schedule, "apply")
		f.resume(proceed, "plan")
		m.detachIfDone(f)
		m.change(func(e *modelTree) { e.workspaces[0].output, e.workspaces[0].failsApply = 1, true })
		m.runToEnd(schedule)
		f.resume(proceed, "")
		m.detachIfDone(f)
		m.branchCommits = append(m.branchCommits, old)
		m.push()
		m.converge()
	})
}

// A tip without workspaces is an error, and the next tip with workspaces ends it.
func TestModelEmptyTip(t *testing.T) {
	t.Parallel()
	runScenario(t, func(m *model) {
		schedule := run.Options{Trigger: run.TriggerSchedule}
		full := m.branchCommits[0]
		m.runToEnd(schedule)
		m.change(func(e *modelTree) { e.workspaces = [maxWorkspaces]modelWorkspace{} })
		for range 2 {
			f := m.runToEnd(schedule)
			if f.err == nil || !strings.Contains(f.err.Error(), "no workspace was found") || f.result.Exit == run.ExitOK || len(f.applyCounts) > 0 {
				m.t.Fatalf("result of the pass: %+v, %v", f.result, f.err)
			}
			m.wait(4 * time.Hour)
		}
		m.branchCommits = append(m.branchCommits, full)
		m.push()
		m.converge()
	})
}

// A workspace whose state a person has locked is tried again by itself.
func TestModelLockOfAPerson(t *testing.T) {
	t.Parallel()
	runScenario(t, func(m *model) {
		schedule := run.Options{Trigger: run.TriggerSchedule}
		m.locked = true
		if f := m.runToEnd(schedule); reconcilertest.Outcomes(f.result)["w0"] != state.Blocked {
			m.t.Fatalf("result of the pass: %+v", f.result)
		}
		m.locked = false
		m.wait(2 * time.Hour)
		if f := m.runToEnd(schedule); reconcilertest.Outcomes(f.result)["w0"] != state.Applied {
			m.t.Fatalf("result of the pass: %+v", f.result)
		}
	})
}

// A reader that is applied alone while its upstream's traces are invalid has read outputs
// that no valid record confirms.
func TestModelReaderOfADistrustedUpstream(t *testing.T) {
	t.Parallel()
	runScenario(t, func(m *model) {
		m.runToEnd(run.Options{})
		backup := m.store.Copy()
		before := m.branchCommits[len(m.branchCommits)-1]
		m.change(func(e *modelTree) { e.workspaces[0].output = 1 })
		m.runToEnd(run.Options{})
		m.change(func(e *modelTree) { *e = m.commits[before].tree })
		m.restoreFrom(backup)
		// The state has the newer output; the record and the tip have the older one.
		m.runToEnd(run.Options{Only: []string{"w1"}})
		m.converge()
	})
}

// A workspace was renamed and not applied since. When its old directory comes back, it is
// not in sync: that directory is another workspace's again.
func TestModelRenamedBackAndForth(t *testing.T) {
	t.Parallel()
	runScenario(t, func(m *model) {
		m.change(func(e *modelTree) { e.workspaces[3] = modelWorkspace{exists: true, name: "w2"} })
		m.runToEnd(run.Options{})
		both := m.tip().tree
		m.change(func(e *modelTree) { e.workspaces[1].exists = false })
		m.runToEnd(run.Options{})
		m.change(func(e *modelTree) {
			e.workspaces[3].name, e.workspaces[3].value, e.workspaces[3].planOnly = "w1", 1, true
		})
		m.runToEnd(run.Options{})
		m.change(func(e *modelTree) { *e = both })
		m.checkChanged(nil)
		m.converge()
	})
}

// An apply that was started with --adopt and killed is continued: the earlier wait does
// not prevent it.
func TestModelKilledAdoption(t *testing.T) {
	t.Parallel()
	runScenario(t, func(m *model) {
		m.stateAt(stateIdentityOf(0)).resources = []string{"somebody's"}
		if f := m.runToEnd(run.Options{}); reconcilertest.Outcomes(f.result)["w0"] != state.Blocked {
			m.t.Fatalf("result of the pass: %+v", f.result)
		}
		m.startPass(m.processes[0], run.Options{Trigger: run.TriggerManual, Adopt: true}, "apply")
		m.killPass(m.processes[0])
		if f := m.runToEnd(run.Options{Trigger: run.TriggerSchedule}); reconcilertest.Outcomes(f.result)["w0"] != state.Applied {
			m.t.Fatalf("result of the next pass: %+v", f.result)
		}
	})
}

// A replan finds a plan that waits, of a workspace whose inputs have not changed. Its approval
// is used by the next pass, also when a pass in between found nothing stale.
func TestModelApprovedReplan(t *testing.T) {
	t.Parallel()
	for _, between := range []bool{false, true} {
		runScenario(t, func(m *model) {
			schedule := run.Options{Trigger: run.TriggerSchedule}
			m.change(func(e *modelTree) { e.workspaces[0].asks = true })
			m.approveAll(m.runToEnd(schedule))
			m.stateAt(stateIdentityOf(0)).resources = []string{"somebody's"}
			if f := m.runToEnd(run.Options{Trigger: run.TriggerManual, Replan: true}); reconcilertest.Outcomes(f.result)["w0"] != state.Blocked {
				m.t.Fatalf("result of the replan: %+v", f.result)
			}
			if between {
				m.runToEnd(schedule)
			}
			if !m.approveWorkspace("w0") {
				m.t.Fatal("no plan of w0 waits")
			}
			m.checkChanged(nil)
			if f := m.runToEnd(schedule); reconcilertest.Outcomes(f.result)["w0"] != state.Applied {
				m.t.Fatalf("result of the pass after the approval: %+v", f.result)
			}
			m.checkConverged()
			if f := m.runToEnd(schedule); f.result.Outcome != run.OutcomeInSync {
				m.t.Fatalf("result of the last pass: %+v", f.result)
			}
		})
	}
}

// A pass with nothing to do tells of a suspended workspace only while it is stale: not after an
// apply that had begun before has ended, nor because a replan left it alone.
func TestModelSuspendedAndInSync(t *testing.T) {
	t.Parallel()
	manual := run.Options{Trigger: run.TriggerManual}
	for _, replan := range []bool{false, true} {
		runScenario(t, func(m *model) {
			if replan {
				m.runToEnd(manual)
				m.suspendWorkspace("w1")
				m.runToEnd(run.Options{Trigger: run.TriggerManual, Replan: true})
			} else {
				m.change(func(e *modelTree) { e.workspaces[1].reads = 0 })
				f := m.startPass(m.processes[0], run.Options{Trigger: run.TriggerManual, Only: []string{"w1"}}, "applied")
				m.suspendWorkspace("w1")
				if f := m.runToEnd(manual); reconcilertest.Outcomes(f.result)["w1"] != state.Blocked {
					m.t.Fatalf("result of the pass: %+v", f.result)
				}
				f.resume(proceed, "")
				m.detachIfDone(f)
			}
			if f := m.runToEnd(run.Options{Trigger: run.TriggerSchedule}); f.fetchCount != 0 || len(f.result.Workspaces) > 0 {
				m.t.Fatalf("result of a pass with nothing to do: %+v", f.result)
			}
		})
	}
}

// A suspended workspace that was renamed is told of by the passes that have nothing to do.
func TestModelSuspendedAndRenamed(t *testing.T) {
	t.Parallel()
	runScenario(t, func(m *model) {
		m.runToEnd(run.Options{})
		m.suspendWorkspace("w1")
		m.change(func(e *modelTree) { e.workspaces[1].name = "w4" })
		for range 2 {
			if f := m.runToEnd(run.Options{Trigger: run.TriggerSchedule}); reconcilertest.Outcomes(f.result)["w4"] != state.Blocked {
				m.t.Fatalf("result of the pass: %+v", f.result)
			}
		}
	})
}

// A person has changed a state by hand, and the plan of its workspace waits for a reader, which is
// planned with what it finds there. When the outputs are as recorded again, it is planned again.
func TestModelReaderOfAChangedState(t *testing.T) {
	t.Parallel()
	for _, asks := range []bool{false, true} {
		runScenario(t, func(m *model) {
			schedule := run.Options{Trigger: run.TriggerSchedule}
			m.change(func(e *modelTree) { e.workspaces[1].asks = asks })
			m.approveAll(m.runToEnd(schedule))
			byHand := m.stateAt(stateIdentityOf(0))
			byHand.output, byHand.spares[0] = "by hand", true
			byHand.version.Serial++
			m.change(func(e *modelTree) { e.workspaces[0].value, e.workspaces[1].value = 1, 1 })
			m.approveAll(m.runToEnd(schedule))
			m.checkConverged()
		})
	}
}
