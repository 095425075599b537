package source

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"

	"reconcile/internal/gitpath"
	"reconcile/reconciler/source/internal/odb"
)

// Tree is the tree of a commit: an fs.FS whose objects have ids. It reads only the tree
// objects on the requested paths, each once. It is safe for concurrent use.
type Tree struct {
	store store
	root  entry
	when  time.Time
	// commit is the commit's id, for messages; "": unknown.
	commit string

	mu              sync.RWMutex
	listings        map[plumbing.Hash]listing
	ids             sync.Map     // results of ID by path; workspaces share most of theirs
	listedDirs      atomic.Int64 // number of directories listed, counted by path
	checkLimitsOnce func() error // checkLimits, at most once
	omitRule        func(path string) bool
}

// store is the object store of a tree: an *odb.Store.
type store interface {
	Read(id plumbing.Hash) (plumbing.ObjectType, []byte, error)
	Open(id plumbing.Hash) (*odb.Object, error)
	Size(id plumbing.Hash) (int64, error)
	Has(id plumbing.Hash) bool
}

// entry is one entry of a tree object.
type entry struct {
	name    string
	mode    filemode.FileMode
	id      plumbing.Hash
	problem string // why it is never checked out, at any path; "": no problem
}

// listing is the content of a tree object.
type listing struct {
	entries []entry // sorted by name
	// canonical means that encodeTree of the entries gives the same object, and that every
	// entry except symlinks is checked out.
	canonical bool
}

// Absent is the ID of a path that the tree does not contain.
const Absent = "absent"

func newTree(store store, root plumbing.Hash, when time.Time) *Tree {
	t := &Tree{
		store: store, when: when,
		root:     entry{name: ".", mode: filemode.Dir, id: root},
		listings: map[plumbing.Hash]listing{},
	}
	t.checkLimitsOnce = sync.OnceValue(t.checkLimits)
	return t
}

// ID returns "MODE:ID" of the object at path, such as "040000:9c4f…" or "100644:…", or
// Absent. It does not follow a symlink at the end of path, but follows the others. A path
// that leaves the tree is absent. If reading fails it returns a text that equals no id.
func (t *Tree) ID(path string) string {
	if id, ok := t.ids.Load(path); ok {
		return id.(string)
	}
	id := Absent
	found, err := t.resolvePath(path, false)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrInvalid), errors.Is(err, errEscapes):
	case err != nil:
		return "unreadable: " + err.Error()
	default:
		id = found.entry.String()
	}
	t.ids.Store(path, id)
	return id
}

func (e entry) sortKey() string { return gitpath.SortKey(e.name, e.mode == filemode.Dir) }

func (e entry) String() string {
	const digits = 6
	mode := strconv.FormatUint(uint64(e.mode), 8)
	return strings.Repeat("0", max(0, digits-len(mode))) + mode + ":" + e.id.String()
}

// pathEntry is an entry with its path, in which all symlinks are resolved.
type pathEntry struct {
	path string
	entry
}

// errEscapes means that a symlink points outside the tree.
var errEscapes = errors.New("a symlink points outside the repository")

// maxLinks is the maximum number of symlinks in one path.
const maxLinks = 40

// resolvePath returns the entry at name. It follows symlinks on the way, and at the end if
// follow is set. The error is fs.ErrInvalid, fs.ErrNotExist, errEscapes or the store's.
func (t *Tree) resolvePath(name string, follow bool) (pathEntry, error) {
	if !validPath(name) {
		return pathEntry{}, fs.ErrInvalid
	}
	stack := []pathEntry{{".", t.root}}
	parts := strings.Split(name, "/")
	for links := 0; len(parts) > 0; {
		part := parts[0]
		parts = parts[1:]
		dir := stack[len(stack)-1]
		switch {
		case part == "." || part == "":
			continue
		case part == ".." && len(stack) == 1:
			return pathEntry{}, errEscapes
		case part == "..":
			stack = stack[:len(stack)-1]
			continue
		}
		next, err := t.lookUpChild(dir, part)
		if err != nil {
			if isUnlisted(err) && slices.Contains(parts, "..") {
				err = errEscapes // the target depends on what replaces it
			}
			return pathEntry{}, err
		}
		if next.mode != filemode.Symlink || len(parts) == 0 && !follow {
			stack = append(stack, next)
			continue
		}
		if links++; links > maxLinks {
			return pathEntry{}, fmt.Errorf("%s: more than %d links in a row", name, maxLinks)
		}
		target, err := t.linkTarget(next.entry)
		if err != nil {
			return pathEntry{}, err
		}
		if path.IsAbs(target) {
			return pathEntry{}, errEscapes
		}
		parts = append(strings.Split(target, "/"), parts...)
	}
	return stack[len(stack)-1], nil
}

