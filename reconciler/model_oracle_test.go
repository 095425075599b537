package reconciler_test

import (
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
	return r
}

// isStaleByOwn reports whether a workspace at the tip is stale by inputs of its own,
// compared with what was applied for its record.
func (m *model) isStaleByOwn(r recordView, i int, rec state.Workspace) bool {
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

// predictPass predicts what an undisturbed manual pass does.
func (m *model) predictPass() (did map[string]state.Outcome, applied []stateid.ID) {
	did = map[string]state.Outcome{}
	r, tip := m.readRecord(), m.tip().tree
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
		did[name] = state.Removed
	}
	world := map[stateid.ID]*tfState{}
	for id, s := range m.tfStates {
		copied := *s
		world[id] = &copied
	}
	visited := make([]bool, len(tip.workspaces))
	var visit func(i int)
	visit = func(i int) {
		if visited[i] || !tip.workspaces[i].exists {
			return
		}
		visited[i] = true
		// After renames a recorded upstream may come later in the list.
		if up, depends := m.upstreamOf(r, i); depends {
			visit(names[up])
		}
		m.predictWorkspace(r, world, did, i)
	}
	for i, s := range tip.workspaces {
		visit(i)
		if did[s.name] == state.Applied {
			applied = append(applied, stateIdentityOf(i))
		}
	}
	return did, applied
}

// predictWorkspace adds one workspace, after its upstream.
func (m *model) predictWorkspace(r recordView, world map[stateid.ID]*tfState, did map[string]state.Outcome, i int) {
	tip := m.tip().tree
	s := tip.workspaces[i]
	rec := r.records[s.name]
	up, depends := m.upstreamOf(r, i)
	stale := m.isStaleByOwn(r, i, rec)
	if depends && rec.Trace != nil && rec.Trace["//upstream/"+up] != recordedDigest(r.records[up]) {
		stale = true
	}
	for key, digest := range rec.Trace {
		former, ok := strings.CutPrefix(key, "//upstream/")
		was, known := r.records[former]
		if ok && known && !(depends && former == up) && (was.Attempt != nil || recordedDigest(was) != digest) {
			stale = true
		}
	}
	if !stale {
		return
	}
	now := world[stateIdentityOf(i)]
	if now == nil {
		now = &tfState{}
		world[stateIdentityOf(i)] = now
	}
	upstream, readable := "", true
	if s.reads > 0 {
		was := world[stateIdentityOf(s.reads-1)]
		if readable = was != nil && was.output != ""; readable {
			upstream = was.output
		}
	}
	_, held := r.holds[s.name]
	broken := depends && tip.workspaces[tip.indexByName()[up]].isUnparsable
	wants := tip.desiredContent(i, upstream, m.size)
	outcome := state.Applied
	switch {
	case held:
		outcome = state.Blocked
	case depends && (broken || slices.Contains([]state.Outcome{state.Failed, state.Skipped, state.Blocked}, did[up])):
		outcome = state.Skipped
	case s.isUnparsable, !readable:
		outcome = state.Failed
	case needsAdoption(rec, i, now.version, wants.equal(now.stateContent)):
		outcome = state.Blocked
	case wants.equal(now.stateContent):
		outcome = state.NoChanges
	case isKnownEmpty(rec) && now.exists(), s.planOnly:
		outcome = state.Blocked
	case s.asks && !isApproved(r, s.name, modelDigest(wants, now.version.Lineage)):
		outcome = state.Blocked
	case s.failsApply:
		outcome = state.Failed
	}
	did[s.name] = outcome
	if outcome == state.Applied || outcome == state.NoChanges {
		now.stateContent = wants
		rec.OutputsDigest = "k1:" + digestOf(now.output)
		r.records[s.name] = rec
	}
}

func recordedDigest(rec state.Workspace) string {
	if rec.OutputsDigest == "" {
		return "none"
	}
	return rec.OutputsDigest
}
