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
	given, err := parseObjects(objects)
	if err != nil {
		return nil, fmt.Errorf("read the snapshot of %s: %w", commit, err)
	}
	s := &restored{
		ctx: ctx, given: given, trees: map[plumbing.Hash][]byte{}, files: map[plumbing.Hash]blob{},
		there: map[string]entry{}, names: map[string][]string{},
	}
	id, err := parseID(commit)
	if err != nil {
		return nil, err
	}
	c := &Commit{ID: commit, When: when}
	if _, ok := given[id]; ok {
		if c, err = readCommit(s, id); err != nil {
			return nil, fmt.Errorf("read the snapshot of %s: %w", commit, err)
		}
		its := c.Tree.ID(".")
		if tree != "" && tree != its {
			return nil, fmt.Errorf("the tree of commit %s is %s, not %s", commit, its, tree)
		}
		tree = its
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
	if _, err := s.dir(dir, "."); err != nil {
		return nil, fmt.Errorf("read the snapshot of %s: %w", commit, err)
	}
	if err := s.compare(c.Tree, ".", rootID); err != nil {
		return nil, fmt.Errorf("the snapshot of %s is not that commit's tree: %w", commit, err)
	}
	return c, nil
}

// compare makes sure that a directory of the tree is laid out, and nothing
// else. Where the tree object was kept, because the files do not tell it, each
// of its entries is looked at.
func (s *restored) compare(t *Tree, at string, id plumbing.Hash) error {
	is, there := s.there[at]
	if _, kept := s.given[id]; !kept {
		if id == emptyTree && !there {
			return nil // nothing is laid out for it
		}
		if is.id != id || is.mode != filemode.Dir {
			return fmt.Errorf("%s was changed", gitpath.Quote(at))
		}
		return nil
	}
	if err := t.bounded(); err != nil {
		return err
	}
	list, err := t.listing(id)
	if err != nil {
		return err
	}
	if there && is.mode != filemode.Dir {
		return fmt.Errorf("%s was changed", gitpath.Quote(at))
	}
	wanted := map[string]bool{}
	for _, e := range list.entries {
		name := path.Join(at, e.name)
		if e.odd == "" && e.mode == filemode.Symlink && !s.Has(e.id) {
			return fmt.Errorf("%s is missing", gitpath.Quote(name))
		}
		if t.leftOut(name, e) != "" {
			continue
		}
		wanted[e.name] = true
		if err := s.compareEntry(t, name, e); err != nil {
			return err
		}
	}
	for _, name := range s.names[at] {
		if !wanted[name] {
			return fmt.Errorf("%s was added", gitpath.Quote(path.Join(at, name)))
		}
	}
	return nil
}

func (s *restored) compareEntry(t *Tree, name string, e entry) error {
	is := s.there[name]
	switch e.mode {
	case filemode.Dir:
		return s.compare(t, name, e.id)
	case filemode.Submodule:
		if is.mode == filemode.Dir && is.id == emptyTree {
			return nil
		}
	case filemode.Deprecated:
		if is.mode == filemode.Regular && is.id == e.id {
			return nil
		}
	default:
		if is.mode == e.mode && is.id == e.id {
			return nil
		}
	}
	return fmt.Errorf("%s was changed", gitpath.Quote(name))
}

// restored is a store over files that are laid out, and objects that were kept
// with them.
type restored struct {
	ctx   context.Context // of Restore
	given map[plumbing.Hash]object
	trees map[plumbing.Hash][]byte
	files map[plumbing.Hash]blob
	there map[string]entry    // what is laid out, by path
	names map[string][]string // what is in a directory
}

// blob is where the content of a file is: the path of one that has it, or the
// target of a link.
type blob struct {
	path   string
	target []byte // of a link; nil: a file
	size   int64
}

// dir takes in what lies below the directory dir, which is the tree's at, and
// returns its tree's id.
func (s *restored) dir(dir, at string) (plumbing.Hash, error) {
	list, err := os.ReadDir(dir)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	var entries []entry
	for _, d := range list {
		e, err := s.entry(filepath.Join(dir, d.Name()), path.Join(at, d.Name()), d)
		if err != nil {
			return plumbing.ZeroHash, err
		}
		entries = append(entries, e)
		s.there[path.Join(at, e.name)] = e
		s.names[at] = append(s.names[at], e.name)
	}
	data := encodeTree(entries)
	id := plumbing.ComputeHash(plumbing.TreeObject, data)
	s.trees[id] = data
	if at == "." {
		s.there[at] = entry{name: at, mode: filemode.Dir, id: id}
	}
	return id, nil
}

func gitName(e entry) string {
	if e.mode == filemode.Dir {
		return e.name + "/"
	}
	return e.name
}

func (s *restored) entry(file, at string, d os.DirEntry) (e entry, err error) {
	e.name = d.Name()
	switch {
	case d.IsDir():
		e.mode = filemode.Dir
		e.id, err = s.dir(file, at)
	case d.Type() == os.ModeSymlink:
		e.mode = filemode.Symlink
		var target string
		target, err = os.Readlink(file)
		e.id = plumbing.ComputeHash(plumbing.BlobObject, []byte(target))
		s.files[e.id] = blob{target: []byte(target), size: int64(len(target))}
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
			s.files[e.id] = blob{path: file, size: info.Size()}
		}
	}
	return e, err
}

func (s *restored) hash(file string, size int64) (plumbing.Hash, error) {
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

func (s *restored) Read(id plumbing.Hash) (plumbing.ObjectType, []byte, error) {
	o, err := s.Open(id)
	if err != nil {
		return 0, nil, err
	}
	defer o.Content.Close()
	data, err := o.ReadAll()
	return o.Kind, data, err
}

func (s *restored) Open(id plumbing.Hash) (*objects.Object, error) {
	if data, ok := s.trees[id]; ok || id == emptyTree {
		return object{plumbing.TreeObject, data}.open(), nil
	}
	if o, ok := s.given[id]; ok {
		return o.open(), nil
	}
	b, ok := s.files[id]
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

func (s *restored) Size(id plumbing.Hash) (int64, error) {
	if b, ok := s.files[id]; ok {
		return b.size, nil
	}
	if o, ok := s.given[id]; ok {
		return int64(len(o.data)), nil
	}
	data, ok := s.trees[id]
	if !ok {
		return 0, objects.ErrNotFound
	}
	return int64(len(data)), nil
}

func (s *restored) Has(id plumbing.Hash) bool {
	_, tree := s.trees[id]
	_, file := s.files[id]
	_, given := s.given[id]
	return tree || file || given
}
