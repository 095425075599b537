package gittree

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"

	"reconcile/internal/gitpath"
	"reconcile/reconciler/source/internal/odb"
)

// NewDirStore returns a store over the objects, which are from AppendObject and
// Tree.AppendObjects. Hash adds the checked out files. ctx ends the reading of files.
func NewDirStore(ctx context.Context, objects []byte) (*DirStore, error) {
	stored, err := parseObjects(objects)
	if err != nil {
		return nil, err
	}
	return &DirStore{
		ctx: ctx, stored: stored, trees: map[plumbing.Hash][]byte{}, blobs: map[plumbing.Hash]blobRef{},
		entries: map[string]Entry{}, children: map[string][]string{},
	}, nil
}

// Hash adds the files below dir, the root of a checkout. They must not change while the store
// is used.
func (s *DirStore) Hash(dir string) error {
	_, err := s.hashDir(dir, ".")
	return err
}

// Match returns an error if the files are not exactly the checkout of the tree, whose objects
// are in the store.
func (s *DirStore) Match(t *Tree) error { return s.compareDir(t, ".", t.root.ID) }

// compareDir checks that a directory of the tree is checked out, with no other files. If its
// tree object was stored, since the files alone do not determine it, compareDir checks each
// entry.
func (s *DirStore) compareDir(t *Tree, treePath string, id plumbing.Hash) error {
	actual, present := s.entries[treePath]
	if _, isStored := s.stored[id]; !isStored {
		if id == emptyTreeID && !present {
			return nil // nothing is checked out for it
		}
		if actual.ID != id || actual.Mode != filemode.Dir {
			return fmt.Errorf("%s was changed", gitpath.Quote(treePath))
		}
		return nil
	}
	if err := t.CheckLimits(); err != nil {
		return err
	}
	list, err := t.readTree(id)
	if err != nil {
		return err
	}
	if present && actual.Mode != filemode.Dir {
		return fmt.Errorf("%s was changed", gitpath.Quote(treePath))
	}
	wanted := map[string]bool{}
	for _, e := range list.entries {
		name := path.Join(treePath, e.Name)
		if e.Problem == "" && e.Mode == filemode.Symlink && !s.Has(e.ID) {
			return fmt.Errorf("%s is missing", gitpath.Quote(name))
		}
		if t.skipReason(treePath, e) != "" {
			continue
		}
		wanted[e.Name] = true
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

func (s *DirStore) compareEntry(t *Tree, name string, e Entry) error {
	actual := s.entries[name]
	switch e.Mode {
	case filemode.Dir:
		return s.compareDir(t, name, e.ID)
	case filemode.Submodule:
		if actual.Mode == filemode.Dir && actual.ID == emptyTreeID {
			return nil
		}
	case filemode.Deprecated:
		if actual.Mode == filemode.Regular && actual.ID == e.ID {
			return nil
		}
	default:
		if actual.Mode == e.Mode && actual.ID == e.ID {
			return nil
		}
	}
	return fmt.Errorf("%s was changed", gitpath.Quote(name))
}

// DirStore is an object store over checked out files and the objects stored with them. It
// computes all ids from the content.
type DirStore struct {
	ctx      context.Context // the context of NewDirStore
	stored   map[plumbing.Hash]object
	trees    map[plumbing.Hash][]byte
	blobs    map[plumbing.Hash]blobRef
	entries  map[string]Entry    // what is checked out, by path
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
func (s *DirStore) hashDir(dir, treePath string) (plumbing.Hash, error) {
	list, err := os.ReadDir(dir)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	var entries []Entry
	for _, d := range list {
		e, err := s.hashEntry(filepath.Join(dir, d.Name()), path.Join(treePath, d.Name()), d)
		if err != nil {
			return plumbing.ZeroHash, err
		}
		entries = append(entries, e)
		s.entries[path.Join(treePath, e.Name)] = e
		s.children[treePath] = append(s.children[treePath], e.Name)
	}
	data := encodeTree(entries)
	id := plumbing.ComputeHash(plumbing.TreeObject, data)
	s.trees[id] = data
	if treePath == "." {
		s.entries[treePath] = Entry{Name: treePath, Mode: filemode.Dir, ID: id}
	}
	return id, nil
}

func (s *DirStore) hashEntry(file, treePath string, d os.DirEntry) (e Entry, err error) {
	e.Name = d.Name()
	switch {
	case d.IsDir():
		e.Mode = filemode.Dir
		e.ID, err = s.hashDir(file, treePath)
	case d.Type() == os.ModeSymlink:
		e.Mode = filemode.Symlink
		var target string
		target, err = os.Readlink(file)
		e.ID = plumbing.ComputeHash(plumbing.BlobObject, []byte(target))
		s.blobs[e.ID] = blobRef{target: []byte(target), size: int64(len(target))}
	default:
		var info os.FileInfo
		if info, err = d.Info(); err != nil {
			return e, err
		}
		e.Mode = filemode.Regular
		if info.Mode()&0o111 != 0 {
			e.Mode = filemode.Executable
		}
		if e.ID, err = s.hash(file, info.Size()); err == nil {
			s.blobs[e.ID] = blobRef{path: file, size: info.Size()}
		}
	}
	return e, err
}

func (s *DirStore) hash(file string, size int64) (plumbing.Hash, error) {
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

// Read returns the kind and the content of an object.
func (s *DirStore) Read(id plumbing.Hash) (plumbing.ObjectType, []byte, error) {
	o, err := s.Open(s.ctx, id)
	if err != nil {
		return 0, nil, err
	}
	defer o.Content.Close()
	data, err := o.ReadAll()
	return o.Kind, data, err
}

// Open opens an object of any size. Reading fails if the file does not have its id any more.
func (s *DirStore) Open(_ context.Context, id plumbing.Hash) (*odb.Object, error) {
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
	return &odb.Object{Kind: plumbing.BlobObject, Size: b.size, Content: &verifyingFile{f, b.size, plumbing.NewHasher(plumbing.BlobObject, b.size), id}}, nil
}

// verifyingFile is a file whose content must match an id.
type verifyingFile struct {
	file      *os.File
	remaining int64
	hash      plumbing.Hasher
	id        plumbing.Hash
}

func (f *verifyingFile) Read(b []byte) (int, error) {
	n, err := f.file.Read(b)
	f.hash.Write(b[:n])
	f.remaining -= int64(n)
	if f.remaining < 0 || errors.Is(err, io.EOF) && f.hash.Sum() != f.id {
		err = errChanged(f.file.Name())
	}
	return n, err
}

func (f *verifyingFile) Close() error { return f.file.Close() }

func errChanged(file string) error { return errors.New(file + " changed during use") }

// Size returns the size of an object in bytes.
func (s *DirStore) Size(id plumbing.Hash) (int64, error) {
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

// Has reports whether the store has the object.
func (s *DirStore) Has(id plumbing.Hash) bool {
	_, tree := s.trees[id]
	_, file := s.blobs[id]
	_, stored := s.stored[id]
	return tree || file || stored
}
