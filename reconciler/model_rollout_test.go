package reconciler_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"reconcile/internal/plandigest"
	"reconcile/internal/testtier"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// TestModelRollouts runs passes through random histories of a workspace that is applied in
// steps: newer commits, reverts, approvals that are revoked, alarms, orders, several processes,
// kills and faults at any effect. No history is at a step that was not allowed, and each one
// leaves the way between two steps.
func TestModelRollouts(t *testing.T) {
	t.Parallel()
	testtier.Checks(t, 30, 100)
	checkHistories(t, (*model).runRolloutHistory)
}

func (m *model) runRolloutHistory(rt *rapid.T) {
	defer m.stop()
	m.change(func(e *modelTree) {
		e.workspaces[0].rolls, e.workspaces[0].asks = true, rapid.Bool().Draw(rt, "asks")
	})
	m.applyAtOnce()
	m.moveShare(rt)
	m.checkViolations()
	rt.Repeat(map[string]func(*rapid.T){
		"":               func(*rapid.T) { m.checkViolations() },
		"move the share": m.moveShare,
		"edit the rest":  m.editBesideShare,
		"revert":         m.revertShare,
		"start a pass":   m.startRandomPass,
		"start another":  m.startRandomPass,
		"a pass":         func(*rapid.T) { m.runToEnd(run.Options{Trigger: run.TriggerSchedule}) },
		"resume":         m.resume,
		"resume again":   m.resume,
		"kill":           m.kill,
		"freeze":         m.freeze,
		"overtake":       m.overtakeRollout,
		"time passes":    func(rt *rapid.T) { m.wait(draw(rt, "time", time.Second, time.Minute, 10*time.Minute, 2*time.Hour)) },
		"soak":           func(*rapid.T) { m.wait(10 * time.Minute) },
		"approve":        m.approve,
		"approve it":     func(*rapid.T) { m.approveWorkspace("w0") },
		"revoke":         m.revoke,
		"alarm":          m.changeAlarm,
		"Git":            func(*rapid.T) { m.setGitAway(!m.isGitAway()) },
		"break or mend it": func(*rapid.T) {
			m.change(func(e *modelTree) { e.workspaces[0].isUnparsable = !e.workspaces[0].isUnparsable })
		},
		"remove it": func(rt *rapid.T) {
			m.change(func(e *modelTree) { e.workspaces[0].exists = !e.workspaces[0].exists })
		},
		"order":           m.orderRollout,
		"suspend it":      m.suspend,
		"lift what holds": func(*rapid.T) { m.liftHold("w0") },
	})
	m.endPasses(rt)
	m.setGitAway(false)
	m.change(func(e *modelTree) { e.workspaces[0].exists, e.workspaces[0].isUnparsable = true, false })
	m.convergeRollouts()
}

func (m *model) isGitAway() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.gitIsAway
}

func (m *model) setGitAway(away bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.gitIsAway = away
}

// modelAlarms reads the alarm of the model.
type modelAlarms struct{ m *model }

func (a modelAlarms) ReadAlarms(_ context.Context, _ string, arns []string) (all []run.AlarmReading) {
	a.m.mu.Lock()
	defer a.m.mu.Unlock()
	for _, arn := range arns {
		all = append(all, run.AlarmReading{ARN: arn, State: a.m.alarm})
	}
	return all
}

func (m *model) changeAlarm(rt *rapid.T) {
	to := draw(rt, "alarm", run.AlarmOK, run.AlarmOK, run.AlarmOn, run.AlarmNoData, run.AlarmUnreadable)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.alarm = to
}

// moveShare moves the share on from where the last commit leads.
func (m *model) moveShare(rt *rapid.T) {
	m.change(func(e *modelTree) {
		s := &e.workspaces[0]
		s.from, s.to = s.to, 200*rapid.IntRange(0, 2).Draw(rt, "share")
	})
}

// editBesideShare changes something that a rollout does not move, or that concerns others.
func (m *model) editBesideShare(rt *rapid.T) {
	m.change(func(e *modelTree) {
		switch draw(rt, "what", "others", "others", "note", "value") {
		case "others":
			e.workspaces[1].value = rapid.IntRange(0, 2).Draw(rt, "value")
		case "note":
			e.workspaces[0].note = rapid.IntRange(0, 2).Draw(rt, "note")
		case "value":
			e.workspaces[0].value = rapid.IntRange(0, 1).Draw(rt, "value")
		}
	})
}

