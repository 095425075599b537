package reconciler_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"reconcile/internal/stateid"
	"reconcile/state"
)

// recordView is the record as the oracle reads it.
type recordView struct {
	head      state.Head
	records   map[string]state.Workspace
	holds     map[string]state.Hold
	approvals map[string][]state.Approval
	predicted map[string]bool // workspaces that a prediction has applied
	asReader  bool            // for the question whether a reader is applied
}

func (m *model) readRecord() (r recordView) {
	var err error
	r.head, err = m.observer.record.Head(m.ctx)
	m.must(err)
	r.records, err = m.observer.record.Workspaces(m.ctx)
	m.must(err)
	r.holds, err = m.observer.record.Holds(m.ctx)
	m.must(err)
	r.approvals, err = m.observer.record.Approvals(m.ctx)
	m.must(err)
	r.predicted = map[string]bool{}
	return r
}

// isStaleByOwn reports whether a workspace at the tip is stale by inputs of its own,
// compared with what was applied for its record.
func (m *model) isStaleByOwn(r recordView, i int, rec state.Workspace) bool {
	if r.predicted[rec.Name] {
		return false
	}
	if rec.Trace == nil || rec.Removed || rec.Attempt != nil || rec.Epoch != r.head.Epoch {
		return true
	}
	if rec.Outcome != state.Applied && rec.Outcome != state.NoChanges && isApproved(r, rec.Name, rec.PlanDigest) {
		return true
	}
	was, ok := m.recordedTraces[recordedKey(&rec)]
	if !ok {
		m.addViolation("the record of %s is of no run: %s", rec.Name, toJSON(rec))
	}
	tip := m.tip().tree
	return was.content != tip.inputs(i) || tip.workspaces[i].env && was.size != m.size
}

// upstreamOf returns the name of a workspace's upstream. For a workspace that does not
// parse, it uses the record, unless that conflicts with the other workspaces.
func (m *model) upstreamOf(r recordView, i int) (name string, ok bool) {
	tip := m.tip().tree
	places := m.namesByState(r)
	var reads stateid.ID
	switch s := tip.workspaces[i]; {
	case !s.isUnparsable && s.reads > 0:
		reads = stateIdentityOf(s.reads - 1)
	case s.isUnparsable && len(r.records[s.name].Reads) > 0:
		reads = r.records[s.name].Reads[0]
	}
	name, ok = places[reads]
	return name, ok && name != tip.workspaces[i].name
}

// namesByState returns the names of the workspaces at the tip by state. The record of an
// unparsable one does not take a state that another has.
func (m *model) namesByState(r recordView) map[stateid.ID]string {
	tip := m.tip().tree
	names, recorded := map[stateid.ID]string{}, map[string]stateid.ID{}
	for i, s := range tip.workspaces {
		switch {
		case !s.exists:
		case s.isUnparsable:
			recorded[s.name] = r.records[s.name].Identity
		default:
			names[stateIdentityOf(i)] = s.name
		}
	}
	for _, name := range slices.Sorted(maps.Keys(recorded)) {
		if id := recorded[name]; id != "" && names[id] == "" {
			names[id] = name
		}
	}
	return names
}

// expectChanged returns what `changed` should print, and its maybe.
func (m *model) expectChanged() (stale, removed, maybe []string) {
	r, tip := m.readRecord(), m.tip().tree
	known := map[string]bool{}
	below := map[string]bool{}
	for i, s := range tip.workspaces {
		if !s.exists {
			continue
		}
		known[s.name] = true
		up, reads := m.upstreamOf(r, i)
		switch {
		case m.isStaleByOwn(r, i, r.records[s.name]):
			stale = append(stale, s.name)
			below[s.name] = true
		case reads && (below[up] || tip.workspaces[tip.indexByName()[up]].isUnparsable):
			maybe = append(maybe, s.name)
			below[s.name] = true
		}
	}
	for name, rec := range r.records {
		if !known[name] && !rec.Removed {
			removed = append(removed, name)
		}
	}
	slices.Sort(stale)
	slices.Sort(removed)
	slices.Sort(maybe)
	return stale, removed, maybe
}

