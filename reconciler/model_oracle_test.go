package reconciler_test

import (
	"slices"
	"strings"

	"reconcile/state"
)

// reading is the record as the oracle reads it.
type reading struct {
	head    state.Head
	records map[string]state.Workspace
	holds   map[string]state.Hold
}

func (m *model) read() (r reading) {
	var err error
	r.head, err = m.observer.record.Head(m.ctx)
	m.must(err)
	r.records, err = m.observer.record.Workspaces(m.ctx)
	m.must(err)
	r.holds, err = m.observer.record.Holds(m.ctx)
	m.must(err)
	return r
}

// ownStale tells whether a workspace at the tip is stale by inputs of its own,
// going by what was applied for its record.
func (m *model) ownStale(r reading, i int, rec state.Workspace) bool {
	if rec.Trace == nil || rec.Removed || rec.Attempt != nil || rec.Epoch != r.head.Epoch {
		return true
	}
	was, ok := m.recorded[recordedKey(&rec)]
	if !ok {
		m.violated("the record of %s is of no run: %s", rec.Name, text(rec))
	}
	tip := m.tip().estate
	return was.content != tip.content(i) || tip.slots[i].env && was.size != m.size
}

// dependsOn is the name of a workspace's upstream. Of one that does not parse
// is known what its record says, as far as that does not stand against what
// the others are.
func (m *model) dependsOn(r reading, i int) (name string, ok bool) {
	tip := m.tip().estate
	places, conflict := m.places(r)
	reads := ""
	switch s := tip.slots[i]; {
	case !s.broken && s.reads > 0:
		reads = identity(s.reads - 1)
	case s.broken && !conflict && len(r.records[s.name].Reads) > 0:
		reads = r.records[s.name].Reads[0]
	}
	name, ok = places[reads]
	return name, ok && name != tip.slots[i].name
}

// places are the names of the workspaces at the tip by where their states are.
// Conflict: what is known of some stood against what the others are.
func (m *model) places(r reading) (names map[string]string, conflict bool) {
	tip := m.tip().estate
	parsed, all := map[string]string{}, map[string]string{}
	for i, s := range tip.slots {
		id := identity(i)
		if s.broken {
			id = r.records[s.name].Identity
		} else if s.there {
			parsed[id] = s.name
		}
		if s.there && id != "" {
			conflict = conflict || all[id] != ""
			all[id] = s.name
		}
	}
	if conflict {
		return parsed, true
	}
	return all, false
}

// staleByOwn is what `changed` should say, and its maybe.
func (m *model) staleByOwn() (stale, removed, maybe []string) {
	r, tip := m.read(), m.tip().estate
	known := map[string]bool{}
	below := map[string]bool{}
	for i, s := range tip.slots {
		if !s.there {
			continue
		}
		known[s.name] = true
		up, reads := m.dependsOn(r, i)
		switch {
		case m.ownStale(r, i, r.records[s.name]):
			stale = append(stale, s.name)
			below[s.name] = true
		case reads && (below[up] || tip.slots[tip.names()[up]].broken):
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

// predicted is what an undisturbed pass by hand does, as far as it does
// anything.
func (m *model) predicted() (did map[string]state.Outcome, applied []string) {
	did = map[string]state.Outcome{}
	r, tip := m.read(), m.tip().estate
	names := tip.names()
	for name, rec := range r.records {
		if _, there := names[name]; there || rec.Removed {
			continue
		}
		if i := slotOf(rec.Identity); i >= 0 && tip.slots[i].there && !tip.slots[i].broken {
			to := r.records[tip.slots[i].name]
			if to.Name == "" || to.Removed {
				if hold, ok := r.holds[name]; ok {
					r.holds[tip.slots[i].name] = hold
				}
				rec.Name = tip.slots[i].name
				r.records[rec.Name] = rec
				continue
			}
		}
		did[name] = state.Removed
	}
	world := map[string]*tfState{}
	for id, s := range m.world {
		copied := *s
		world[id] = &copied
	}
	for i, s := range tip.slots {
		if s.there {
			m.predict(r, world, did, i)
		}
		if did[s.name] == state.Applied {
			applied = append(applied, identity(i))
		}
	}
	return did, applied
}

// predict adds one workspace, after its upstream.
func (m *model) predict(r reading, world map[string]*tfState, did map[string]state.Outcome, i int) {
	tip := m.tip().estate
	s := tip.slots[i]
	rec := r.records[s.name]
	up, depends := m.dependsOn(r, i)
	stale := m.ownStale(r, i, rec)
	if depends && rec.Trace != nil && rec.Trace["//upstream/"+up] != digestIn(r.records[up]) {
		stale = true
	}
	for key, digest := range rec.Trace {
		former, ok := strings.CutPrefix(key, "//upstream/")
		was, known := r.records[former]
		if ok && known && !(depends && former == up) && (was.Attempt != nil || digestIn(was) != digest) {
			stale = true
		}
	}
	if !stale {
		return
	}
	now := world[identity(i)]
	if now == nil {
		now = &tfState{}
		world[identity(i)] = now
	}
	upstream, readable := "", true
	if s.reads > 0 {
		was := world[identity(s.reads-1)]
		if readable = was != nil && was.output != ""; readable {
			upstream = was.output
		}
	}
	_, held := r.holds[s.name]
	broken := depends && tip.slots[tip.names()[up]].broken
	wants := tip.desired(i, upstream, m.size)
	outcome := state.Applied
	switch {
	case held:
		outcome = state.Blocked
	case depends && (broken || slices.Contains([]state.Outcome{state.Failed, state.Skipped, state.Blocked}, did[up])):
		outcome = state.Skipped
	case s.broken, !readable:
		outcome = state.Failed
	case strange(rec, i, now.version, wants.equal(now.things)):
		outcome = state.Blocked
	case wants.equal(now.things):
		outcome = state.NoChanges
	case madeNothing(rec) && now.exists(), s.planOnly:
		outcome = state.Blocked
	case s.breaks:
		outcome = state.Failed
	}
	did[s.name] = outcome
	if outcome == state.Applied || outcome == state.NoChanges {
		now.things = wants
		rec.OutputsDigest = "k1:" + digestOf(now.output)
		r.records[s.name] = rec
	}
}

func digestIn(rec state.Workspace) string {
	if rec.OutputsDigest == "" {
		return "none"
	}
	return rec.OutputsDigest
}
