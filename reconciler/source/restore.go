package source

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"

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
func Restore(dir, commit, tree string, when time.Time, objects []byte) (*Commit, error) {
	given, err := parseObjects(objects)
	if err != nil {
		return nil, fmt.Errorf("read the snapshot of %s: %w", commit, err)
	}
	s := &restored{given: given, trees: map[plumbing.Hash][]byte{}, files: map[plumbing.Hash]blob{}}
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
	root, err := s.dir(dir)
	if err != nil {
		return nil, fmt.Errorf("read the snapshot of %s: %w", commit, err)
	}
	c.Tree = newTree(s, root, c.When)
	if got := c.Tree.ID("."); got != tree {
		return nil, fmt.Errorf("the snapshot of %s is not that commit's tree (it makes %s, not %s): it was changed, or the repository has submodules, which a snapshot cannot tell", commit, got, tree)
	}
	return c, nil
}

// restored is a store over files that are laid out, and objects that were kept
// with them.
type restored struct {
	given map[plumbing.Hash]object
	trees map[plumbing.Hash][]byte
	files map[plumbing.Hash]blob
}

// blob is where the content of a file is: the path of one that has it, or the
// target of a link.
type blob struct {
	path   string
	target []byte // of a link; nil: a file
	size   int64
}

// dir takes in what lies below a directory, and returns its tree's id.
func (s *restored) dir(dir string) (plumbing.Hash, error) {
	list, err := os.ReadDir(dir)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	var entries []entry
	for _, d := range list {
		e, err := s.entry(filepath.Join(dir, d.Name()), d)
		if err != nil {
			return plumbing.ZeroHash, err
		}
		entries = append(entries, e)
	}
	// As Git sorts them: as if the names of directories ended in a slash.
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(gitName(a), gitName(b)) })
	var data bytes.Buffer
	for _, e := range entries {
		fmt.Fprintf(&data, "%o %s\x00", uint32(e.mode), e.name)
		data.Write(e.id[:])
	}
	id := plumbing.ComputeHash(plumbing.TreeObject, data.Bytes())
	s.trees[id] = data.Bytes()
	return id, nil
}

func gitName(e entry) string {
	if e.mode == filemode.Dir {
		return e.name + "/"
	}
	return e.name
}

func (s *restored) entry(path string, d os.DirEntry) (e entry, err error) {
	e.name = d.Name()
	switch {
	case d.IsDir():
		e.mode = filemode.Dir
		e.id, err = s.dir(path)
	case d.Type() == os.ModeSymlink:
		e.mode = filemode.Symlink
		var target string
		target, err = os.Readlink(path)
		e.id = s.keep([]byte(target), blob{target: []byte(target)})
	default:
		var info os.FileInfo
		if info, err = d.Info(); err != nil {
			return e, err
		}
		e.mode = filemode.Regular
		if info.Mode()&0o111 != 0 {
			e.mode = filemode.Executable
		}
		var data []byte
		data, err = os.ReadFile(path)
		e.id = s.keep(data, blob{path: path})
	}
	return e, err
}

func (s *restored) keep(data []byte, b blob) plumbing.Hash {
	id := plumbing.ComputeHash(plumbing.BlobObject, data)
	b.size = int64(len(data))
	s.files[id] = b
	return id
}

func (s *restored) Read(id plumbing.Hash) (plumbing.ObjectType, []byte, error) {
	if data, ok := s.trees[id]; ok {
		return plumbing.TreeObject, data, nil
	}
	if o, ok := s.given[id]; ok {
		return o.kind, o.data, nil
	}
	b, ok := s.files[id]
	if !ok {
		return 0, nil, objects.ErrNotFound
	}
	if b.target != nil {
		return plumbing.BlobObject, b.target, nil
	}
	data, err := os.ReadFile(b.path)
	if err == nil && plumbing.ComputeHash(plumbing.BlobObject, data) != id {
		err = errors.New(b.path + " was changed while it was used")
	}
	return plumbing.BlobObject, data, err
}

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
