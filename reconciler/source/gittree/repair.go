package gittree

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"golang.org/x/sys/unix"

	"reconcile/internal/gitpath"
)

// Repair restores the given paths in dir, a checkout of the tree. It returns the paths that
// differed, sorted and quoted for messages. Files are compared by content; the content of one that
// has the stamp that it had in an earlier Repair is known (see unchanged). Repair leaves paths that
// the tree does not contain, the files below a path for which isIgnored returns true,
// and files that are not in the tree, but removes those for which isForeign returns true. Both
// receive slash-separated paths. isIgnored may be nil.
func (t *Tree) Repair(ctx context.Context, dir string, paths []string, isIgnored func(below, path string) bool, isForeign func(path string) bool) (_ []string, err error) {
	if err := t.CheckLimits(); err != nil {
		return nil, err
	}
	r := &repair{ctx: ctx, tree: t, dir: dir, isForeign: isForeign, unchanged: t.stampsOf(dir)}
	if r.top, err = openDirHandle(dir); err != nil {
		return nil, fmt.Errorf("verify the checkout: %w", err)
	}
	defer r.close()
	for _, p := range paths {
		found, err := t.resolvePath(p, keepLast)
		if isUnlisted(err) || errors.Is(err, errEscapes) {
			continue
		}
		r.isIgnored = func(name string) bool { return isIgnored != nil && isIgnored(p, name) }
		if err == nil && !(r.isBelowDirs(found.path) && r.isUnchanged(found.path, found.entry)) {
			err = r.repairPath(found.path, found.entry)
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
	ctx        context.Context
	tree       *Tree
	dir        string                 // of the checkout
	root       *os.Root               // the same, to change it; nil: nothing was changed yet
	top        dirHandle              // the same directory, to read it
	parent     dirHandle              // the last directory that openParent opened
	parentPath string                 // "": none
	seenParent string                 // the last directory that isBelowDirs has found; "": none
	isIgnored  func(path string) bool // below the path that is repaired
	isForeign  func(path string) bool
	unchanged  *knownStamps
	altered    []string
}

func (r *repair) repairPath(name string, e Entry) error {
	if name == "." {
		dir, err := r.top.openDir(name) // its names are read once
		if err != nil {
			return err
		}
		defer dir.close()
		return r.repairDir(dir, name, e)
	}
	above, err := r.openParent(path.Dir(name))
	if err != nil {
		return err
	}
	return r.repairEntry(above, name, e)
}

// openParent opens a directory by its path, and those above it. It keeps the last one open: most
// inputs are in the same few directories. The caller does not close it.
func (r *repair) openParent(name string) (dirHandle, error) {
	if name == "." {
		return r.top, nil
	}
	if r.parentPath == name {
		return r.parent, nil
	}
	above := r.top
	for dir := range parentDirs(name + "/") {
		next, err := r.openDir(above, dir)
		if above != r.top {
			above.close()
		}
		if err != nil {
			return dirHandle{}, err
		}
		above = next
	}
	r.closeParent()
	r.parent, r.parentPath = above, name
	return above, nil
}

// openRoot opens the checkout to change it.
func (r *repair) openRoot() (_ *os.Root, err error) {
	if r.root == nil {
		r.root, err = os.OpenRoot(r.dir)
	}
	return r.root, err
}

func (r *repair) close() {
	if r.root != nil {
		r.root.Close()
	}
	r.closeParent()
	r.top.close()
}

func (r *repair) closeParent() {
	if r.parentPath != "" {
		r.parent.close()
	}
	r.parentPath = ""
}

// openDir opens the directory at the path name in above, its parent. It first makes one in place
// of anything else: a symlink would be followed.
func (r *repair) openDir(above dirHandle, name string) (dirHandle, error) {
	dir, err := above.openDir(path.Base(name))
	if err == nil || !isNotDir(err) {
		return dir, err
	}
	r.altered = append(r.altered, gitpath.Quote(name))
	root, err := r.openRoot()
	if err == nil {
		err = errors.Join(root.RemoveAll(name), root.Mkdir(name, 0o755))
	}
	if err != nil {
		return dir, err
	}
	return above.openDir(path.Base(name))
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

// repairEntry repairs the entry at the path name in above, its parent.
func (r *repair) repairEntry(above dirHandle, name string, e Entry) error {
	if r.ctx.Err() != nil {
		return context.Cause(r.ctx)
	}
	if r.isLeftOut(name, e) {
		return nil
	}
	if e.Mode == filemode.Dir {
		dir, err := r.openDir(above, name)
		if err != nil {
			return err
		}
		defer dir.close()
		return r.repairDir(dir, name, e)
	}
	isEqual, err := r.matchesFile(above, name, e)
	if err != nil || isEqual {
		return err
	}
	r.altered = append(r.altered, gitpath.Quote(name))
	return r.replaceFile(name, e)
}

// isLeftOut reports whether the entry at the path name is not checked out.
func (r *repair) isLeftOut(name string, e Entry) bool {
	return r.tree.skipReason(path.Dir(name), e) != "" || r.tree.isOmitted(name) || e.Mode == filemode.Submodule
}

// maxUnsized is the size, in bytes, up to which a file is read to learn whether it differs. The
// size of a larger one is compared first, which asks the object database.
const maxUnsized = 1 << 20

// matchesFile reports whether the file or symlink at the path at, in dir, equals the entry. It looks
// only at a file that is known, and opens others at once: that describes them, too.
func (r *repair) matchesFile(dir dirHandle, at string, e Entry) (bool, error) {
	name := path.Base(at)
	if e.Mode == filemode.Symlink {
		return matchesLink(dir, name, e)
	}
	if r.unchanged.knows(at, e.ID) {
		if stat, err := dir.stat(name); err == nil && r.unchanged.hasFile(at, &stat, e.ID) {
			return true, nil
		}
	}
	file, stat, err := dir.openFile(name)
	if err != nil {
		if stat, statErr := dir.stat(name); errors.Is(statErr, fs.ErrNotExist) || statErr == nil && !hasMode(&stat, e) {
			return false, nil
		}
		return false, err
	}
	defer file.close()
	if !hasMode(&stat, e) {
		return false, nil
	}
	if stat.Size > maxUnsized {
		if size, err := r.tree.objects.Size(e.ID); err != nil || size != stat.Size {
			return false, err
		}
	}
	settled := r.unchanged.isSettled(&stat, r.top)
	id, err := hashFile(r.ctx, io.LimitReader(file, stat.Size), stat.Size)
	if err != nil || id != e.ID {
		return false, err
	}
	if settled {
		r.unchanged.addFile(at, &stat, id)
	}
	return true, nil
}

// matchesLink reports whether a symlink is there, and equals the entry.
func matchesLink(dir dirHandle, name string, e Entry) (bool, error) {
	stat, err := dir.stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil || uint32(stat.Mode)&unix.S_IFMT != unix.S_IFLNK {
		return false, err
	}
	target, err := dir.readLink(name, stat.Size)
	return err == nil && plumbing.ComputeHash(plumbing.BlobObject, target) == e.ID, err
}

// hasMode reports whether stat is of a regular file with the permissions of the entry.
func hasMode(stat *unix.Stat_t, e Entry) bool {
	return uint32(stat.Mode)&unix.S_IFMT == unix.S_IFREG && fs.FileMode(stat.Mode).Perm() == fsMode(e.Mode).Perm()
}

// repairDir repairs the entries of an open directory and removes foreign ones.
func (r *repair) repairDir(dir dirHandle, name string, e Entry) error {
	list, err := r.tree.readTree(e.ID)
	if err != nil {
		return err
	}
	for _, e := range list.entries {
		child := gitpath.Join(name, e.Name)
		if e.Mode != filemode.Dir && r.isIgnored(child) {
			continue
		}
		if err := r.repairEntry(dir, child, e); err != nil {
			return err
		}
	}
	extras, err := r.listExtras(dir, name, list)
	if err != nil {
		return err
	}
	return r.removeForeign(dir, name, extras)
}

// removeForeign removes what is foreign among the names in the directory at the path name.
func (r *repair) removeForeign(dir dirHandle, name string, names []string) error {
	if r.ctx.Err() != nil {
		return context.Cause(r.ctx)
	}
	for _, child := range names {
		if err := r.removeForeignEntry(dir, path.Join(name, child)); err != nil {
			return err
		}
	}
	return nil
}

// removeForeignEntry does the same with one entry that is not in the tree.
func (r *repair) removeForeignEntry(above dirHandle, name string) error {
	stat, err := above.stat(path.Base(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // another program has removed it
	}
	if err != nil {
		return err
	}
	if uint32(stat.Mode)&unix.S_IFMT != unix.S_IFDIR {
		if !r.isForeign(name) {
			return nil
		}
		r.altered = append(r.altered, gitpath.Quote(name))
		root, err := r.openRoot()
		if err != nil {
			return err
		}
		return root.Remove(name)
	}
	dir, err := above.openDir(path.Base(name))
	if err != nil {
		return err
	}
	defer dir.close()
	names, err := dir.names()
	if err != nil {
		return err
	}
	return r.removeForeign(dir, name, names)
}

// replaceFile replaces what is at name by the file or symlink, by rename, since other processes
// may be reading it.
func (r *repair) replaceFile(name string, e Entry) error {
	root, err := r.openRoot()
	if err != nil {
		return err
	}
	tmp := path.Join(path.Dir(name), ".reconcile-"+rand.Text())
	if e.Mode == filemode.Symlink {
		var target string
		if target, err = r.tree.linkTarget(e); err == nil {
			err = root.Symlink(target, tmp)
		}
	} else {
		err = r.write(root, tmp, e)
	}
	if err == nil {
		if info, statErr := root.Lstat(name); statErr == nil && info.IsDir() {
			err = root.RemoveAll(name)
		}
	}
	if err == nil {
		err = root.Rename(tmp, name)
	}
	if err != nil {
		return errors.Join(err, root.RemoveAll(tmp))
	}
	return nil
}

func (r *repair) write(root *os.Root, name string, e Entry) error {
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
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