// prediction is what the model expects of a pass.
type prediction struct {
	record  recordView
	world   map[stateid.ID]*tfState
	did     map[string]state.Outcome
	counts  map[stateid.ID]int // of applies
	triedAt map[string]string  // the outputs of the upstream, when a workspace failed or was blocked

	tearsDown bool // the last outcome is a wait for readers
}

// predictPass predicts what an undisturbed manual pass does: the outcomes, and how often
// each state is applied.
func (m *model) predictPass() (did map[string]state.Outcome, applied map[stateid.ID]int) {
	r, tip := m.readRecord(), m.tip().tree
	p := &prediction{record: r, world: map[stateid.ID]*tfState{}, did: map[string]state.Outcome{}, counts: map[stateid.ID]int{}, triedAt: map[string]string{}}
	names := tip.indexByName()
	for name, rec := range r.records {
		if _, there := names[name]; there || rec.Removed {
			continue
		}
		if i := indexOfState(rec.Identity); i >= 0 && tip.workspaces[i].exists && !tip.workspaces[i].isUnparsable {
			to := r.records[tip.workspaces[i].name]
			if to.Name == "" || to.Removed {
				if hold, ok := r.holds[name]; ok {
					r.holds[tip.workspaces[i].name] = hold
				}
				rec.Name = tip.workspaces[i].name
				r.records[rec.Name] = rec
				continue
			}
		}
		p.did[name] = state.Removed
	}
	for id, s := range m.tfStates {
		copied := *s
		p.world[id] = &copied
	}
	for range 2 * maxWorkspaces {
		m.predictRound(p)
		next := false
		for i, s := range tip.workspaces {
			next = next || s.exists && m.waitsForReaders(r, s.name) && p.did[s.name] == state.Blocked && !m.hasUnappliedReaders(r, i)
		}
		if !next {
			break
		}
	}
	return p.did, p.counts
}

// predictRound predicts one look at all workspaces, upstreams first.
func (m *model) predictRound(p *prediction) {
	tip := m.tip().tree
	names := tip.indexByName()
	visited := make([]bool, len(tip.workspaces))
	var visit func(i int)
	visit = func(i int) {
		if visited[i] || !tip.workspaces[i].exists {
			return
		}
		visited[i] = true
		// After renames a recorded upstream may come later in the list.
		if up, depends := m.upstreamOf(p.record, i); depends {
			visit(names[up])
		}
		m.predictWorkspace(p, i)
	}
	for i := range tip.workspaces {
		visit(i)
	}
}

