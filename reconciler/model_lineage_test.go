package reconciler_test

import (
	"encoding/json"
	"slices"

	"pgregory.net/rapid"

	"reconcile/state"
)

// tamper has a person do to the states what Git does not know of, with every
// pass stopped: take one away, exchange two, bring an older one back, or put
// another workspace's in its place.
func (m *model) tamper(rt *rapid.T) {
	m.stop()
	i := rapid.IntRange(0, maxWorkspaces-1).Draw(rt, "slot")
	from := i
	switch draw(rt, "what", "vanishes", "exchanged", "older", "another's") {
	case "vanishes":
		m.placeState(i, tfState{})
		return
	case "exchanged":
		j := rapid.IntRange(0, maxWorkspaces-1).Draw(rt, "with")
		one, other := *m.stateAt(stateIdentityOf(i)), *m.stateAt(stateIdentityOf(j))
		m.placeState(i, other)
		m.placeState(j, one)
		return
	case "another's":
		from = rapid.IntRange(0, maxWorkspaces-1).Draw(rt, "from")
	}
	if once := m.formerStates[stateIdentityOf(from)]; len(once) > 0 {
		m.placeState(i, once[rapid.IntRange(0, len(once)-1).Draw(rt, "once")])
	}
}

// placeState puts a state where that of a slot lies.
func (m *model) placeState(i int, s tfState) {
	now := m.stateAt(stateIdentityOf(i))
	m.saveCopy(stateIdentityOf(i))
	s.resources = slices.Clone(s.resources)
	now.stateContent, now.version = s.stateContent, s.version
	m.tampered = true
}

// saveCopy keeps a copy of a state, which can be brought back.
func (m *model) saveCopy(id string) {
	if now := m.stateAt(id); now.version.Lineage != "" {
		m.formerStates[id] = append(m.formerStates[id], *now)
	}
}

// downgradeRecord has the record be as the version before wrote it, which did
// not look at states.
func (m *model) downgradeRecord(*rapid.T) {
	m.stop()
	items, err := m.store.List(m.ctx, "test", "WS#")
	m.must(err)
	for _, item := range items {
		var rec state.Workspace
		m.must(json.Unmarshal(item.Value, &rec))
		rec.State = nil
		if rec.Attempt != nil {
			rec.Attempt.State = nil
		}
		value, err := json.Marshal(rec)
		m.must(err)
		m.must(m.store.Write(m.ctx, state.Op{Key: item.Key, Put: value}))
	}
}

// isKnownEmpty tells whether a record knows of nothing that was ever made.
func isKnownEmpty(rec state.Workspace) bool {
	return rec.Attempt == nil && (rec.Trace == nil || rec.State != nil && rec.State.Lineage == "")
}

// needsAdoption tells whether a record with something made must not be gone on with
// at a slot's place, for the state that lies there.
func needsAdoption(rec state.Workspace, i int, now state.TerraformState, empty bool) bool {
	here, a := rec.Identity == stateIdentityOf(i), rec.Attempt
	switch {
	case isKnownEmpty(rec):
		return false
	case a != nil && (a.State == nil || a.State.Lineage == "") && here:
		return false
	case a != nil && a.State != nil && a.State.Lineage == now.Lineage && now.Lineage != "":
		return now.Serial < a.State.Serial
	case rec.State != nil && rec.State.Lineage == now.Lineage && now.Lineage != "":
		return now.Serial < rec.State.Serial
	case a == nil && rec.State == nil && here: // of the version before
		return now.Lineage == "" && !empty
	}
	return true
}

// checkState checks I7: nothing is planned against a state that is not the one
// that was last applied, unless a person has said so.
func (m *model) checkState(f *inFlightPass, was state.Workspace, i int, found state.TerraformState) {
	if !f.adopts && needsAdoption(was, i, found, true) {
		m.addViolation("I7: run %s goes on at %s with %+v, where the record is %s", f.run, stateIdentityOf(i), found, toJSON(was))
	}
}
