package reconciler_test

import (
	"slices"
	"time"

	"pgregory.net/rapid"

	"reconcile/internal/commitid"
	"reconcile/reconciler/run"
	"reconcile/state"
	"reconcile/state/statetest"
)

// draw draws one of several values.
func draw[T any](rt *rapid.T, what string, of ...T) T { return rapid.SampledFrom(of).Draw(rt, what) }

// edit changes some files at the tip, in one commit.
func (m *model) edit(rt *rapid.T) {
	e := m.tip().tree
	for range rapid.IntRange(1, 3).Draw(rt, "edits") {
		e.edit(rt)
	}
	m.commit(e)
}

var workspaceNames = []string{"w0", "w1", "w2", "w3", "w4"}

// edit changes one thing.
func (t *modelTree) edit(rt *rapid.T) {
	if rapid.IntRange(0, 4).Draw(rt, "what") == 0 {
		m := &t.modules[rapid.IntRange(0, 1).Draw(rt, "module")]
		if rapid.Bool().Draw(rt, "note") {
			m.note = rapid.IntRange(0, 2).Draw(rt, "to")
		} else {
			m.value = rapid.IntRange(0, 2).Draw(rt, "to")
		}
		return
	}
	i := rapid.IntRange(0, maxWorkspaces-1).Draw(rt, "workspace")
	s := &t.workspaces[i]
	names := t.freeNames(workspaceNames)
	if !s.exists {
		s.exists, s.name = true, draw(rt, "name", names...)
		return
	}
	switch draw(rt, "change", "value", "output", "output", "output", "note", "module", "reads", "passes", "env", "breaks", "mends", "rename", "remove", "broken", "plan-only", "asks", "asks", "spare", "spare", "spare", "uses", "uses", "uses", "joins", "joins", "leaves", "leaves", "leaves") {
	case "value":
		s.value = rapid.IntRange(0, 1).Draw(rt, "to")
	case "output":
		s.output = rapid.IntRange(0, 1).Draw(rt, "to")
	case "note":
		s.note = rapid.IntRange(0, 2).Draw(rt, "to")
	case "module":
		s.module = rapid.IntRange(0, 2).Draw(rt, "to")
	case "reads":
		s.reads = rapid.IntRange(0, i).Draw(rt, "to")
	case "passes":
		s.passesThrough = !s.passesThrough
	case "env":
		s.env = !s.env
	case "breaks":
		s.failsApply = true
	case "mends":
		s.failsApply, s.isUnparsable, s.planOnly = false, false, false
	case "rename":
		s.name = draw(rt, "name", names...)
	case "remove":
		// A tip without workspaces is an error, which TestModelEmptyTip looks at.
		s.exists = len(t.indexByName()) == 1
	case "broken":
		s.isUnparsable = true
	case "plan-only":
		s.planOnly = true
	case "asks":
		s.asks = !s.asks
	case "spare":
		n := rapid.IntRange(0, maxSpares-1).Draw(rt, "spare")
		s.spares[n] = !s.spares[n]
	case "uses":
		s.uses = rapid.IntRange(0, maxSpares).Draw(rt, "to")
	case "joins":
		t.join(i, rapid.IntRange(0, i).Draw(rt, "to"), rapid.IntRange(1, maxSpares).Draw(rt, "uses"))
	case "leaves":
		s.failsApply = s.failsApply || rapid.Bool().Draw(rt, "breaks")
		t.leave(i)
	}
}

// goBack reverts to the content of an earlier commit, or moves the branch to it.
func (m *model) goBack(rt *rapid.T) {
	to := m.commits[rapid.IntRange(0, len(m.commits)-1).Draw(rt, "commit")]
	if rapid.Bool().Draw(rt, "force-push") {
		m.branchCommits = append(m.branchCommits, to.number)
		m.push()
		return
	}
	m.commit(to.tree)
}

