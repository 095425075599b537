package source

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"syscall"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"

	"reconcile/internal/gitpath"
)

// Mend makes what lies at paths, in a checkout of the tree in dir, again what
// the tree has there, and returns the paths that were not: sorted, and quoted
// for people. Files are compared by their content. Paths that the tree does not
// hold are left alone, and so is what lies beside what it holds, but for what
// is foreign: that is removed. foreign is given slash-separated paths.
func (t *Tree) Mend(ctx context.Context, dir string, paths []string, foreign func(path string) bool) (_ []string, err error) {
	if err := t.bounded(); err != nil {
		return nil, err
	}
	in := &inspection{ctx: ctx, tree: t, foreign: foreign}
	if in.root, err = os.OpenRoot(dir); err != nil {
		return nil, fmt.Errorf("look through the checkout: %w", err)
	}
	defer in.root.Close()
	for _, p := range paths {
		found, err := t.walk(p, false)
		if isUnlisted(err) || errors.Is(err, errLeaves) {
			continue
		}
		if err == nil {
			err = in.above(found.path)
		}
		if err == nil {
			err = in.entry(found.path, found.entry)
		}
		if err != nil {
			return nil, fmt.Errorf("look through the checkout: %s: %w", gitpath.Quote(p), err)
		}
	}
	slices.Sort(in.altered)
	return slices.Compact(in.altered), nil
}

// inspection is one run of Mend.
type inspection struct {
	ctx     context.Context
	tree    *Tree
	root    *os.Root
	foreign func(path string) bool
	altered []string
}

// above looks at the directories that a path lies in: a link in the place of
// one would be followed.
func (in *inspection) above(name string) error {
	for dir := range parents(name) {
		info, err := in.root.Lstat(dir)
		if err == nil && info.IsDir() {
			continue
		}
		if err != nil && !missing(err) {
			return err
		}
		in.altered = append(in.altered, gitpath.Quote(dir))
		if err := errors.Join(in.root.RemoveAll(dir), in.root.Mkdir(dir, 0o755)); err != nil {
			return err
		}
	}
	return nil
}

// parents yields the directories above a path, from the top.
func parents(name string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for i, c := range []byte(name) {
			if c == '/' && !yield(name[:i]) {
				return
			}
		}
	}
}

// missing reports whether nothing is there, or a file where a directory is
// expected.
func missing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// entry looks at what the tree has at name.
func (in *inspection) entry(name string, e entry) error {
	if in.ctx.Err() != nil {
		return context.Cause(in.ctx)
	}
	if name != "." && (in.tree.leftOut(name, e) != "" || in.tree.omits(name)) || e.mode == filemode.Submodule {
		return nil
	}
	same, err := in.same(name, e)
	if err != nil {
		return err
	}
	if !same {
		in.altered = append(in.altered, gitpath.Quote(name))
		if err := in.layOut(name, e); err != nil {
			return err
		}
	}
	if e.mode == filemode.Dir {
		return in.dir(name, e)
	}
	return nil
}

// same reports whether what lies at name is the entry; of a directory, whether
// it is one.
func (in *inspection) same(name string, e entry) (bool, error) {
	info, err := in.root.Lstat(name)
	if err != nil {
		if missing(err) {
			err = nil
		}
		return false, err
	}
	mode := fsMode(e.mode)
	if info.Mode().Type() != mode.Type() {
		return false, nil
	}
	switch {
	case e.mode == filemode.Dir:
		return true, nil
	case e.mode == filemode.Symlink:
		target, err := in.root.Readlink(name)
		return err == nil && plumbing.ComputeHash(plumbing.BlobObject, []byte(target)) == e.id, err
	case info.Mode().Perm() != mode.Perm():
		return false, nil
	}
	if size, err := in.tree.store.Size(e.id); err != nil || size != info.Size() {
		return false, err
	}
	f, err := in.root.Open(name)
	if err != nil {
		return false, err
	}
	defer f.Close()
	id, err := hashFile(in.ctx, f, info.Size())
	return id == e.id, err
}

// dir looks at what the tree has in a directory, and at what it has not.
func (in *inspection) dir(name string, e entry) error {
	list, err := in.tree.listing(e.id)
	if err != nil {
		return err
	}
	held := make(map[string]bool, len(list.entries))
	for _, e := range list.entries {
		held[e.name] = true
		if err := in.entry(path.Join(name, e.name), e); err != nil {
			return err
		}
	}
	return in.strays(name, held)
}

// strays removes what is foreign in a directory, held aside.
func (in *inspection) strays(dir string, held map[string]bool) error {
	if in.ctx.Err() != nil {
		return context.Cause(in.ctx)
	}
	entries, err := readDir(in.root, dir)
	if err != nil {
		return err
	}
	for _, d := range entries {
		name := path.Join(dir, d.Name())
		switch {
		case held[d.Name()]:
		case d.IsDir():
			err = in.strays(name, nil)
		case in.foreign(name):
			in.altered = append(in.altered, gitpath.Quote(name))
			err = in.root.Remove(name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// layOut puts the entry in the place of what lies at name. A file takes its
// place at once, since others may be reading it.
func (in *inspection) layOut(name string, e entry) error {
	if e.mode == filemode.Dir {
		return errors.Join(in.root.RemoveAll(name), in.root.Mkdir(name, 0o755))
	}
	draft := path.Join(path.Dir(name), ".reconcile-"+rand.Text())
	var err error
	if e.mode == filemode.Symlink {
		var target string
		if target, err = in.tree.target(e); err == nil {
			err = in.root.Symlink(target, draft)
		}
	} else {
		err = in.write(draft, e)
	}
	if err == nil {
		if info, statErr := in.root.Lstat(name); statErr == nil && info.IsDir() {
			err = in.root.RemoveAll(name)
		}
	}
	if err == nil {
		err = in.root.Rename(draft, name)
	}
	if err != nil {
		return errors.Join(err, in.root.RemoveAll(draft))
	}
	return nil
}

// write writes a new file with the content and the mode of the entry.
func (in *inspection) write(name string, e entry) error {
	f, err := in.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := in.tree.copyTo(in.ctx, f, e); err != nil {
		return err
	}
	if err := f.Chmod(fsMode(e.mode).Perm()); err != nil {
		return err
	}
	return f.Close()
}
