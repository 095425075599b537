package source

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"

	"reconcile/reconciler/source/gittree"
	"reconcile/reconciler/source/gitwire"
)

// ErrUnrelated means that no common ancestor of two commits was found in the available
// history.
var ErrUnrelated = errors.New("no common ancestor found")

// Merge is the result of merging head into tip.
type Merge struct {
	Tip, Head string
	Base      string // the merge base
	// CrissCross means that the branches were merged into each other, so there are several
	// merge bases. The newest one was used. Git would first merge the bases, so its result
	// may differ.
	CrissCross bool
	Conflicts  []Conflict // sorted by path; if empty, Commit is set
	// Commit has the merged tree with head's author and message. Its ID is head's, since the
	// merge commit does not exist yet.
	Commit *Commit

	close func() error
}

// Close frees the resources of the merge.
func (m *Merge) Close() error { return m.close() }

// Conflict is a path that both sides changed in incompatible ways.
type Conflict struct {
	Path string `json:"path"`
	Kind string `json:"kind"` // one of the Conflict constants
}

// Kinds of Conflict.
const (
	ConflictContent = "content" // both changed the same lines, or a file without lines
	ConflictAdded   = "added"   // both added it with different content
	ConflictRemoved = "removed" // one changed and one removed it (or renamed it: renames are not followed)
	ConflictKind    = "kind"    // the kinds differ, such as a file and a directory
)

// Merge merges head into tip with a three-way merge, as Git does without rename detection. It
// compares tree ids, and lines in files that both sides changed. It writes nothing to the
// repository. Close the Merge after use.
func (r *Repository) Merge(ctx context.Context, tip, head string) (_ *Merge, err error) {
	tipID, err := parseID(tip)
	if err != nil {
		return nil, err
	}
	headID, err := parseID(head)
	if err != nil {
		return nil, err
	}
	h, err := r.backend.fetchHistory(ctx, tipID, headID)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("merge %s into %s: %w", head, tip, err), h.close())
		}
	}()
	bases, _, err := h.mergeBases(tipID, headID)
	if err != nil {
		return nil, err
	}
	if len(bases) == 0 {
		return nil, &gitwire.Error{Kind: ErrUnrelated, URL: r.URL(), Help: fmt.Sprintf("bring the branch up to date with %s", r.branch)}
	}
	return h.merge(bases[0].Hash, tipID, headID, len(bases) > 1)
}