// startRandomPass starts a pass on an idle process.
func (m *model) startRandomPass(rt *rapid.T) {
	p := m.drawProcess(rt, false)
	o := run.Options{Trigger: draw(rt, "trigger", run.TriggerSchedule, run.TriggerManual)}
	switch rapid.IntRange(0, 7).Draw(rt, "options") {
	case 0:
		o.Replan = true
	case 1:
		if names := m.tip().tree.indexByName(); len(names) > 0 {
			o.Only = []string{m.tip().tree.workspaces[draw(rt, "only", sortedValues(names)...)].name}
		}
	case 2:
		o.Adopt = true
	}
	m.startPass(p, o, draw(rt, "breakpoint", append([]string{""}, breakpointKinds...)...))
}

func sortedValues(names map[string]int) []int {
	var values []int
	for _, i := range names {
		values = append(values, i)
	}
	slices.Sort(values)
	return values
}

// drawProcess draws a process that runs a pass, or one that is idle.
func (m *model) drawProcess(rt *rapid.T, busy bool) *process {
	of := m.listProcesses(busy)
	if len(of) == 0 {
		rt.Skip()
	}
	return of[rapid.IntRange(0, len(of)-1).Draw(rt, "process")]
}

// resume lets a pass continue.
func (m *model) resume(rt *rapid.T) {
	f := m.drawProcess(rt, true).pass
	m.thaw(f)
	v := draw(rt, "injection", proceed, proceed, proceed, failBefore, failAfter, crashBefore, crashAfter)
	f.resume(v, draw(rt, "breakpoint", append([]string{""}, breakpointKinds...)...))
	m.detachIfDone(f)
}

// kill ends a pass as SIGKILL does.
func (m *model) kill(rt *rapid.T) {
	m.killPass(m.drawProcess(rt, true))
}

// freeze stops the renewal of a pass's leases, until the pass continues.
func (m *model) freeze(rt *rapid.T) {
	f := m.drawProcess(rt, true).pass
	m.mu.Lock()
	defer m.mu.Unlock()
	f.frozen = true
}

// overtake freezes a pass until another takes over its leases, and then lets it continue.
func (m *model) overtake(rt *rapid.T) {
	m.freeze(rt)
	if rapid.Bool().Draw(rt, "edit") {
		m.edit(rt)
	}
	m.runToEnd(run.Options{Trigger: run.TriggerManual})
	m.resume(rt)
}

func (m *model) thaw(f *inFlightPass) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f.frozen = false
}

func (m *model) letTimePass(rt *rapid.T) {
	m.wait(draw(rt, "time", time.Second, 30*time.Second, 2*time.Minute, 2*time.Hour))
}

// wait lets d pass on the virtual clock of synctest; no real time passes.
func (m *model) wait(d time.Duration) { time.Sleep(d) }

// suspend suspends a workspace, or removes its hold.
func (m *model) suspend(rt *rapid.T) {
	name := draw(rt, "name", workspaceNames...)
	holds := m.readRecord().holds
	if _, held := holds[name]; held {
		_, err := m.observer.record.RemoveHold(m.ctx, name)
		m.must(err)
		return
	}
	m.suspendWorkspace(name)
}

func (m *model) suspendWorkspace(name string) {
	m.must(m.observer.record.PlaceHold(m.ctx, state.Hold{Name: name, Kind: state.Suspended, Reason: "model", PlacedAt: time.Now()}))
}

// changeVariable changes a variable of the environment.
func (m *model) changeVariable(rt *rapid.T) { m.size = draw(rt, "size", "1", "2") }

// restore makes a backup of the record or restores one, with every pass stopped, and then
// invalidates the traces.
func (m *model) restore(rt *rapid.T) {
	if m.backup == nil || rapid.Bool().Draw(rt, "back up") {
		m.backup = m.store.Copy()
		return
	}
	m.restoreFrom(m.backup)
}

func (m *model) restoreFrom(backup *statetest.Memory) {
	m.stop()
	m.store.Restore(backup)
	m.restored = true
	head := m.readRecord().head
	m.adoptedCommits = map[int64]commitid.ID{head.Generation: head.Commit}
	for _, s := range m.tfStates {
		s.generation = 0
	}
	m.restoreApprovals()
	_, err := m.observer.record.InvalidateTraces(m.ctx)
	m.must(err)
}