// revertShare commits what was applied last.
func (m *model) revertShare(*rapid.T) {
	rec := m.readRecord().records["w0"]
	for _, c := range m.commits {
		if c.id == rec.Commit && rec.Trace != nil {
			m.commit(c.tree)
			return
		}
	}
}

// overtakeRollout freezes a pass until another takes over its leases.
func (m *model) overtakeRollout(rt *rapid.T) {
	m.freeze(rt)
	m.runToEnd(run.Options{Trigger: run.TriggerManual})
	m.resume(rt)
}

func (m *model) orderRollout(rt *rapid.T) {
	m.placeOrder(draw(rt, "order", state.RolloutPause, state.RolloutResume, state.RolloutPromote, state.RolloutPromote, state.RolloutAbort))
}

func (m *model) placeOrder(kind state.RolloutOrderKind) {
	if r := m.readRecord().records["w0"].Rollout; r != nil {
		m.must(m.observer.record.PlaceRolloutOrder(m.ctx, state.RolloutOrder{Workspace: "w0", Rollout: r.Run, Kind: kind, By: "ann"}))
	}
}

func (m *model) liftHold(name string) {
	_, err := m.observer.record.RemoveHold(m.ctx, name)
	m.must(err)
}

// applyAtOnce applies the tip without steps.
func (m *model) applyAtOnce() {
	for range 3 {
		m.runToEnd(run.Options{Trigger: run.TriggerManual, Only: []string{"w0"}, AtOnce: &state.AtOnce{By: "ann", Why: "model"}})
		if !m.approveWorkspace("w0") {
			return
		}
	}
}

// checkRollout checks a write of a rollout: one that begins has its approval, and one that
// ends is at 100, or at 0.
func (m *model) checkRollout(f *inFlightPass, was state.Workspace, now *state.Workspace) {
	r := now.Rollout
	switch {
	case r != nil && was.Rollout == nil:
		i := slices.IndexFunc(m.commits, func(c modelCommit) bool { return c.id == r.Commit })
		if key := approvalKey(now.Name, r.Target); m.commits[i].tree.workspaces[0].asks && !m.passed[r.Run] {
			if m.approved[key] <= 0 || r.Approval == nil || r.Approval.Digest != r.Target {
				m.addViolation("I7: run %s begins a rollout of %s, and nobody allowed %s", f.run, now.Name, r.Target)
			}
			m.passed[r.Run] = true
			m.approved[key]--
		}
		if r.Number != 0 || r.InFlight {
			m.addViolation("a rollout begins at %d", r.Number)
		}
	case r == nil && was.Rollout != nil:
		if n := was.Rollout.Number; was.Rollout.InFlight || n != 100 && n != 0 {
			m.addViolation("I9: run %s ends a rollout at %d: %s", f.run, n, toJSON(was.Rollout))
		}
	case r != nil && r.Number != was.Rollout.Number && (r.Number != was.Rollout.Next || !slices.Contains([]int{0, 10, 50, 100}, r.Number)):
		m.addViolation("I9: run %s leads a rollout from %d to %d, and %d was next", f.run, was.Rollout.Number, r.Number, was.Rollout.Next)
	}
}

// checkStep checks an apply of a rollout, and reports whether it is one from the commit.
func (m *model) checkStep(s *modelSession, p *modelPlan, commit modelCommit) bool {
	rec, _, err := m.observer.record.Workspace(m.ctx, s.job.Name)
	m.must(err)
	r := rec.Rollout
	if r == nil {
		if p.number != 100 {
			m.addViolation("I9: %s is applied at %d without a rollout", s.job.Name, p.number)
		}
		return false
	}
	steps := append([]int{0}, r.Strategy.Steps...)
	from, to := slices.Index(steps, r.Number), slices.Index(steps, p.number)
	began := m.commits[slices.IndexFunc(m.commits, func(c modelCommit) bool { return c.id == r.Commit })]
	switch {
	case !r.InFlight || p.number != r.Next || commit.tree.inputs(0) != began.tree.inputs(0):
		m.addViolation("I9: %s is applied at %d of commit %d: %s", s.job.Name, p.number, commit.number, toJSON(r))
	case r.Phase == state.RolloutApplying && (to != from+1 || r.Number != 0 && r.Good != r.Number):
		m.addViolation("I9: a step leads from %d to %d: %s", r.Number, p.number, toJSON(r))
	case r.Phase == state.RolloutAborting && p.number != 0 && !slices.Contains(r.Applied, p.number):
		m.addViolation("I9: an abort leads to %d, which was never in force: %s", p.number, toJSON(r))
	}
	return true
}

