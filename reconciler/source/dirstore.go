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
	"reconcile/reconciler/source/objects"
)

// ErrUnproven: nothing tells which tree a snapshot should hold.
var ErrUnproven = errors.New("the snapshot does not hold its commit, as those of older versions do not, so that nothing proves it to be that commit's")

// Restore makes the commit of which dir holds the whole tree laid out, as a
// snapshot has it, without asking Git. Objects are those of Commit.Objects:
// with the commit among them, its id, its tree and its signature need no trust
// in who kept them. Without it (the snapshot is of an older version, or of a
// merge) only ID, When and Tree are set, and tree must tell what Tree.ID(".")
// was; else the error is ErrUnproven.
//
// Ids are computed from what is there, so that a snapshot that was changed, or
// does not hold all, is refused. The files must stay as they are while the
// commit is used.
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
		return nil, fmt.Errorf("the snapshot of %s is not that commit's tree: %w", commit, err)
	}
	return c, nil
}

// compareDir makes sure that a directory of the tree is laid out, and nothing
// else. Where the tree object was kept, because the files do not tell it, each
// of its entries is looked at.
func (s *dirStore) compareDir(t *Tree, treePath string, id plumbing.Hash) error {
	actual, present := s.entries[treePath]
	if _, isStored := s.stored[id]; !isStored {
		if id == emptyTreeID && !present {
			return nil // nothing is laid out for it
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

// dirStore is a store over files that are laid out, and objects that were kept
// with them.
type dirStore struct {
	ctx      context.Context // of Restore
	stored   map[plumbing.Hash]object
	trees    map[plumbing.Hash][]byte
	blobs    map[plumbing.Hash]blobRef
	entries  map[string]entry    // what is laid out, by path
	children map[string][]string // what is in a directory
}

// blobRef is where the content of a file is: the path of one that has it, or the
// target of a link.
type blobRef struct {
	path   string
	target []byte // of a link; nil: a file
	size   int64
}

// hashDir takes in what lies below the directory dir, which is the tree's at, and
// returns its tree's id.
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

func sortName(e entry) string {
	if e.mode == filemode.Dir {
		return e.name + "/"
	}
	return e.name
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

func (s *dirStore) Open(id plumbing.Hash) (*objects.Object, error) {
	if data, ok := s.trees[id]; ok || id == emptyTreeID {
		return object{plumbing.TreeObject, data}.open(), nil
	}
	if o, ok := s.stored[id]; ok {
		return o.open(), nil
	}
	b, ok := s.blobs[id]
	if !ok {
		return nil, objects.ErrNotFound
	}
	if b.target != nil {
		return object{plumbing.BlobObject, b.target}.open(), nil
	}
	f, err := os.Open(b.path)
	if err != nil {
		return nil, err
	}
	return &objects.Object{Kind: plumbing.BlobObject, Size: b.size, Content: &proven{f, plumbing.NewHasher(plumbing.BlobObject, b.size), id}}, nil
}

// proven is a file that must have the content of an id.
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

func errChanged(file string) error { return errors.New(file + " was changed while it was used") }

func (s *dirStore) Size(id plumbing.Hash) (int64, error) {
	if b, ok := s.blobs[id]; ok {
		return b.size, nil
	}
	if o, ok := s.stored[id]; ok {
		return int64(len(o.data)), nil
	}
	data, ok := s.trees[id]
	if !ok {
		return 0, objects.ErrNotFound
	}
	return int64(len(data)), nil
}

func (s *dirStore) Has(id plumbing.Hash) bool {
	_, tree := s.trees[id]
	_, file := s.blobs[id]
	_, stored := s.stored[id]
	return tree || file || stored
}
