// Package gittree reads the trees of Git commits, checks them out, repairs checkouts and proves
// that files are a tree's. It does not know commits, repositories or remotes.
package gittree

import (
	"cmp"
	"context"
	"encoding/hex"
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

	"reconcile/internal/cache"
	"reconcile/internal/commitid"
	"reconcile/internal/gitpath"
	"reconcile/reconciler/source/internal/odb"
)

// Tree is the tree of a commit: an fs.FS whose objects have ids. It reads only the tree
// objects on the requested paths, each once. It is safe for concurrent use.
type Tree struct {
	objects Reader
	root    Entry
	when    time.Time
	// commit is the commit's id, for messages; "": unknown.
	commit commitid.ID

	listings        *cache.Map[plumbing.Hash, listing] // the directories that were read, by id
	ids             cache.Map[string, string]          // results of ID by path; workspaces share most of theirs
	dirs            cache.Map[string, pathEntry]       // directories that no link leads to, by path
	listedDirs      atomic.Int64                       // number of directories listed, counted by path
	checkLimitsOnce func() error                       // checkLimits, at most once
	omitRule        func(path string) bool
	listsSkipped    bool // see WithSkipped

	checkoutsMu sync.Mutex
	checkouts   map[string]*knownStamps // by directory
}

// Reader reads the objects of trees: an *odb.Store, an *Overlay or a *DirStore.
type Reader interface {
	Read(id plumbing.Hash) (plumbing.ObjectType, []byte, error)
	Open(ctx context.Context, id plumbing.Hash) (*odb.Object, error)
	Size(id plumbing.Hash) (int64, error)
	Has(id plumbing.Hash) bool
}

// Entry is one entry of a tree object. The zero Entry stands for an absent one.
type Entry struct {
	Name    string
	Mode    filemode.FileMode
	ID      plumbing.Hash
	Problem string // why it is never checked out, at any path; "": no problem
}

// listing is the content of a tree object.
type listing struct {
	entries []Entry // sorted by name
	// canonical means that encodeTree of the entries gives the same object, and that every
	// entry except symlinks is checked out.
	canonical bool
}

// Absent is the ID of a path that the tree does not contain.
const Absent = "absent"

// New returns the tree with the id root. when is the time of its files. commit is the commit's
// id for messages; "": unknown.
func New(objects Reader, root plumbing.Hash, when time.Time, commit commitid.ID) *Tree {
	t := &Tree{
		objects: objects, when: when, commit: commit,
		root:     Entry{Name: ".", Mode: filemode.Dir, ID: root},
		listings: &cache.Map[plumbing.Hash, listing]{},
	}
	t.checkLimitsOnce = sync.OnceValue(t.checkLimits)
	return t
}

// Share makes the tree use what other has read: two commits of a repository have most
// directories in common. It must be called before others use the tree.
func (t *Tree) Share(other *Tree) { t.listings = other.listings }

// Root returns the entry of the tree itself.
func (t *Tree) Root() Entry { return t.root }

// ID returns "MODE:ID" of the object at path, such as "040000:9c4f…" or "100644:…", or
// Absent. It does not follow a symlink at the end of path, but follows the others. A path
// that leaves the tree is absent. If reading fails it returns a text that equals no id.
func (t *Tree) ID(path string) string {
	if id, ok := t.ids.Get(path); ok {
		return id
	}
	id := Absent
	found, err := t.resolvePath(path, keepLast)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrInvalid), errors.Is(err, errEscapes):
	case err != nil:
		return "unreadable: " + err.Error()
	default:
		id = found.entry.String()
	}
	t.ids.Put(path, id)
	return id
}

func (e Entry) sortKey() string { return gitpath.SortKey(e.Name, e.Mode == filemode.Dir) }

// String returns "MODE:ID", as Tree.ID does.
func (e Entry) String() string {
	const zeros = "000000"
	mode := strconv.FormatUint(uint64(e.Mode), 8)
	text := make([]byte, 0, len(zeros)+len(":")+hex.EncodedLen(len(e.ID)))
	text = append(append(text, zeros[min(len(mode), len(zeros)):]...), mode...)
	return string(hex.AppendEncode(append(text, ':'), e.ID[:]))
}

// pathEntry is an entry with its path, in which all symlinks are resolved.
type pathEntry struct {
	path  string
	entry Entry
}

// errEscapes means that a symlink points outside the tree.
var errEscapes = errors.New("a symlink points outside the repository")

// maxLinks is the maximum number of symlinks in one path.
const maxLinks = 40

// lastLink says what becomes of a symlink at the end of a path.
type lastLink bool

const (
	followLast lastLink = true
	keepLast   lastLink = false // as Lstat does
)

