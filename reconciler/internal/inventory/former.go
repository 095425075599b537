package inventory

import (
	"maps"
	"slices"
	"strings"

	"reconcile/internal/stateid"
	"reconcile/reconciler/workspace"
	"reconcile/state"
)

// places are the names of a workspace and the identities of its states, now and before. The record
// of a reader may have any of them.
type places struct {
	name        string
	formerNames []string
	identities  []stateid.ID
}

// placesOf returns the places of a workspace by these records. Those of a workspace that is gone
// count too if the Terraform state is the same: a person renamed it and moved its state.
func (w *Inventory) placesOf(name string, records map[string]state.Workspace) places {
	up := records[name]
	found := places{name: name, formerNames: slices.Clone(up.FormerNames), identities: identitiesOf(up)}
	for _, gone := range w.Records {
		if lineage := lineageOf(up); lineage != "" && w.Entries[gone.Name] == nil && lineageOf(gone) == lineage {
			found.formerNames = append(append(found.formerNames, gone.Name), gone.FormerNames...)
			found.identities = append(found.identities, identitiesOf(gone)...)
		}
	}
	return found
}

// identitiesOf returns the identities of the states that a workspace has had, the present one last.
func identitiesOf(rec state.Workspace) []stateid.ID {
	identities := slices.Clone(rec.FormerIdentities)
	if rec.Attempt != nil {
		identities = append(identities, rec.Attempt.PreviousIdentities...)
	}
	return slices.DeleteFunc(append(identities, rec.Identity), func(identity stateid.ID) bool { return identity == "" })
}

// lineageOf returns the lineage of a workspace's Terraform state; "" if it is not known.
func lineageOf(rec state.Workspace) string {
	switch {
	case rec.State != nil:
		return rec.State.Lineage
	case rec.Attempt != nil && rec.Attempt.State != nil:
		return rec.Attempt.State.Lineage
	}
	return ""
}

// findLeftStates returns the states that recorded workspaces have had and no workspace has at the
// commit, with the names of those workspaces.
func (w *Inventory) findLeftStates() map[stateid.ID][]string {
	left := map[stateid.ID][]string{}
	for name, rec := range w.Records {
		if entry := w.Entries[name]; entry != nil && len(rec.FormerIdentities) == 0 && rec.Attempt == nil && rec.Identity == w.StateIdentity(entry) {
			continue // as most
		}
		for _, identity := range identitiesOf(rec) {
			left[identity] = append(left[identity], name)
		}
	}
	for _, entry := range w.Entries {
		delete(left, w.StateIdentity(entry))
	}
	return left
}

// readsOf returns the states that an entry reads, by its files if they are parsed, else by its record.
func readsOf(entry *Entry, rec state.Workspace) []stateid.ID {
	if ws := entry.Loaded; ws != nil && ws.Err == nil {
		return ws.Reads
	}
	return rec.Reads
}

// findRenamed returns the present name of a workspace.
func (w *Inventory) findRenamed(name string) string {
	if _, known := w.Records[name]; known {
		return name
	}
	for now, rec := range w.Records {
		if slices.Contains(rec.FormerNames, name) {
			return now
		}
	}
	return name
}

// FormerUpstreams returns the workspaces that are no upstreams of an entry at the commit, and whose
// outputs it may have all the same: it was last applied with them, by its record, or it reads a
// state that they have left. The value says that they have another state by now.
func (w *Inventory) FormerUpstreams(entry *Entry, rec state.Workspace) map[string]bool {
	former := map[string]bool{}
	dependsOn := rec.DependsOn
	if rec.Attempt != nil {
		dependsOn = slices.Concat(dependsOn, rec.Attempt.PreviousDependsOn)
	}
	for _, name := range dependsOn {
		former[w.findRenamed(name)] = false
	}
	for _, read := range readsOf(entry, rec) {
		if strings.Contains(string(read), "*") && len(entry.Config.DependsOn) > 0 {
			continue // the graph guesses nothing here either
		}
		for identity, names := range w.leftStates {
			for _, name := range names {
				if workspace.MatchesState(read, identity) {
					former[name] = former[name] || w.Records[name].Identity != identity
				}
			}
		}
	}
	upstreams := w.Graph.DependsOn(entry.Dir.Name)
	maps.DeleteFunc(former, func(name string, hasMoved bool) bool {
		return name == entry.Dir.Name || !hasMoved && slices.Contains(upstreams, name)
	})
	return former
}
