package reconciler_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"reconcile/internal/stateid"
	"reconcile/reconciler/internal/reconcilertest"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// listChangedOutputs returns the names of the outputs that a modelled plan makes or changes,
// and of those that it removes.
func listChangedOutputs(now, wants stateContent) (made, removed []string) {
	for n := range maxSpares {
		switch name := fmt.Sprintf("spare%d", n); {
		case wants.spares[n] && !now.spares[n]:
			made = append(made, name)
		case now.spares[n] && !wants.spares[n]:
			removed = append(removed, name)
		}
	}
	if now.output != wants.output {
		made = append(made, "text")
	}
	return made, removed
}

// checkTeardown checks, when an apply removes outputs, that nothing has ever been made with
// them that the commit makes without them: its readers left first.
func (m *model) checkTeardown(commit modelCommit, i int, generation int64, now, wants stateContent) {
	if m.tampered || m.restored {
		return
	}
	_, removed := listChangedOutputs(now, wants)
	for n := range maxSpares {
		if len(removed) == 0 || !now.spares[n] || wants.spares[n] {
			continue
		}
		for j, w := range commit.tree.workspaces {
			reader := m.stateAt(stateIdentityOf(j))
			isStillUsed := !w.isUnparsable && w.reads == i+1 && w.uses == n+1
			if !w.exists || isStillUsed || reader.generation > generation || !m.isRecorded(stateIdentityOf(j)) {
				continue
			}
			if slices.Contains(reader.resources, describeUse(n, stateKey(i))) {
				m.addViolation("teardown: spare%d of %s is removed, and %s still uses it", n, stateKey(i), w.name)
			}
		}
	}
}

// isRecorded reports whether any record is of a state; one that a rename replaced is lost.
func (m *model) isRecorded(id stateid.ID) bool {
	records, err := m.observer.record.Workspaces(m.ctx)
	m.must(err)
	for _, rec := range records {
		if rec.Identity == id {
			return true
		}
	}
	return false
}

// isSettled predicts whether a workspace is applied at the tip, with what it reads; an
// upstream that waits for its readers counts as recorded.
func (m *model) isSettled(r recordView, i int, upstream string) bool {
	s := m.tip().tree.workspaces[i]
	rec := r.records[s.name]
	if m.isStaleByOwn(r, i, rec) || m.isStaleByUpstream(r, i, rec) {
		return false
	}
	up, depends := m.upstreamOf(r, i)
	return !depends || up == upstream || m.waitsForReaders(r, up) || m.isSettled(r, m.tip().tree.indexByName()[up], upstream)
}

// hasUncertainOutputs predicts whether readers may read other outputs than are recorded.
func (r recordView) hasUncertainOutputs(up state.Workspace) bool {
	return up.Attempt != nil || up.OutputsUnknown || up.Epoch != r.head.Epoch
}

func (m *model) waitsForReaders(r recordView, name string) bool {
	rec := r.records[name]
	return rec.Outcome == state.Blocked && rec.Teardown != nil && rec.Teardown.Commit == m.tip().id
}

// isStaleByUpstream reports whether a workspace was applied with other outputs of what it
// reads, or has read, than the record has.
func (m *model) isStaleByUpstream(r recordView, i int, rec state.Workspace) bool {
	up, depends := m.upstreamOf(r, i)
	if depends && rec.Trace != nil {
		was := r.records[up]
		isUncertain := r.hasUncertainOutputs(was)
		if seen := rec.Trace["//upstream/"+up]; seen != recordedDigest(was) && (!isUncertain || seen != "applied meanwhile" || !r.asReader) {
			return true
		}
	}
	for key, digest := range rec.Trace {
		former, ok := cutUpstream(key)
		was, known := r.records[former]
		if ok && known && !(depends && former == up) && (was.Attempt != nil || recordedDigest(was) != digest) {
			return true
		}
	}
	return false
}

