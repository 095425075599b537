package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"

	"reconcile/internal/gitpath"
	"reconcile/reconciler/source/internal/odb"
)

// ErrUnproven means that nothing proves which tree a snapshot should contain.
var ErrUnproven = errors.New("the snapshot has no commit object (it was made by an older version), so it cannot be verified")

// Restore builds the commit from dir, which contains its whole checked out tree, as a
// snapshot does. It does not need Git. objects are from Commit.Objects. If they include the
// commit object, its id, tree and signature are verified without trust in the storage.
// Without the commit object (a snapshot of an older version or of a merge) only ID, When and
// Tree are set, and tree must be the earlier Tree.ID("."); otherwise the error is
// ErrUnproven.
//
// Restore computes all ids from the files, so it refuses a snapshot that is changed or
// incomplete. The files must not change while the commit is used.
func Restore(ctx context.Context, dir, commit, tree string, when time.Time, objects []byte) (*Commit, error) {
	stored, err := parseObjects(objects)
	if err != nil {
		return nil, fmt.Errorf("read the snapshot of %s: %w", commit, err)
	}
	s := &dirStore{
		ctx: ctx, stored: stored, trees: map[plumbing.Hash][]byte{}, blobs: map[plumbing.Hash]blobRef{},
		entries: map[string]entry{}, children: map[string][]string{},
	}
	id, err := parseID(commit)
	if err != nil {
		return nil, err
	}
	c := &Commit{ID: commit, When: when}
	if _, ok := stored[id]; ok {
		if c, err = readCommit(s, id); err != nil {
			return nil, fmt.Errorf("read the snapshot of %s: %w", commit, err)
		}
		actual := c.Tree.ID(".")
		if tree != "" && tree != actual {
			return nil, fmt.Errorf("the tree of commit %s is %s, not %s", commit, actual, tree)
		}
		tree = actual
	}
	if tree == "" {
		return nil, fmt.Errorf("commit %s: %w", commit, ErrUnproven)
	}
	rootID, err := parseID(strings.TrimPrefix(tree, "040000:"))
	if err != nil {
		return nil, err
	}
	c.Tree = newTree(s, rootID, c.When)
	c.Tree.commit = commit
	if _, err := s.hashDir(dir, "."); err != nil {
		return nil, fmt.Errorf("read the snapshot of %s: %w", commit, err)
	}
	if err := s.compareDir(c.Tree, ".", rootID); err != nil {
		return nil, fmt.Errorf("the snapshot does not match the tree of commit %s: %w", commit, err)
	}
	return c, nil
}

// compareDir checks that a directory of the tree is checked out, with no other files. If its
// tree object was stored, since the files alone do not determine it, compareDir checks each
// entry.
func (s *dirStore) compareDir(t *Tree, treePath string, id plumbing.Hash) error {
	actual, present := s.entries[treePath]
	if _, isStored := s.stored[id]; !isStored {
		if id == emptyTreeID && !present {
			return nil // nothing is checked out for it
		}
		if actual.id != id || actual.mode != filemode.Dir {
			return fmt.Errorf("%s was changed", gitpath.Quote(treePath))
		}
		return nil
	}
	if err := t.checkLimitsOnce(); err != nil {
		return err
	}
	list, err := t.readTree(id)
	if err != nil {
		return err
	}
	if present && actual.mode != filemode.Dir {
		return fmt.Errorf("%s was changed", gitpath.Quote(treePath))
	}
	wanted := map[string]bool{}
	for _, e := range list.entries {
		name := path.Join(treePath, e.name)
		if e.problem == "" && e.mode == filemode.Symlink && !s.Has(e.id) {
			return fmt.Errorf("%s is missing", gitpath.Quote(name))
		}
		if t.skipReason(name, e) != "" {
			continue
		}
		wanted[e.name] = true
		if err := s.compareEntry(t, name, e); err != nil {
			return err
		}
	}
	for _, name := range s.children[treePath] {
		if !wanted[name] {
			return fmt.Errorf("%s was added", gitpath.Quote(path.Join(treePath, name)))
		}
	}
	return nil
}

func (s *dirStore) compareEntry(t *Tree, name string, e entry) error {
	actual := s.entries[name]
	switch e.mode {
	case filemode.Dir:
		return s.compareDir(t, name, e.id)
	case filemode.Submodule:
		if actual.mode == filemode.Dir && actual.id == emptyTreeID {
			return nil
		}
	case filemode.Deprecated:
		if actual.mode == filemode.Regular && actual.id == e.id {
			return nil
		}
	default:
		if actual.mode == e.mode && actual.id == e.id {
			return nil
		}
	}
	return fmt.Errorf("%s was changed", gitpath.Quote(name))
}