// validPath is fs.ValidPath for names of arbitrary bytes.
func validPath(name string) bool {
	if name == "." {
		return true
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part == "." || part == ".." {
			return false
		}
	}
	return true
}

// lookUpChild returns the entry name of directory dir.
func (t *Tree) lookUpChild(dir pathEntry, name string) (pathEntry, error) {
	if dir.mode != filemode.Dir {
		return pathEntry{}, fs.ErrNotExist
	}
	list, err := t.readTree(dir.id)
	if err != nil {
		return pathEntry{}, err
	}
	i, ok := slices.BinarySearchFunc(list.entries, name, func(e entry, name string) int { return strings.Compare(e.name, name) })
	if !ok {
		return pathEntry{}, fs.ErrNotExist
	}
	found := pathEntry{path.Join(dir.path, name), list.entries[i]}
	if found.problem != "" {
		return pathEntry{}, SkippedEntry{found.path, found.problem}
	}
	return found, nil
}

// readTree returns the content of a tree object.
func (t *Tree) readTree(id plumbing.Hash) (listing, error) {
	t.mu.RLock()
	list, ok := t.listings[id]
	t.mu.RUnlock()
	if ok {
		return list, nil
	}
	kind, data, err := t.store.Read(id)
	if err != nil {
		return listing{}, err
	}
	if kind != plumbing.TreeObject {
		return listing{}, fmt.Errorf("object %s is a %s, not a tree", id, kind)
	}
	if list, err = parseTree(data); err != nil {
		return listing{}, fmt.Errorf("tree %s: %w", id, err)
	}
	t.mu.Lock()
	t.listings[id] = list
	t.mu.Unlock()
	return list, nil
}

// parseTree decodes a tree object: repeated "MODE NAME\x00" and a 20-byte id. It marks the
// names that are unsafe to check out, so that no other code must check them.
func parseTree(data []byte) (listing, error) {
	entries := make([]entry, 0, len(data)/32)
	canonical, previous := true, ""
	text := string(data) // one allocation for all names
	for len(text) > 0 {
		space := strings.IndexByte(text, ' ')
		zero := strings.IndexByte(text, 0)
		if space < 0 || zero < space || len(text) < zero+1+len(plumbing.Hash{}) {
			return listing{}, errors.New("damaged tree object")
		}
		mode, err := strconv.ParseUint(text[:space], 8, 32)
		if err != nil {
			return listing{}, errors.New("damaged tree object: mode")
		}
		e := entry{name: text[space+1 : zero], mode: filemode.FileMode(mode)}
		e.problem = cmp.Or(nameProblem(e.name), modeProblem(e.mode))
		copy(e.id[:], text[zero+1:])
		canonical = canonical && e.problem == "" && text[0] != '0' && e.sortKey() > previous && e.isRecoverable()
		previous = e.sortKey()
		entries = append(entries, e)
		text = text[zero+1+len(e.id):]
	}
	// Git sorts directories as if their names ended in a slash.
	byName := func(a, b entry) int { return strings.Compare(a.name, b.name) }
	slices.SortFunc(entries, byName)
	for i := 1; i < len(entries); i++ {
		if entries[i].name == entries[i-1].name {
			entries[i-1].problem, entries[i].problem = duplicateNameProblem, duplicateNameProblem
			canonical = false
		}
	}
	return listing{entries, canonical}, nil
}

const duplicateNameProblem = "its name occurs twice"

// isRecoverable reports whether a checkout of the entry shows its mode and id. A submodule is
// only an empty directory, and an empty directory is not checked out.
func (e entry) isRecoverable() bool {
	return e.mode != filemode.Submodule && e.mode != filemode.Deprecated && e.id != emptyTreeID
}

var emptyTreeID = plumbing.ComputeHash(plumbing.TreeObject, nil)
