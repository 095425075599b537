package inventory

import (
	"fmt"
	"slices"

	"reconcile/internal/gitpath"
	"reconcile/internal/stateid"
	"reconcile/reconciler/workspace/repotree"
	"reconcile/state"
)

// ExplainRemoval returns why a recorded workspace is no workspace at the tip.
func (w *Inventory) ExplainRemoval(rec state.Workspace) string {
	if w.Commit.Tree.ID(gitpath.Unquote(rec.Path)) == repotree.AbsentID {
		return fmt.Sprintf("its directory %s is gone from the tip", rec.Path)
	}
	return fmt.Sprintf("its directory %s is not a workspace at the tip: it has no configuration, or the settings' patterns do not match it", rec.Path)
}

// FindRename returns the new workspace that has the state of a removed one.
func (w *Inventory) FindRename(rec state.Workspace) *Entry {
	for _, entry := range w.Entries {
		if !entry.Recorded && entry.Loaded != nil && entry.Loaded.Err == nil && entry.Loaded.Identity == rec.Identity {
			return entry
		}
	}
	return nil
}

// FindLeftState returns the removed workspace that had the same files as a new one, when it was
// applied or when an apply began: a directory that was renamed in Git. Its local state still has
// the old name.
func (w *Inventory) FindLeftState(entry *Entry) (left state.Workspace, found bool) {
	id := w.dirID(entry)
	for name, rec := range w.Records {
		if w.Entries[name] != nil || !hadFiles(rec, id) || !w.Config.HasLocalState(rec) {
			continue
		}
		if !found || name < left.Name { // of several the first by name
			left, found = rec, true
		}
	}
	return left, found
}

// HasFilesOf reports whether the directory of a workspace is as one was when it was applied, or when an
// apply began, by its record.
func (w *Inventory) HasFilesOf(entry *Entry, rec state.Workspace) bool {
	return hadFiles(rec, w.dirID(entry))
}

// dirID returns the id of an entry's directory, as in a trace.
func (w *Inventory) dirID(entry *Entry) string {
	return w.Trace(entry, nil)[gitpath.Quote(entry.Dir.Path)]
}

// hadFiles reports whether the directory of a workspace had this id, by its record.
func hadFiles(rec state.Workspace, id string) bool {
	return id != "" && (rec.Trace[rec.Path] == id || rec.Attempt != nil && rec.Attempt.DirectoryID == id)
}

// maxSuccessors is how many successors a tombstone names.
const maxSuccessors = 50

// ListSuccessors returns the workspaces that may be one that is removed now, under another name, as
// its tombstone keeps them: those that were never applied.
func (w *Inventory) ListSuccessors(removed state.Workspace) (names []string) {
	if !w.Config.HasLocalState(removed) && !w.HasLeftBackendState(removed) {
		return nil
	}
	for name, entry := range w.Entries {
		if entry.Record.Trace == nil && entry.Record.Attempt == nil {
			names = append(names, name)
		}
	}
	if len(names) > maxSuccessors {
		return []string{"*"}
	}
	slices.Sort(names)
	return names
}

// MayBeSuccessor reports whether a workspace may be a removed one under another name: it was not
// applied yet when that one was removed.
func (w *Inventory) MayBeSuccessor(name string, removed state.Workspace) bool {
	return w.Entries[removed.Name] == nil && (w.Config.HasLocalState(removed) || w.HasLeftBackendState(removed)) &&
		(!removed.Removed || slices.Contains(removed.Successors, name) || slices.Contains(removed.Successors, "*"))
}

// HasLeftBackendState reports whether a workspace that is gone has left a state that is no file in
// our directory, and that no workspace at the commit has.
func (w *Inventory) HasLeftBackendState(gone state.Workspace) bool {
	isEmpty := gone.Attempt == nil && gone.State != nil && gone.State.Lineage == ""
	return w.Entries[gone.Name] == nil && !w.Config.HasLocalState(gone) && !isEmpty && w.Config.FindOrphanedState(gone, w.HasState) != ""
}

// HasState reports whether a workspace at the tip has the state with this identity.
func (w *Inventory) HasState(identity stateid.ID) bool { return w.Graph.Owner(identity) != "" }