// hasUnappliedReaders predicts whether something that may use outputs of a workspace is not
// applied at the tip.
func (m *model) hasUnappliedReaders(r recordView, i int) bool {
	tip := m.tip().tree
	name := tip.workspaces[i].name
	r.asReader = true
	for j, w := range tip.workspaces {
		rec := r.records[w.name]
		if !w.exists || j == i {
			continue
		}
		if rec.Trace == nil && rec.Attempt == nil { // it may come back under another name
			for _, gone := range r.records {
				if gone.Removed && gone.Identity == stateIdentityOf(j) && !w.isUnparsable && tip.indexByName()[gone.Name] == 0 && r.records[gone.Name].Name != "" {
					rec = gone
				}
			}
		}
		if rec.Trace == nil && rec.Attempt == nil {
			continue
		}
		up, depends := m.upstreamOf(r, j)
		identity := r.records[name].Identity
		isName := func(other string) bool { return other == name || slices.Contains(r.records[name].FormerNames, other) }
		reads := depends && up == name || slices.ContainsFunc(rec.DependsOn, isName) || identity != "" && slices.Contains(rec.Reads, identity)
		if a := rec.Attempt; a != nil {
			reads = reads || slices.ContainsFunc(a.PreviousDependsOn, isName) || identity != "" && slices.Contains(a.PreviousReads, identity)
		}
		if reads && (rec.Removed || !m.isSettled(r, j, name)) {
			return true
		}
	}
	return false
}

// A pass that finds an upstream and its reader changed in one commit applies the reader
// first. Two steps are needed where the reader needs what the same plan makes.
func TestModelTeardown(t *testing.T) {
	t.Parallel()
	runScenario(t, func(m *model) {
		schedule := run.Options{Trigger: run.TriggerSchedule}
		m.change(func(e *modelTree) { e.workspaces[0].spares[0], e.workspaces[1].uses = true, 1 })
		m.runToEnd(schedule)
		m.change(func(e *modelTree) { e.workspaces[0].spares[0], e.workspaces[1].uses = false, 0 })
		f := m.runToEnd(schedule)
		if got := reconcilertest.Outcomes(f.result); got["w0"] != state.Applied || got["w1"] != state.Applied || f.teardowns != 1 {
			m.t.Fatalf("result of the pass: %+v", f.result)
		}
		m.checkConverged()
		m.change(func(e *modelTree) { e.workspaces[0].spares[0], e.workspaces[1].uses = true, 1 })
		m.runToEnd(schedule)
		m.change(func(e *modelTree) { e.workspaces[0].spares, e.workspaces[1].uses = [maxSpares]bool{false, true}, 2 })
		f = m.runToEnd(schedule)
		if got := reconcilertest.Outcomes(f.result); got["w0"] != state.Blocked || got["w1"] != state.Blocked || f.teardowns != 0 {
			m.t.Fatalf("result of the pass: %+v", f.result)
		}
		m.converge()
	})
}

// A reader that its commit takes away from an upstream uses its outputs until it is applied: while
// that runs, after it was killed, and after it failed half-way. The upstream waits so long.
func TestModelTeardownWhileReaderLeaves(t *testing.T) {
	t.Parallel()
	for _, fails := range []bool{false, true} {
		runScenario(t, func(m *model) {
			schedule := run.Options{Trigger: run.TriggerSchedule}
			m.change(func(e *modelTree) { e.join(1, 1, 1) })
			m.runToEnd(schedule)
			m.change(func(e *modelTree) {
				e.leave(1)
				e.workspaces[1].failsApply = fails
			})
			expectWaiting := func(when string) {
				f := m.runToEnd(run.Options{Trigger: run.TriggerManual, Only: []string{"w0"}})
				if got := reconcilertest.Outcomes(f.result)["w0"]; got != state.Blocked || m.stateAt(stateIdentityOf(0)).spares[0] == false {
					m.t.Fatalf("w0 is %s %s", got, when)
				}
				m.checkViolations()
			}
			f := m.startPass(m.processes[0], run.Options{Trigger: run.TriggerManual, Only: []string{"w1"}}, "apply")
			expectWaiting("while w1 is applied")
			f.resume(crashBefore, "")
			m.detachIfDone(f)
			m.wait(2 * time.Minute)
			expectWaiting("after the apply of w1 was killed")
			m.runToEnd(run.Options{Trigger: run.TriggerManual, Only: []string{"w1"}})
			if fails {
				expectWaiting("after the apply of w1 failed")
			}
			m.converge()
			if m.stateAt(stateIdentityOf(0)).spares[0] {
				m.t.Fatal("w0 still has what nobody uses")
			}
		})
	}
}