func (h *history) merge(base, tip, head plumbing.Hash, crissCross bool) (*Merge, error) {
	var sides [3]*Commit
	for i, id := range []plumbing.Hash{base, tip, head} {
		commit, err := readCommit(h.store, id)
		if err != nil {
			return nil, err
		}
		sides[i] = commit
	}
	for _, side := range sides {
		if err := side.Tree.CheckLimits(); err != nil {
			return nil, err
		}
	}
	layer := gittree.NewOverlay(h.store)
	m := &merger{store: layer, tree: gittree.New(layer, plumbing.ZeroHash, sides[2].When, "")}
	root, err := m.mergeDirs(".", sides[0].Tree.Root(), sides[1].Tree.Root(), sides[2].Tree.Root())
	if err != nil {
		return nil, err
	}
	merge := &Merge{Tip: tip.String(), Head: head.String(), Base: base.String(), CrissCross: crissCross, Conflicts: m.conflicts, close: h.close}
	if len(m.conflicts) == 0 {
		merge.Commit = sides[2]
		merge.Commit.Tree, merge.Commit.raw = gittree.New(layer, root.ID, sides[2].When, ""), nil
		if err := merge.Commit.Tree.CheckLimits(); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(merge.Conflicts, func(a, b Conflict) int { return cmp.Compare(a.Path, b.Path) })
	return merge, nil
}

// merger merges trees into a store. The zero entry means that the path is absent.
type merger struct {
	store     *gittree.Overlay
	tree      *gittree.Tree // only to read tree objects
	conflicts []Conflict
}

func (m *merger) addConflict(treePath, kind string) {
	m.conflicts = append(m.conflicts, Conflict{Path: treePath, Kind: kind})
}

// isSameEntry reports whether two entries have the same object and mode.
func isSameEntry(a, b gittree.Entry) bool { return a.ID == b.ID && a.Mode == b.Mode }

func isAbsent(e gittree.Entry) bool { return e.Mode == filemode.Empty }

// mergeEntry merges the entries at one path; the zero entry means absent.
func (m *merger) mergeEntry(treePath string, base, tip, head gittree.Entry) (gittree.Entry, error) {
	switch {
	case isSameEntry(tip, head), isSameEntry(base, head):
		return tip, nil
	case isSameEntry(base, tip):
		return head, nil
	}
	isDir := func(e gittree.Entry) bool { return e.Mode == filemode.Dir }
	switch {
	case isDir(tip) && isDir(head), isDir(base) && (isDir(tip) || isDir(head)) && (isAbsent(tip) || isAbsent(head)):
		// One side removed the directory: remove what the other side did not change.
		return m.mergeDirs(treePath, base, tip, head)
	case isAbsent(tip) || isAbsent(head):
		m.addConflict(treePath, ConflictRemoved)
	case isAbsent(base) && isFile(tip) && isFile(head):
		m.addConflict(treePath, ConflictAdded)
	case isFile(base) && isFile(tip) && isFile(head):
		return m.mergeFiles(treePath, base, tip, head)
	case tip.Mode == head.Mode && tip.Mode == base.Mode:
		m.addConflict(treePath, ConflictContent) // symlinks, submodules
	default:
		m.addConflict(treePath, ConflictKind)
	}
	return tip, nil
}

func isFile(e gittree.Entry) bool {
	return e.Mode == filemode.Regular || e.Mode == filemode.Executable || e.Mode == filemode.Deprecated
}

// mergeDirs merges directories; any of them may be absent.
func (m *merger) mergeDirs(treePath string, base, tip, head gittree.Entry) (gittree.Entry, error) {
	var sides [3]map[string]gittree.Entry
	var names []string
	for i, dir := range []gittree.Entry{base, tip, head} {
		sides[i] = map[string]gittree.Entry{}
		if dir.Mode != filemode.Dir {
			continue
		}
		list, err := m.tree.List(dir.ID)
		if err != nil {
			return gittree.Entry{}, fmt.Errorf("directory %s: %w", treePath, err)
		}
		for _, e := range list {
			if e.Problem == gittree.DuplicateNameProblem {
				m.addConflict(path.Join(treePath, e.Name), ConflictKind)
			}
			sides[i][e.Name] = e
			names = append(names, e.Name)
		}
	}
	slices.Sort(names)
	var merged []gittree.Entry
	for _, name := range slices.Compact(names) {
		e, err := m.mergeEntry(path.Join(treePath, name), sides[0][name], sides[1][name], sides[2][name])
		if err != nil {
			return gittree.Entry{}, err
		}
		if !isAbsent(e) {
			e.Name = name
			merged = append(merged, e)
		}
	}
	if len(merged) == 0 && treePath != "." {
		return gittree.Entry{}, nil // Git has no empty directories
	}
	return gittree.Entry{Name: path.Base(treePath), Mode: filemode.Dir, ID: m.store.AddTree(merged)}, nil
}

// mergeFiles merges the content and mode of a file that both sides changed.
func (m *merger) mergeFiles(treePath string, base, tip, head gittree.Entry) (gittree.Entry, error) {
	merged := tip
	if base.Mode == tip.Mode {
		merged.Mode = head.Mode
	}
	switch {
	case base.ID == tip.ID:
		merged.ID = head.ID
		return merged, nil
	case base.ID == head.ID, tip.ID == head.ID:
		return merged, nil
	}
	var texts [3]string
	for i, e := range []gittree.Entry{base, tip, head} {
		data, err := m.tree.ReadBlob(e)
		if err != nil {
			return gittree.Entry{}, fmt.Errorf("%s: %w", treePath, err)
		}
		texts[i] = string(data)
	}
	text, ok := mergeLines(texts[0], texts[1], texts[2])
	if !ok {
		m.addConflict(treePath, ConflictContent)
		return merged, nil
	}
	merged.ID = m.store.Add(plumbing.BlobObject, []byte(text))
	return merged, nil
}
