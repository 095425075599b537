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

	"reconcile/reconciler/source/objects"
)

// Tree is the tree of a commit: an fs.FS whose objects have ids. It reads
// only the tree objects on the paths asked for, each once, and is safe for
// several goroutines.
type Tree struct {
	store store
	root  entry
	when  time.Time
	// commit is for messages; "": it is of none.
	commit string

	mu      sync.RWMutex
	known   map[plumbing.Hash]listing
	ids     sync.Map     // answers of ID, by path: workspaces share most of theirs
	listed  atomic.Int64 // directories that were listed, by path
	bounded func() error // countPaths, once
	omitted func(path string) bool
}

// store is what a tree is read from: an *objects.Store.
type store interface {
	Read(id plumbing.Hash) (plumbing.ObjectType, []byte, error)
	Open(id plumbing.Hash) (*objects.Object, error)
	Size(id plumbing.Hash) (int64, error)
	Has(id plumbing.Hash) bool
}

// entry is one name in a tree object.
type entry struct {
	name string
	mode filemode.FileMode
	id   plumbing.Hash
	odd  string // why it is never laid out, whatever its path; "": it is
}

// listing is what a tree object holds.
type listing struct {
	entries []entry // sorted by name
	// canonical: the object is what encodeTree makes of its entries, and all
	// of them are laid out, links aside.
	canonical bool
}

// Absent is the ID of a path that the tree does not hold.
const Absent = "absent"

func newTree(store store, root plumbing.Hash, when time.Time) *Tree {
	t := &Tree{
		store: store, when: when,
		root:  entry{name: ".", mode: filemode.Dir, id: root},
		known: map[plumbing.Hash]listing{},
	}
	t.bounded = sync.OnceValue(t.countPaths)
	return t
}

// ID returns "MODE:ID" of the object at path, as in "040000:9c4f…" or
// "100644:…", or Absent. A link at the end of path is not followed, others
// are; a path that leaves the tree is absent. What cannot be read gives a text
// that equals no id.
func (t *Tree) ID(path string) string {
	if id, ok := t.ids.Load(path); ok {
		return id.(string)
	}
	id := Absent
	found, err := t.walk(path, false)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrInvalid), errors.Is(err, errLeaves):
	case err != nil:
		return "unreadable: " + err.Error()
	default:
		id = found.entry.String()
	}
	t.ids.Store(path, id)
	return id
}

// String returns the entry's mode and id.
func (e entry) String() string {
	const digits = 6
	mode := strconv.FormatUint(uint64(e.mode), 8)
	return strings.Repeat("0", max(0, digits-len(mode))) + mode + ":" + e.id.String()
}

// place is an entry with the path, free of links, that it lies at.
type place struct {
	path string
	entry
}

// errLeaves: a link leads out of the tree.
var errLeaves = errors.New("a link leads out of the repository")

// maxLinks is how many links a path may lead through.
const maxLinks = 40

// walk finds the entry at name, following links on the way, and one at its
// end if so asked. The error is fs.ErrInvalid, fs.ErrNotExist, errLeaves or
// that of the store.
func (t *Tree) walk(name string, follow bool) (place, error) {
	if !validPath(name) {
		return place{}, fs.ErrInvalid
	}
	at := []place{{".", t.root}}
	todo := strings.Split(name, "/")
	for links := 0; len(todo) > 0; {
		part := todo[0]
		todo = todo[1:]
		here := at[len(at)-1]
		switch {
		case part == "." || part == "":
			continue
		case part == ".." && len(at) == 1:
			return place{}, errLeaves
		case part == "..":
			at = at[:len(at)-1]
			continue
		}
		next, err := t.child(here, part)
		if err != nil {
			if isUnlisted(err) && slices.Contains(todo, "..") {
				err = errLeaves // where to depends on what is put there
			}
			return place{}, err
		}
		if next.mode != filemode.Symlink || len(todo) == 0 && !follow {
			at = append(at, next)
			continue
		}
		if links++; links > maxLinks {
			return place{}, fmt.Errorf("%s: more than %d links in a row", name, maxLinks)
		}
		target, err := t.target(next.entry)
		if err != nil {
			return place{}, err
		}
		if path.IsAbs(target) {
			return place{}, errLeaves
		}
		todo = append(strings.Split(target, "/"), todo...)
	}
	return at[len(at)-1], nil
}

// validPath is fs.ValidPath for names of any bytes.
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

// child finds a name in the directory dir.
func (t *Tree) child(dir place, name string) (place, error) {
	if dir.mode != filemode.Dir {
		return place{}, fs.ErrNotExist
	}
	list, err := t.listing(dir.id)
	if err != nil {
		return place{}, err
	}
	i, ok := slices.BinarySearchFunc(list.entries, name, func(e entry, name string) int { return strings.Compare(e.name, name) })
	if !ok {
		return place{}, fs.ErrNotExist
	}
	found := place{path.Join(dir.path, name), list.entries[i]}
	if found.odd != "" {
		return place{}, LeftOut{found.path, found.odd}
	}
	return found, nil
}

// listing returns what the tree object holds.
func (t *Tree) listing(id plumbing.Hash) (listing, error) {
	t.mu.RLock()
	list, ok := t.known[id]
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
	t.known[id] = list
	t.mu.Unlock()
	return list, nil
}

// parseTree decodes a tree object: "MODE NAME\x00" and 20 bytes of id, again
// and again. Names that could lead astray where the tree is laid out are
// marked here, so that nobody else has to look at them.
func parseTree(data []byte) (listing, error) {
	entries := make([]entry, 0, len(data)/32)
	canonical, before := true, ""
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
		e.odd = cmp.Or(oddName(e.name), oddMode(e.mode))
		copy(e.id[:], text[zero+1:])
		canonical = canonical && e.odd == "" && text[0] != '0' && gitName(e) > before && e.tellable()
		before = gitName(e)
		entries = append(entries, e)
		text = text[zero+1+len(e.id):]
	}
	// Git sorts directories as if their names ended in a slash.
	byName := func(a, b entry) int { return strings.Compare(a.name, b.name) }
	slices.SortFunc(entries, byName)
	for i := 1; i < len(entries); i++ {
		if entries[i].name == entries[i-1].name {
			entries[i-1].odd, entries[i].odd = oddTwice, oddTwice
			canonical = false
		}
	}
	return listing{entries, canonical}, nil
}

const oddTwice = "it is there twice"

// tellable reports whether what is laid out of the entry tells its mode and
// id. Of a submodule it is an empty directory, of an empty directory nothing.
func (e entry) tellable() bool {
	return e.mode != filemode.Submodule && e.mode != filemode.Deprecated && e.id != emptyTree
}

var emptyTree = plumbing.ComputeHash(plumbing.TreeObject, nil)
