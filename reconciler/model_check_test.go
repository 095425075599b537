package reconciler_test

import (
	"encoding/hex"
	"encoding/json"
	"maps"
	"strconv"
	"strings"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"reconcile/internal/commitid"
	"reconcile/internal/runid"
	"reconcile/internal/stateid"
	"reconcile/state"
	"reconcile/state/statetest"
)

// recordedTrace is a trace that a pass has recorded, and what it stands for.
type recordedTrace struct {
	run     runid.ID
	commit  commitid.ID
	trace   state.Trace
	content string
	size    string
}

func recordedKey(ws *state.Workspace) string {
	return string(ws.Run) + " " + string(ws.Identity) + " " + string(ws.Commit)
}

// checkWrite checks a write that has taken effect. before is the store as it was.
func (m *model) checkWrite(f *inFlightPass, before *statetest.Memory, w writeSummary) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if w.kind == "lease" {
		f.generations[w.lease.Identity] = w.generation
		f.readPurpose = "decide"
	}
	if w.kind == "head" {
		head, err := m.observer.record.Head(m.ctx)
		m.must(err)
		if was, ok := m.adoptedCommits[head.Generation]; ok && was != head.Commit {
			m.addViolation("run %s makes %s generation %d, which is of %s", f.run, head.Commit, head.Generation, was)
		}
		m.adoptedCommits[head.Generation] = head.Commit
	}
	if w.workspace == nil {
		return
	}
	// I1: the writer holds the lease.
	if holder := m.leaseHolder(before, w.leaseIdentity); holder != f.run {
		m.addViolation("I1: run %s wrote the record of %s under the lease of %q", f.run, w.workspace.Name, holder)
	}
	// I5: nothing is started at a tip that is not the adopted one any more.
	var was state.Workspace
	if value, err := before.Get(m.ctx, state.Key{PK: "test", SK: "WS#" + w.workspace.Name}); err == nil {
		m.must(json.Unmarshal(value, &was))
	}
	if a := w.workspace.Attempt; a != nil && a.Run == f.run && w.kind != "rename" && !isSameAttempt(a, was.Attempt) {
		head, err := m.observer.record.Head(m.ctx)
		m.must(err)
		isRollout := w.workspace.Rollout != nil && w.workspace.Rollout.Commit == a.Commit // from its snapshot
		if head.Generation != f.generations[w.leaseIdentity] || head.Commit != a.Commit && !isRollout {
			m.addViolation("run %s begins %s at generation %d of %d", f.run, w.workspace.Name, f.generations[w.leaseIdentity], head.Generation)
		}
		f.recordBefore[was.Name] = was
	}
	m.checkRollout(f, was, w.workspace)
	if w.workspace.Trace != nil {
		m.checkTrace(f, was, w.workspace)
	}
}

// isSameAttempt reports whether an attempt is the recorded one, which may have ended since.
func isSameAttempt(a, recorded *state.Attempt) bool {
	return recorded != nil && cmp.Equal(a, recorded, cmpopts.IgnoreFields(state.Attempt{}, "HasEnded"))
}

// leaseHolder returns the run that holds a lease; "" for none.
func (m *model) leaseHolder(store *statetest.Memory, id stateid.ID) runid.ID {
	var lease state.LeaseItem
	value, err := store.Get(m.ctx, state.Key{PK: state.LeasePartition, SK: string(id)})
	if err == nil {
		m.must(json.Unmarshal(value, &lease))
	}
	if lease.Owner == "" {
		return ""
	}
	return lease.Run
}