// dirStore is an object store over checked out files and the objects stored with them.
type dirStore struct {
	ctx      context.Context // the context of Restore
	stored   map[plumbing.Hash]object
	trees    map[plumbing.Hash][]byte
	blobs    map[plumbing.Hash]blobRef
	entries  map[string]entry    // what is checked out, by path
	children map[string][]string // names in a directory
}

// blobRef is the location of a file's content: a path, or the target of a symlink.
type blobRef struct {
	path   string
	target []byte // of a symlink; nil: a file
	size   int64
}

// hashDir records everything below the directory dir, which is treePath in the tree, and
// returns the id of its tree object.
func (s *dirStore) hashDir(dir, treePath string) (plumbing.Hash, error) {
	list, err := os.ReadDir(dir)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	var entries []entry
	for _, d := range list {
		e, err := s.hashEntry(filepath.Join(dir, d.Name()), path.Join(treePath, d.Name()), d)
		if err != nil {
			return plumbing.ZeroHash, err
		}
		entries = append(entries, e)
		s.entries[path.Join(treePath, e.name)] = e
		s.children[treePath] = append(s.children[treePath], e.name)
	}
	data := encodeTree(entries)
	id := plumbing.ComputeHash(plumbing.TreeObject, data)
	s.trees[id] = data
	if treePath == "." {
		s.entries[treePath] = entry{name: treePath, mode: filemode.Dir, id: id}
	}
	return id, nil
}

func (s *dirStore) hashEntry(file, treePath string, d os.DirEntry) (e entry, err error) {
	e.name = d.Name()
	switch {
	case d.IsDir():
		e.mode = filemode.Dir
		e.id, err = s.hashDir(file, treePath)
	case d.Type() == os.ModeSymlink:
		e.mode = filemode.Symlink
		var target string
		target, err = os.Readlink(file)
		e.id = plumbing.ComputeHash(plumbing.BlobObject, []byte(target))
		s.blobs[e.id] = blobRef{target: []byte(target), size: int64(len(target))}
	default:
		var info os.FileInfo
		if info, err = d.Info(); err != nil {
			return e, err
		}
		e.mode = filemode.Regular
		if info.Mode()&0o111 != 0 {
			e.mode = filemode.Executable
		}
		if e.id, err = s.hash(file, info.Size()); err == nil {
			s.blobs[e.id] = blobRef{path: file, size: info.Size()}
		}
	}
	return e, err
}

func (s *dirStore) hash(file string, size int64) (plumbing.Hash, error) {
	f, err := os.Open(file)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	defer f.Close()
	id, err := hashFile(s.ctx, f, size)
	if err == nil && id.IsZero() {
		err = errChanged(file)
	}
	return id, err
}

func (s *dirStore) Read(id plumbing.Hash) (plumbing.ObjectType, []byte, error) {
	o, err := s.Open(id)
	if err != nil {
		return 0, nil, err
	}
	defer o.Content.Close()
	data, err := o.ReadAll()
	return o.Kind, data, err
}

func (s *dirStore) Open(id plumbing.Hash) (*odb.Object, error) {
	if data, ok := s.trees[id]; ok || id == emptyTreeID {
		return object{plumbing.TreeObject, data}.open(), nil
	}
	if o, ok := s.stored[id]; ok {
		return o.open(), nil
	}
	b, ok := s.blobs[id]
	if !ok {
		return nil, odb.ErrNotFound
	}
	if b.target != nil {
		return object{plumbing.BlobObject, b.target}.open(), nil
	}
	f, err := os.Open(b.path)
	if err != nil {
		return nil, err
	}
	return &odb.Object{Kind: plumbing.BlobObject, Size: b.size, Content: &proven{f, plumbing.NewHasher(plumbing.BlobObject, b.size), id}}, nil
}

// proven is a file whose content must match an id.
type proven struct {
	file *os.File
	hash plumbing.Hasher
	id   plumbing.Hash
}

func (p *proven) Read(b []byte) (int, error) {
	n, err := p.file.Read(b)
	p.hash.Write(b[:n])
	if errors.Is(err, io.EOF) && p.hash.Sum() != p.id {
		err = errChanged(p.file.Name())
	}
	return n, err
}

func (p *proven) Close() error { return p.file.Close() }

func errChanged(file string) error { return errors.New(file + " changed during use") }

func (s *dirStore) Size(id plumbing.Hash) (int64, error) {
	if b, ok := s.blobs[id]; ok {
		return b.size, nil
	}
	if o, ok := s.stored[id]; ok {
		return int64(len(o.data)), nil
	}
	data, ok := s.trees[id]
	if !ok {
		return 0, odb.ErrNotFound
	}
	return int64(len(data)), nil
}

func (s *dirStore) Has(id plumbing.Hash) bool {
	_, tree := s.trees[id]
	_, file := s.blobs[id]
	_, stored := s.stored[id]
	return tree || file || stored
}
