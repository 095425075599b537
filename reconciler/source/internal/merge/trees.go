// Package merge merges the trees of two commits with that of their merge base, as Git does
// without rename detection. It knows neither repositories nor remotes.
package merge

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"

	"reconcile/reconciler/source/gittree"
)

// Conflict is a path that both sides changed in incompatible ways.
type Conflict struct {
	Path string
	Kind string // one of the constants below
}

// Kinds of Conflict.
const (
	Content = "content" // both changed the same lines, or a file without lines
	Added   = "added"   // both added it with different content
	Removed = "removed" // one changed and one removed it (or renamed it: renames are not followed)
	Kind    = "kind"    // the kinds differ, such as a file and a directory
)

// Trees merges the changes of head since base into tip. New objects go into store, which must
// have the objects of all three. The root is the merged tree if there are no conflicts, which
// are sorted by path.
func Trees(store *gittree.Overlay, base, tip, head *gittree.Tree) (root plumbing.Hash, conflicts []Conflict, err error) {
	m := &merger{store: store, tree: gittree.New(store, plumbing.ZeroHash, time.Time{}, "")}
	merged, err := m.mergeDirs(".", base.Root(), tip.Root(), head.Root())
	if err != nil {
		return plumbing.ZeroHash, nil, err
	}
	slices.SortFunc(m.conflicts, func(a, b Conflict) int { return cmp.Compare(a.Path, b.Path) })
	return merged.ID, m.conflicts, nil
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
		m.addConflict(treePath, Removed)
	case isAbsent(base) && isFile(tip) && isFile(head):
		m.addConflict(treePath, Added)
	case isFile(base) && isFile(tip) && isFile(head):
		return m.mergeFiles(treePath, base, tip, head)
	case tip.Mode == head.Mode && tip.Mode == base.Mode:
		m.addConflict(treePath, Content) // symlinks, submodules
	default:
		m.addConflict(treePath, Kind)
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
				m.addConflict(path.Join(treePath, e.Name), Kind)
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
		m.addConflict(treePath, Content)
		return merged, nil
	}
	merged.ID = m.store.Add(plumbing.BlobObject, []byte(text))
	return merged, nil
}