// modelDifference returns what a plan changes, by the kinds of resources.
func modelDifference(was, wants stateContent) plandigest.Difference {
	kinds := func(c stateContent) map[string]string {
		byKind := map[string]string{"output.text": c.outputs()}
		for _, r := range c.resources {
			kind, rest, _ := strings.Cut(r, " ")
			byKind[kind] += rest + ";"
		}
		return byKind
	}
	then, now := kinds(was), kinds(wants)
	var d plandigest.Difference
	all := maps.Clone(then)
	maps.Copy(all, now)
	for _, kind := range slices.Sorted(maps.Keys(all)) {
		if then[kind] != now[kind] {
			d.Changes = append(d.Changes, plandigest.Change{Address: kind, Action: "update", Attributes: []plandigest.Attribute{{Path: "input"}}})
		}
	}
	return d
}

// convergeRollouts ends the history: a person lifts what holds and lets every rollout go on, or
// aborts one that cannot.
// It comes to its end, and then to what the tip asks for.
func (m *model) convergeRollouts() {
	m.alarm = run.AlarmOK
	for range 20 {
		m.liftHold("w0")
		order := state.RolloutPromote
		if r := m.readRecord().records["w0"].Rollout; r != nil && r.Phase == state.RolloutPaused && r.InFlight {
			order = state.RolloutAbort // half an apply is left that no step may mend
		}
		m.placeOrder(order)
		m.wait(4 * time.Hour)
		m.runToEnd(run.Options{Trigger: run.TriggerManual})
		m.checkViolations()
		if m.readRecord().records["w0"].Rollout == nil {
			break
		}
	}
	if r := m.readRecord().records["w0"].Rollout; r != nil {
		m.t.Fatalf("a rollout has no end: %s", toJSON(r))
	}
	for name := range m.readRecord().holds {
		m.liftHold(name)
	}
	m.applyAtOnce() // where the plan at 0 is not empty, no rollout begins
	m.checkViolations()
	m.converge()
}

// A pass that applies another workspace for long looks at a rollout all the same: an alarm does
// not wait for the end of the pass.
func TestModelRolloutIsWatchedWhileOthersAreApplied(t *testing.T) {
	t.Parallel()
	runScenario(t, func(m *model) {
		m.change(func(e *modelTree) {
			e.workspaces[0].rolls = true
			e.workspaces[2] = modelWorkspace{exists: true, name: "w2"}
		})
		m.applyAtOnce()
		m.change(func(e *modelTree) { e.workspaces[0].to = 200 })
		m.startPass(m.processes[0], run.Options{Trigger: run.TriggerSchedule}, "") // with the clock of the pass below
		if r := m.readRecord().records["w0"].Rollout; r == nil || r.Number != 10 {
			m.t.Fatalf("the first step: %s", toJSON(r))
		}
		m.change(func(e *modelTree) { e.workspaces[2].value = 1 })
		f := m.startPass(m.processes[0], run.Options{Trigger: run.TriggerSchedule}, "apply")
		m.mu.Lock()
		stands := f.stoppedAt != nil
		m.alarm = run.AlarmOn
		m.mu.Unlock()
		m.wait(2 * time.Minute)
		rec := m.readRecord()
		if !stands || rec.records["w0"].Rollout != nil || !strings.Contains(rec.holds["w0"].Reason, "in ALARM") {
			m.t.Fatalf("while another is applied (%t): %s, %s", stands, toJSON(rec.records["w0"].Rollout), toJSON(rec.holds))
		}
		f.resume(proceed, "")
		m.detachIfDone(f)
	})
}
