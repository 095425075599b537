package source

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
)

// Tree is the tree of a commit: an fs.FS whose objects have ids. It reads
// only the tree objects on the paths asked for, each once, and is safe for
// several goroutines.
type Tree struct {
	store store
	root  entry
	when  time.Time

	mu    sync.RWMutex
	known map[plumbing.Hash][]entry
	ids   sync.Map // answers of ID, by path: workspaces share most of theirs
}

// store is what a tree is read from: an *objects.Store.
type store interface {
	Read(id plumbing.Hash) (plumbing.ObjectType, []byte, error)
	Size(id plumbing.Hash) (int64, error)
	Has(id plumbing.Hash) bool
}

// entry is one name in a tree object.
type entry struct {
	name string
	mode filemode.FileMode
	id   plumbing.Hash
}

// Absent is the ID of a path that the tree does not hold.
const Absent = "absent"

func newTree(store store, root plumbing.Hash, when time.Time) *Tree {
	return &Tree{
		store: store, when: when,
		root:  entry{name: ".", mode: filemode.Dir, id: root},
		known: map[plumbing.Hash][]entry{},
	}
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
	if !fs.ValidPath(name) {
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
			if errors.Is(err, fs.ErrNotExist) && slices.Contains(todo, "..") {
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
		target, err := t.blob(next.entry)
		if err != nil {
			return place{}, err
		}
		if path.IsAbs(string(target)) {
			return place{}, errLeaves
		}
		todo = append(strings.Split(string(target), "/"), todo...)
	}
	return at[len(at)-1], nil
}

// child finds a name in the directory dir.
func (t *Tree) child(dir place, name string) (place, error) {
	if dir.mode != filemode.Dir {
		return place{}, fs.ErrNotExist
	}
	entries, err := t.entries(dir.id)
	if err != nil {
		return place{}, err
	}
	i, ok := slices.BinarySearchFunc(entries, name, func(e entry, name string) int { return strings.Compare(e.name, name) })
	if !ok {
		return place{}, fs.ErrNotExist
	}
	return place{path.Join(dir.path, name), entries[i]}, nil
}

// entries returns what the tree object holds, sorted by name.
func (t *Tree) entries(id plumbing.Hash) ([]entry, error) {
	t.mu.RLock()
	entries, ok := t.known[id]
	t.mu.RUnlock()
	if ok {
		return entries, nil
	}
	kind, data, err := t.store.Read(id)
	if err != nil {
		return nil, err
	}
	if kind != plumbing.TreeObject {
		return nil, fmt.Errorf("object %s is a %s, not a tree", id, kind)
	}
	if entries, err = parseTree(data); err != nil {
		return nil, fmt.Errorf("tree %s: %w", id, err)
	}
	t.mu.Lock()
	t.known[id] = entries
	t.mu.Unlock()
	return entries, nil
}

// parseTree decodes a tree object: "MODE NAME\x00" and 20 bytes of id, again
// and again. Names that could lead astray where the tree is laid out are
// refused here, so that nobody else meets them.
func parseTree(data []byte) ([]entry, error) {
	entries := make([]entry, 0, len(data)/32)
	text := string(data) // one allocation for all names
	for len(text) > 0 {
		space := strings.IndexByte(text, ' ')
		zero := strings.IndexByte(text, 0)
		if space < 0 || zero < space || len(text) < zero+1+len(plumbing.Hash{}) {
			return nil, errors.New("damaged tree object")
		}
		mode, err := strconv.ParseUint(text[:space], 8, 32)
		if err != nil {
			return nil, errors.New("damaged tree object: mode")
		}
		e := entry{name: text[space+1 : zero], mode: filemode.FileMode(mode)}
		copy(e.id[:], text[zero+1:])
		if err := checkName(e.name); err != nil {
			return nil, err
		}
		if err := checkMode(e); err != nil {
			return nil, err
		}
		entries = append(entries, e)
		text = text[zero+1+len(e.id):]
	}
	// Git sorts directories as if their names ended in a slash.
	byName := func(a, b entry) int { return strings.Compare(a.name, b.name) }
	slices.SortFunc(entries, byName)
	for i := 1; i < len(entries); i++ {
		if entries[i].name == entries[i-1].name {
			return nil, &Error{Kind: ErrUnsafe, URL: fmt.Sprintf("%q", entries[i].name), Text: "twice in one directory"}
		}
	}
	return entries, nil
}

// checkName refuses names that are no plain file name on every system.
func checkName(name string) error {
	switch {
	case name == "" || name == "." || name == "..":
	case strings.EqualFold(name, ".git"):
	case strings.ContainsAny(name, "/\\\x00"):
	default:
		return nil
	}
	return &Error{Kind: ErrUnsafe, URL: fmt.Sprintf("%q", name), Help: "remove it from the repository"}
}

func checkMode(e entry) error {
	switch e.mode {
	case filemode.Dir, filemode.Regular, filemode.Deprecated, filemode.Executable, filemode.Symlink, filemode.Submodule:
		return nil
	}
	return &Error{Kind: ErrUnsafe, URL: fmt.Sprintf("%q", e.name), Text: fmt.Sprintf("mode %o", uint32(e.mode)), Help: "remove it from the repository"}
}

// blob returns the content of a file or the target of a link.
func (t *Tree) blob(e entry) ([]byte, error) {
	kind, data, err := t.store.Read(e.id)
	if err != nil {
		return nil, err
	}
	if kind != plumbing.BlobObject {
		return nil, fmt.Errorf("object %s is a %s, not a file", e.id, kind)
	}
	if e.mode == filemode.Symlink && (len(data) == 0 || bytes.IndexByte(data, 0) >= 0) {
		return nil, &Error{Kind: ErrUnsafe, URL: fmt.Sprintf("%q", e.name), Text: "a link to nowhere"}
	}
	return data, nil
}