// checkTrace checks I2: a trace is recorded only for exactly what was applied.
func (m *model) checkTrace(f *inFlightPass, before state.Workspace, ws *state.Workspace) {
	for _, was := range m.recordedTraces { // a started apply may be of another state than the trace
		if was.run == ws.Run && was.commit == ws.Commit && maps.Equal(was.trace, ws.Trace) {
			return
		}
	}
	if ws.Run != f.run {
		m.addViolation("run %s wrote a trace of %s that run %s did not record", f.run, ws.Name, ws.Run)
		return
	}
	done := f.lastSuccess[ws.Identity]
	if done == nil {
		m.addViolation("run %s recorded a trace of %s without success", f.run, ws.Name)
		return
	}
	number, _ := strconv.Atoi(done.stamp)
	commit := m.commits[number]
	i := indexOfState(ws.Identity)
	now := m.stateAt(ws.Identity)
	switch {
	case ws.Commit != commit.id:
		m.addViolation("%s was applied from commit %d, and recorded for %s", ws.Name, number, ws.Commit)
	case !commit.tree.workspaces[i].exists || commit.tree.workspaces[i].name != ws.Name || done.workspace != ws.Name:
		m.addViolation("%s was recorded for the state of another: %+v", ws.Name, done)
	case !now.equal(done.stateContent):
		m.addViolation("%s was recorded, but its state is %+v, not %+v", ws.Name, now.stateContent, done.stateContent)
	case ws.OutputsDigest != "k1:"+digestOf(now.outputs()):
		m.addViolation("%s was recorded with outputs %s, not %s", ws.Name, ws.OutputsDigest, now.output)
	case done.number != 100:
		m.addViolation("%s was recorded at %d of 100", ws.Name, done.number)
	case done.generation < now.generation:
		m.addViolation("%s was recorded at generation %d after %d", ws.Name, done.generation, now.generation)
	}
	now.generation = done.generation
	for name, id := range ws.Trace {
		if !strings.HasPrefix(name, "//") && commit.id == ws.Commit && id != idOrAbsent(commit.idByPath[name]) {
			m.addViolation("%s: the trace has %s for %s", ws.Name, id, name)
		}
	}
	was, begun := f.recordBefore[ws.Name]
	if !begun {
		was = before
	}
	m.checkState(f, was, i, done.version)
	m.recordedTraces[recordedKey(ws)] = recordedTrace{ws.Run, ws.Commit, maps.Clone(ws.Trace), commit.tree.inputs(i), done.size}
}

func idOrAbsent(id string) string {
	if id == "" {
		return "absent"
	}
	return id
}

func digestOf(output string) string { return hex.EncodeToString([]byte(output)) }

// checkApply checks what must hold when Terraform begins to change things.
func (m *model) checkApply(s *modelSession, p *modelPlan) {
	number, _ := strconv.Atoi(p.stamp)
	commit, now, generation := m.commits[number], m.stateAt(s.id), s.f.generations[s.id]
	i := indexOfState(s.id)
	if holder := m.leaseHolder(m.store, s.id); holder != s.f.run {
		m.addViolation("I1: run %s applies %s under the lease of %q", s.f.run, s.job.Name, holder)
	}
	if !m.snapshots[commit.id] {
		m.addViolation("I4: %s is applied from commit %d, which has no snapshot", s.job.Name, number)
	}
	rolls := m.checkStep(s, p, commit)
	if m.adoptedCommits[generation] != commit.id && !rolls {
		m.addViolation("%s is applied from commit %d, but generation %d is of %s", s.job.Name, number, generation, m.adoptedCommits[generation])
	}
	if s := commit.tree.workspaces[i]; s.asks && !s.planOnly && !rolls {
		m.checkApproved(s.name, modelDigest(p.stateContent, p.version.Lineage))
	}
	m.checkTeardown(commit, i, generation, now.stateContent, p.stateContent)
	if generation < now.generation {
		m.addViolation("I5: %s is applied at generation %d after %d", s.job.Name, generation, now.generation)
	}
	now.generation = generation
	m.checkState(s.f, s.f.recordBefore[s.job.Name], i, p.version)
	upstream := ""
	for _, r := range p.resources {
		if seen, ok := strings.CutPrefix(r, "seen "); ok {
			upstream = seen
		}
	}
	if want := commit.tree.desiredAt(i, upstream, p.size, p.number); !want.equal(p.stateContent) {
		m.addViolation("%s: the checkout of commit %d asks for %+v, want %+v", s.job.Name, number, p.stateContent, want)
	}
}
