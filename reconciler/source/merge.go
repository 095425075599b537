package source

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
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
		return nil, &Error{Kind: ErrUnrelated, URL: r.URL(), Help: fmt.Sprintf("bring the branch up to date with %s", r.opts.Branch)}
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
		if err := side.Tree.checkLimitsOnce(); err != nil {
			return nil, err
		}
	}
	layer := newOverlay(h.store)
	m := &merger{store: layer, tree: newTree(layer, plumbing.ZeroHash, sides[2].When)}
	root, err := m.mergeDirs(".", sides[0].Tree.root, sides[1].Tree.root, sides[2].Tree.root)
	if err != nil {
		return nil, err
	}
	merge := &Merge{Tip: tip.String(), Head: head.String(), Base: base.String(), CrissCross: crissCross, Conflicts: m.conflicts, close: h.close}
	if len(m.conflicts) == 0 {
		merge.Commit = sides[2]
		merge.Commit.Tree, merge.Commit.raw = newTree(layer, root.id, sides[2].When), nil
		if err := merge.Commit.Tree.checkLimitsOnce(); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(merge.Conflicts, func(a, b Conflict) int { return cmp.Compare(a.Path, b.Path) })
	return merge, nil
}

// merger merges trees into a store. The zero entry means that the path is absent.
type merger struct {
	store     *overlay
	tree      *Tree // only to read tree objects
	conflicts []Conflict
}

func (m *merger) addConflict(treePath, kind string) {
	m.conflicts = append(m.conflicts, Conflict{Path: treePath, Kind: kind})
}

// isSameEntry reports whether two entries have the same object and mode.
func isSameEntry(a, b entry) bool { return a.id == b.id && a.mode == b.mode }

func (e entry) isAbsent() bool { return e.mode == filemode.Empty }

// mergeEntry merges the entries at one path; the zero entry means absent.
func (m *merger) mergeEntry(treePath string, base, tip, head entry) (entry, error) {
	switch {
	case isSameEntry(tip, head), isSameEntry(base, head):
		return tip, nil
	case isSameEntry(base, tip):
		return head, nil
	}
	isDir := func(e entry) bool { return e.mode == filemode.Dir }
	switch {
	case isDir(tip) && isDir(head), isDir(base) && (isDir(tip) || isDir(head)) && (tip.isAbsent() || head.isAbsent()):
		// One side removed the directory: remove what the other side did not change.
		return m.mergeDirs(treePath, base, tip, head)
	case tip.isAbsent() || head.isAbsent():
		m.addConflict(treePath, ConflictRemoved)
	case base.isAbsent() && isFile(tip) && isFile(head):
		m.addConflict(treePath, ConflictAdded)
	case isFile(base) && isFile(tip) && isFile(head):
		return m.mergeFiles(treePath, base, tip, head)
	case tip.mode == head.mode && tip.mode == base.mode:
		m.addConflict(treePath, ConflictContent) // symlinks, submodules
	default:
		m.addConflict(treePath, ConflictKind)
	}
	return tip, nil
}

func isFile(e entry) bool {
	return e.mode == filemode.Regular || e.mode == filemode.Executable || e.mode == filemode.Deprecated
}

// mergeDirs merges directories; any of them may be absent.
func (m *merger) mergeDirs(treePath string, base, tip, head entry) (entry, error) {
	var sides [3]map[string]entry
	var names []string
	for i, dir := range []entry{base, tip, head} {
		sides[i] = map[string]entry{}
		if dir.mode != filemode.Dir {
			continue
		}
		list, err := m.tree.readTree(dir.id)
		if err != nil {
			return entry{}, fmt.Errorf("directory %s: %w", treePath, err)
		}
		for _, e := range list.entries {
			if e.problem == duplicateNameProblem {
				m.addConflict(path.Join(treePath, e.name), ConflictKind)
			}
			sides[i][e.name] = e
			names = append(names, e.name)
		}
	}
	slices.Sort(names)
	var merged []entry
	for _, name := range slices.Compact(names) {
		e, err := m.mergeEntry(path.Join(treePath, name), sides[0][name], sides[1][name], sides[2][name])
		if err != nil {
			return entry{}, err
		}
		if !e.isAbsent() {
			e.name = name
			merged = append(merged, e)
		}
	}
	if len(merged) == 0 && treePath != "." {
		return entry{}, nil // Git has no empty directories
	}
	return entry{name: path.Base(treePath), mode: filemode.Dir, id: m.store.addTree(merged)}, nil
}

// mergeFiles merges the content and mode of a file that both sides changed.
func (m *merger) mergeFiles(treePath string, base, tip, head entry) (entry, error) {
	merged := tip
	if base.mode == tip.mode {
		merged.mode = head.mode
	}
	switch {
	case base.id == tip.id:
		merged.id = head.id
		return merged, nil
	case base.id == head.id, tip.id == head.id:
		return merged, nil
	}
	var texts [3]string
	for i, e := range []entry{base, tip, head} {
		data, err := m.tree.readBlob(e)
		if err != nil {
			return entry{}, fmt.Errorf("%s: %w", treePath, err)
		}
		texts[i] = string(data)
	}
	text, ok := mergeLines(texts[0], texts[1], texts[2])
	if !ok {
		m.addConflict(treePath, ConflictContent)
		return merged, nil
	}
	merged.id = m.store.add(plumbing.BlobObject, []byte(text))
	return merged, nil
}

// encodeTree returns the tree object of the entries.
func encodeTree(entries []entry) []byte {
	entries = slices.Clone(entries)
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.sortKey(), b.sortKey()) })
	var data []byte
	for _, e := range entries {
		data = fmt.Appendf(data, "%o %s\x00", uint32(e.mode), e.name)
		data = append(data, e.id[:]...)
	}
	return data
}
