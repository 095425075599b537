package gittree

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

// Repair restores the given paths in dir, a checkout of the tree. It returns the paths that
// differed, sorted and quoted for messages. Files are compared by content. Repair leaves
// paths that the tree does not contain, the files below a path for which isIgnored returns true,
// and files that are not in the tree, but removes those for which isForeign returns true. Both
// receive slash-separated paths. isIgnored may be nil.
func (t *Tree) Repair(ctx context.Context, dir string, paths []string, isIgnored func(below, path string) bool, isForeign func(path string) bool) (_ []string, err error) {
	if err := t.CheckLimits(); err != nil {
		return nil, err
	}
	r := &repair{ctx: ctx, tree: t, isForeign: isForeign}
	if r.root, err = os.OpenRoot(dir); err != nil {
		return nil, fmt.Errorf("verify the checkout: %w", err)
	}
	defer r.root.Close()
	for _, p := range paths {
		found, err := t.resolvePath(p, false)
		if isUnlisted(err) || errors.Is(err, errEscapes) {
			continue
		}
		if err == nil {
			err = r.repairParents(found.path)
		}
		r.isIgnored = func(name string) bool { return isIgnored != nil && isIgnored(p, name) }
		if err == nil {
			err = r.repairEntry(found.path, found.entry)
		}
		if err != nil {
			return nil, fmt.Errorf("verify the checkout: %s: %w", gitpath.Quote(p), err)
		}
	}
	slices.Sort(r.altered)
	return slices.Compact(r.altered), nil
}

// repair is one run of Repair.
type repair struct {
	ctx       context.Context
	tree      *Tree
	root      *os.Root
	isIgnored func(path string) bool // below the path that is repaired
	isForeign func(path string) bool
	altered   []string
}

// repairParents checks the parent directories of a path: a symlink in place of one would be
// followed.
func (r *repair) repairParents(name string) error {
	for dir := range parentDirs(name) {
		info, err := r.root.Lstat(dir)
		if err == nil && info.IsDir() {
			continue
		}
		if err != nil && !isMissing(err) {
			return err
		}
		r.altered = append(r.altered, gitpath.Quote(dir))
		if err := errors.Join(r.root.RemoveAll(dir), r.root.Mkdir(dir, 0o755)); err != nil {
			return err
		}
	}
	return nil
}

// parentDirs yields the parent directories of a path, from the top.
func parentDirs(name string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for i, c := range []byte(name) {
			if c == '/' && !yield(name[:i]) {
				return
			}
		}
	}
}

// isMissing reports whether the path does not exist, or a parent is not a directory.
func isMissing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

func (r *repair) repairEntry(name string, e Entry) error {
	if r.ctx.Err() != nil {
		return context.Cause(r.ctx)
	}
	if name != "." && (r.tree.skipReason(path.Dir(name), e) != "" || r.tree.isOmitted(name)) || e.Mode == filemode.Submodule {
		return nil
	}
	isEqual, err := r.matchesEntry(name, e)
	if err != nil {
		return err
	}
	if !isEqual {
		r.altered = append(r.altered, gitpath.Quote(name))
		if err := r.replaceEntry(name, e); err != nil {
			return err
		}
	}
	if e.Mode == filemode.Dir {
		return r.repairDir(name, e)
	}
	return nil
}

// matchesEntry reports whether the file at name equals the entry. For a directory it compares
// only the type.
func (r *repair) matchesEntry(name string, e Entry) (bool, error) {
	info, err := r.root.Lstat(name)
	if err != nil {
		if isMissing(err) {
			err = nil
		}
		return false, err
	}
	mode := fsMode(e.Mode)
	if info.Mode().Type() != mode.Type() {
		return false, nil
	}
	switch {
	case e.Mode == filemode.Dir:
		return true, nil
	case e.Mode == filemode.Symlink:
		target, err := r.root.Readlink(name)
		return err == nil && plumbing.ComputeHash(plumbing.BlobObject, []byte(target)) == e.ID, err
	case info.Mode().Perm() != mode.Perm():
		return false, nil
	}
	if size, err := r.tree.objects.Size(e.ID); err != nil || size != info.Size() {
		return false, err
	}
	f, err := r.root.Open(name)
	if err != nil {
		return false, err
	}
	defer f.Close()
	id, err := hashFile(r.ctx, f, info.Size())
	return id == e.ID, err
}

// repairDir repairs the entries of a directory and removes foreign ones.
func (r *repair) repairDir(name string, e Entry) error {
	list, err := r.tree.readTree(e.ID)
	if err != nil {
		return err
	}
	treeNames := make(map[string]bool, len(list.entries))
	for _, e := range list.entries {
		treeNames[e.Name] = true
		if e.Mode != filemode.Dir && r.isIgnored(path.Join(name, e.Name)) {
			continue
		}
		if err := r.repairEntry(path.Join(name, e.Name), e); err != nil {
			return err
		}
	}
	return r.removeForeign(name, treeNames)
}

// removeForeign removes what is foreign in a directory, except names in treeNames.
func (r *repair) removeForeign(dir string, treeNames map[string]bool) error {
	if r.ctx.Err() != nil {
		return context.Cause(r.ctx)
	}
	entries, err := readDir(r.root, dir)
	if err != nil {
		return err
	}
	for _, d := range entries {
		name := path.Join(dir, d.Name())
		switch {
		case treeNames[d.Name()]:
		case d.IsDir():
			err = r.removeForeign(name, nil)
		case r.isForeign(name):
			r.altered = append(r.altered, gitpath.Quote(name))
			err = r.root.Remove(name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// replaceEntry replaces what is at name by the entry. A file is replaced by rename, since
// other processes may be reading it.
func (r *repair) replaceEntry(name string, e Entry) error {
	if e.Mode == filemode.Dir {
		return errors.Join(r.root.RemoveAll(name), r.root.Mkdir(name, 0o755))
	}
	tmp := path.Join(path.Dir(name), ".reconcile-"+rand.Text())
	var err error
	if e.Mode == filemode.Symlink {
		var target string
		if target, err = r.tree.linkTarget(e); err == nil {
			err = r.root.Symlink(target, tmp)
		}
	} else {
		err = r.write(tmp, e)
	}
	if err == nil {
		if info, statErr := r.root.Lstat(name); statErr == nil && info.IsDir() {
			err = r.root.RemoveAll(name)
		}
	}
	if err == nil {
		err = r.root.Rename(tmp, name)
	}
	if err != nil {
		return errors.Join(err, r.root.RemoveAll(tmp))
	}
	return nil
}

func (r *repair) write(name string, e Entry) error {
	f, err := r.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := r.tree.copyTo(r.ctx, f, e); err != nil {
		return err
	}
	if err := f.Chmod(fsMode(e.Mode).Perm()); err != nil {
		return err
	}
	return f.Close()
}