// resolvePath returns the entry at name. It follows symlinks on the way. The error is
// fs.ErrInvalid, fs.ErrNotExist, errEscapes or the store's.
func (t *Tree) resolvePath(name string, last lastLink) (pathEntry, error) {
	if !isValidPath(name) {
		return pathEntry{}, fs.ErrInvalid
	}
	if dir, ok := t.findDir(path.Dir(name)); ok && name != "." {
		next, err := t.lookUpChild(dir, path.Base(name))
		if err != nil || next.entry.Mode != filemode.Symlink || last == keepLast {
			return next, err
		}
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
		if next.entry.Mode != filemode.Symlink || len(parts) == 0 && last == keepLast {
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

// findDir returns the directory at a valid path; ok is false where there is none, or a link is
// on the path. It keeps what it finds, because most lookups are in the same few directories.
func (t *Tree) findDir(dir string) (found pathEntry, ok bool) {
	if dir == "." {
		return pathEntry{".", t.root}, true
	}
	if found, ok := t.dirs.Get(dir); ok {
		return found, true
	}
	above, ok := t.findDir(path.Dir(dir))
	if !ok {
		return pathEntry{}, false
	}
	found, err := t.lookUpChild(above, path.Base(dir))
	if err != nil || found.entry.Mode != filemode.Dir {
		return pathEntry{}, false
	}
	t.dirs.Put(dir, found)
	return found, true
}

// isValidPath reports what fs.ValidPath does, for names of arbitrary bytes.
func isValidPath(name string) bool {
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
	if dir.entry.Mode != filemode.Dir {
		return pathEntry{}, fs.ErrNotExist
	}
	list, err := t.readTree(dir.entry.ID)
	if err != nil {
		return pathEntry{}, err
	}
	i, ok := slices.BinarySearchFunc(list.entries, name, func(e Entry, name string) int { return strings.Compare(e.Name, name) })
	if !ok {
		return pathEntry{}, fs.ErrNotExist
	}
	found := pathEntry{gitpath.Join(dir.path, name), list.entries[i]}
	if found.entry.Problem != "" && !t.listsSkipped {
		return pathEntry{}, SkippedEntry{found.path, found.entry.Problem}
	}
	return found, nil
}

// readTree returns the content of a tree object.
func (t *Tree) readTree(id plumbing.Hash) (listing, error) {
	list, ok := t.listings.Get(id)
	if ok {
		return list, nil
	}
	kind, data, err := t.objects.Read(id)
	if err != nil {
		return listing{}, err
	}
	if kind != plumbing.TreeObject {
		return listing{}, odb.ErrKind(id, kind, "tree")
	}
	if list, err = parseTree(data); err != nil {
		return listing{}, fmt.Errorf("tree %s: %w", id, err)
	}
	t.listings.Put(id, list)
	return list, nil
}

// List returns the entries of the tree object id, sorted by name.
func (t *Tree) List(id plumbing.Hash) ([]Entry, error) {
	list, err := t.readTree(id)
	return list.entries, err
}

// parseTree decodes a tree object: repeated "MODE NAME\x00" and a 20-byte id. It marks the
// names that are unsafe to check out, so that no other code must check them.
func parseTree(data []byte) (listing, error) {
	entries := make([]Entry, 0, len(data)/32)
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
		e := Entry{Name: text[space+1 : zero], Mode: filemode.FileMode(mode)}
		e.Problem = cmp.Or(nameProblem(e.Name), modeProblem(e.Mode))
		copy(e.ID[:], text[zero+1:])
		canonical = canonical && e.Problem == "" && text[0] != '0' && e.sortKey() > previous && e.isRecoverable()
		previous = e.sortKey()
		entries = append(entries, e)
		text = text[zero+1+len(e.ID):]
	}
	// Git sorts directories as if their names ended in a slash.
	byName := func(a, b Entry) int { return strings.Compare(a.Name, b.Name) }
	slices.SortFunc(entries, byName)
	for i := 1; i < len(entries); i++ {
		if entries[i].Name == entries[i-1].Name {
			entries[i-1].Problem, entries[i].Problem = DuplicateNameProblem, DuplicateNameProblem
			canonical = false
		}
	}
	return listing{entries, canonical}, nil
}

// DuplicateNameProblem is the Problem of entries whose names are equal.
const DuplicateNameProblem = "its name occurs twice"

// isRecoverable reports whether a checkout of the entry shows its mode and id. A submodule is
// only an empty directory, and an empty directory is not checked out.
func (e Entry) isRecoverable() bool {
	return e.Mode != filemode.Submodule && e.Mode != filemode.Deprecated && e.ID != emptyTreeID
}

var emptyTreeID = plumbing.ComputeHash(plumbing.TreeObject, nil)

// encodeTree returns the data of the tree object with the entries.
func encodeTree(entries []Entry) []byte {
	entries = slices.Clone(entries)
	slices.SortFunc(entries, func(a, b Entry) int { return strings.Compare(a.sortKey(), b.sortKey()) })
	var data []byte
	for _, e := range entries {
		data = fmt.Appendf(data, "%o %s\x00", uint32(e.Mode), e.Name)
		data = append(data, e.ID[:]...)
	}
	return data
}