// predictWorkspace adds one workspace, after its upstream.
func (m *model) predictWorkspace(p *prediction, i int) {
	r, tip := p.record, m.tip().tree
	s := tip.workspaces[i]
	rec := r.records[s.name]
	up, depends := m.upstreamOf(r, i)
	if !m.isStaleByOwn(r, i, rec) && !m.isStaleByUpstream(r, i, rec) {
		return
	}
	upstreamOutputs := recordedDigest(r.records[up])
	if tried, known := p.triedAt[s.name]; known && tried == upstreamOutputs && !m.waitsForReaders(r, s.name) {
		return
	}
	now := p.world[stateIdentityOf(i)]
	if now == nil {
		now = &tfState{}
		p.world[stateIdentityOf(i)] = now
	}
	p.tearsDown = false
	outcome, wants := m.predictOutcome(p, i, now)
	rec.Name, rec.Outcome, rec.Teardown = s.name, outcome, nil
	switch outcome {
	case state.Applied, state.NoChanges:
		now.stateContent = wants
		if rec.OutputsUnknown = false; now.version.Lineage != "" {
			rec.State = &now.version
		}
		rec.OutputsDigest, rec.Removed, rec.Attempt, rec.Epoch = "k1:"+digestOf(now.outputs()), false, nil, r.head.Epoch
		rec.Identity, rec.Reads, rec.DependsOn, rec.Trace = stateIdentityOf(i), nil, nil, state.Trace{}
		if s.reads > 0 {
			rec.Reads = []stateid.ID{stateIdentityOf(s.reads - 1)}
		}
		if depends {
			rec.DependsOn, rec.Trace["//upstream/"+up] = []string{up}, upstreamOutputs
			if r.hasUncertainOutputs(r.records[up]) {
				rec.Trace["//upstream/"+up] = "applied meanwhile"
			}
		}
		r.predicted[s.name] = true
		delete(p.triedAt, s.name)
	case state.Failed, state.Blocked:
		p.triedAt[s.name] = upstreamOutputs
		if depends && r.records[up].OutputsUnknown {
			delete(p.triedAt, s.name)
		}
		if p.tearsDown {
			rec.OutputsUnknown = rec.State == nil || *rec.State != now.version
			rec.Teardown = &state.Teardown{Commit: m.tip().id}
			rec.Teardown.Outputs, _ = listChangedOutputs(now.stateContent, wants)
		}
	}
	if outcome == state.Applied {
		p.counts[stateIdentityOf(i)]++
		digest := modelDigest(wants, now.version.Lineage)
		r.approvals[s.name] = slices.DeleteFunc(slices.Clone(r.approvals[s.name]), func(a state.Approval) bool { return a.Digest == digest })
	}
	r.records[s.name] = rec
	if p.did[s.name] != state.Applied || outcome != state.NoChanges {
		p.did[s.name] = outcome
	}
}

// predictOutcome predicts the end of one workspace, and what its plan asks for.
func (m *model) predictOutcome(p *prediction, i int, now *tfState) (outcome state.Outcome, wants stateContent) {
	r, tip := p.record, m.tip().tree
	s := tip.workspaces[i]
	rec := r.records[s.name]
	up, depends := m.upstreamOf(r, i)
	upstream, readable, has := "", true, true
	if s.reads > 0 {
		was := p.world[stateIdentityOf(s.reads-1)]
		if readable = was != nil && was.output != ""; readable {
			upstream, has = was.output, s.uses == 0 || was.spares[max(0, s.uses-1)]
		}
	}
	_, held := r.holds[s.name]
	isWaited := depends && m.waitsForReaders(r, up)
	broken := depends && tip.workspaces[tip.indexByName()[up]].isUnparsable
	wants = tip.desiredContent(i, upstream, m.size)
	_, removed := listChangedOutputs(now.stateContent, wants)
	switch {
	case held:
		return state.Blocked, wants
	case depends && (broken || !isWaited && slices.Contains([]state.Outcome{state.Failed, state.Skipped, state.Blocked}, p.did[up])):
		return state.Skipped, wants
	case s.isUnparsable, !readable:
		return state.Failed, wants
	case !has && isWaited && slices.Contains(r.records[up].Teardown.Outputs, fmt.Sprintf("spare%d", s.uses-1)):
		return state.Blocked, wants
	case !has:
		return state.Failed, wants
	case needsAdoption(rec, i, now.version, wants.equal(now.stateContent)):
		return state.Blocked, wants
	case wants.equal(now.stateContent):
		return state.NoChanges, wants
	case isKnownEmpty(rec) && now.exists():
		return state.Blocked, wants
	case len(removed) > 0 && m.hasUnappliedReaders(r, i):
		p.tearsDown = true
		return state.Blocked, wants
	case s.planOnly, s.asks && !isApproved(r, s.name, modelDigest(wants, now.version.Lineage)):
		return state.Blocked, wants
	case s.failsApply:
		return state.Failed, wants
	}
	return state.Applied, wants
}

// cutUpstream returns the name of the upstream that a name of a trace stands for.
func cutUpstream(key string) (name string, ok bool) { return strings.CutPrefix(key, "//upstream/") }

func recordedDigest(rec state.Workspace) string {
	if rec.OutputsDigest == "" {
		return "none"
	}
	return rec.OutputsDigest
}
