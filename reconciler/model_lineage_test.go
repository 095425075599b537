package reconciler_test

import (
	"encoding/json"
	"slices"

	"pgregory.net/rapid"

	"reconcile/internal/stateid"
	"reconcile/state"
	"reconcile/state/statetest"
)

// tamper changes states as a person would, unknown to Git, with every pass stopped. It
// removes a state, swaps two, restores an older one, or replaces one with another
// workspace's.
func (m *model) tamper(rt *rapid.T) {
	m.stop()
	i := rapid.IntRange(0, maxWorkspaces-1).Draw(rt, "workspace")
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

// placeState stores a state at a workspace's identity.
func (m *model) placeState(i int, s tfState) {
	now := m.stateAt(stateIdentityOf(i))
	m.saveCopy(stateIdentityOf(i))
	s.resources = slices.Clone(s.resources)
	now.stateContent, now.version = s.stateContent, s.version
	m.tampered = true
}

// saveCopy saves a copy of a state for a later restore.
func (m *model) saveCopy(id stateid.ID) {
	if now := m.stateAt(id); now.version.Lineage != "" {
		m.formerStates[id] = append(m.formerStates[id], *now)
	}
}

// downgradeRecord makes the record look as the version before wrote it, which did not
// check states.
func (m *model) downgradeRecord(*rapid.T) {
	m.stop()
	items, err := statetest.ListItems(m.ctx, m.store, "test", "WS#")
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

// isKnownEmpty reports whether a record knows of no resource that was ever made.
func isKnownEmpty(rec state.Workspace) bool {
	return rec.Attempt == nil && (rec.Trace == nil || rec.State != nil && rec.State.Lineage == "")
}

// needsAdoption reports whether a record that knows of resources must not continue with
// the state at the workspace's identity.
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

// checkState checks I7: nothing is planned against a state other than the one that was
// last applied, unless a person has adopted it.
func (m *model) checkState(f *inFlightPass, was state.Workspace, i int, found state.TerraformState) {
	if !f.adopts && needsAdoption(was, i, found, true) {
		m.addViolation("I7: run %s continues at %s with %+v, where the record is %s", f.run, stateIdentityOf(i), found, toJSON(was))
	}
}
