package inventory

import (
	"slices"

	"reconcile/internal/stateid"
	"reconcile/state"
)

// AppliedMeanwhile stands in a trace for an upstream whose outputs nobody can vouch for: it
// was applied while its reader ran, or its own record was not valid.
const AppliedMeanwhile = "applied meanwhile"

// UnappliedReaders returns the readers of a workspace that, by these records, are not
// applied at the commit, sorted by name. A reader is a workspace that reads its outputs at
// the commit, or did when it was last applied itself. One that was never applied uses
// nothing yet.
func (w *Inventory) UnappliedReaders(name string, records map[string]state.Workspace) []string {
	now := *w
	now.Records = records
	check := readerCheck{inventory: &now, upstream: name, settled: map[string]bool{}}
	var unapplied []string
	up := w.placesOf(name, records)
	for reader, rec := range records {
		if reader != name && now.mayUse(rec, up) && !check.isSettled(reader) {
			unapplied = append(unapplied, reader)
		}
	}
	slices.Sort(unapplied)
	return unapplied
}

// mayUse reports whether what a workspace has made may use something of an upstream. What is
// left of a removed one counts only where it comes back.
func (w *Inventory) mayUse(rec state.Workspace, up places) bool {
	if rec.Trace == nil && rec.Attempt == nil || !w.reads(rec, up) {
		return false
	}
	if !rec.Removed || w.Entries[rec.Name] != nil {
		return true
	}
	back := w.FindRename(rec)
	return back != nil && w.Records[back.Dir.Name].Trace == nil
}

// reads reports whether a workspace reads the outputs of another, at the commit or by its
// record; what it read before an apply counts until that has succeeded.
func (w *Inventory) reads(rec state.Workspace, up places) bool {
	dependsOn, reads := rec.DependsOn, rec.Reads
	if a := rec.Attempt; a != nil {
		dependsOn, reads = slices.Concat(dependsOn, a.PreviousDependsOn), slices.Concat(reads, a.PreviousReads)
	}
	return slices.Contains(w.Graph.DependsOn(rec.Name), up.name) ||
		slices.ContainsFunc(dependsOn, func(name string) bool { return name == up.name || slices.Contains(up.formerNames, name) }) ||
		slices.ContainsFunc(reads, func(identity stateid.ID) bool { return slices.Contains(up.identities, identity) })
}

// readerCheck finds out whether the readers of an upstream are applied at the commit.
type readerCheck struct {
	inventory *Inventory
	upstream  string
	settled   map[string]bool // results, by name
}

// isSettled reports whether a workspace is applied at the commit, and nothing that it reads
// can still change it. The upstream itself, and others that wait for their readers, count
// with their outputs as recorded: else two that wait for one reader would never end.
func (c *readerCheck) isSettled(name string) (settled bool) {
	if settled, known := c.settled[name]; known {
		return settled
	}
	defer func() { c.settled[name] = settled }()
	w := c.inventory
	rec := w.Records[name]
	entry := w.Entries[name]
	if entry == nil || entry.RenameErr != nil { // its record waits to be closed, or to be moved to its new name
		return false
	}
	if len(w.OwnReasons(entry, rec)) > 0 {
		return false
	}
	digests := map[string]string{}
	for _, up := range w.Graph.DependsOn(name) {
		upstream := w.Records[up]
		digests[up] = outputsID(upstream)
		if rec.Trace[KeyUpstream+up] == AppliedMeanwhile && w.HasUncertainOutputs(upstream) {
			digests[up] = AppliedMeanwhile
		}
		if up != c.upstream && !w.WaitsForReaders(upstream) && !c.isSettled(up) {
			return false
		}
	}
	return len(w.UpstreamReasons(name, rec.Trace, digests)) == 0
}

// NewTeardown returns for which readers a plan at the commit must wait, if it deletes what they
// may use; nil if all are applied. The plan would make these outputs.
func (w *Inventory) NewTeardown(name string, records map[string]state.Workspace, outputs []string) *state.Teardown {
	readers := w.UnappliedReaders(name, records)
	if len(readers) == 0 {
		return nil
	}
	return &state.Teardown{Commit: w.Commit.ID, Readers: readers, Outputs: outputs}
}

// WaitsForReaders reports whether, by its record, the plan of a workspace at the commit waits
// for its readers.
func (w *Inventory) WaitsForReaders(rec state.Workspace) bool {
	return rec.Outcome == state.Blocked && rec.Teardown != nil && rec.Teardown.Commit == w.Commit.ID
}

// RecordsOfEntries returns the records as the inventory knows them, of workspaces at the
// commit only.
func (w *Inventory) RecordsOfEntries() map[string]state.Workspace {
	records := map[string]state.Workspace{}
	for name, entry := range w.Entries {
		if entry.Recorded {
			records[name] = entry.Record
		}
	}
	return records
}
