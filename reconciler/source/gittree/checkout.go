package gittree

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/go-git/go-git/v5/plumbing/filemode"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"reconcile/internal/gitpath"
)

// maxWriters is the maximum number of files written at the same time.
const maxWriters = 4

// Checkout makes dir contain the whole tree and nothing else. It keeps paths that the tree
// does not contain if isPreserved returns true for them. isPreserved receives a
// slash-separated path relative to dir and the entry on disk; a preserved directory stays
// with all its content. isPreserved may be nil.
//
// Checkout writes only what differs from the last checkout into dir, of any commit, according
// to a manifest next to it (dir + ".manifest"). It trusts the manifest for a file only if
// inode, size and times are those recorded after the write, in the same boot of the machine.
// So the next checkout repairs one that was killed. The recorded times include the change
// time (ctime), which no program can set back. The caller must ensure that only one checkout
// runs at a time.
//
// Checkout does not write the entries that SkippedEntries returns.
func (t *Tree) Checkout(ctx context.Context, dir string, isPreserved func(path string, d fs.DirEntry) bool) error {
	if isPreserved == nil {
		isPreserved = func(string, fs.DirEntry) bool { return false }
	}
	want, err := t.flatten(ctx)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("check out: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("check out: %w", err)
	}
	defer root.Close()
	top, err := openDirHandle(dir)
	if err != nil {
		return fmt.Errorf("check out: %w", err)
	}
	defer top.close()
	previous := readManifest(dir)
	c := &checkout{tree: t, root: root, top: top, want: want, isPreserved: isPreserved, previous: previous, present: map[string]fileStamp{}, presentDirs: map[string]bool{}}
	current, err := c.run(ctx)
	if !maps.Equal(current, previous) { // saved even if a later step failed
		err = errors.Join(err, current.save(dir))
	}
	if err != nil {
		return fmt.Errorf("check out into %s: %w", dir, err)
	}
	return nil
}

// flatten returns what is checked out of the tree by path, without the root.
func (t *Tree) flatten(ctx context.Context) (map[string]Entry, error) {
	if err := t.CheckLimits(); err != nil {
		return nil, err
	}
	all := map[string]Entry{}
	return all, t.flattenInto(ctx, all, ".", t.root)
}

// flattenInto adds what is checked out below the directory dir.
func (t *Tree) flattenInto(ctx context.Context, all map[string]Entry, dir string, e Entry) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	list, err := t.readTree(e.ID)
	if err != nil {
		return fmt.Errorf("directory %s: %w", gitpath.Quote(dir), err)
	}
	for _, e := range list.entries {
		name := gitpath.Join(dir, e.Name)
		if t.skipReason(dir, e) != "" || t.isOmitted(name) {
			continue
		}
		all[name] = e
		if e.Mode == filemode.Dir {
			if err := t.flattenInto(ctx, all, name, e); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkout is one run of Tree.Checkout.
type checkout struct {
	tree         *Tree
	root         *os.Root  // to remove
	top          dirHandle // the same directory, to read and write
	want         map[string]Entry
	isPreserved  func(string, fs.DirEntry) bool
	previous     manifest
	present      map[string]fileStamp // existing files and symlinks that are wanted, without ids
	presentDirs  map[string]bool      // existing directories that are wanted
	writtenBytes atomic.Int64         // bytes written so far
}

// run writes the tree and returns the new manifest.
func (c *checkout) run(ctx context.Context) (manifest, error) {
	if err := c.clear(ctx, c.top, "."); err != nil {
		return c.previous, err
	}
	current := manifest{}
	var newDirs []string
	toWrite := map[string][]string{} // by directory
	for _, name := range c.sortedNames() {
		e := c.want[name]
		if e.Mode == filemode.Dir || e.Mode == filemode.Submodule {
			if !c.presentDirs[name] {
				newDirs = append(newDirs, name)
			}
			continue
		}
		stamp, written := c.previous[name]
		present, exists := c.present[name]
		present.ID = stamp.ID
		if written && exists && stamp.ID == e.String() && present == stamp {
			current[name] = stamp
			continue
		}
		toWrite[path.Dir(name)] = append(toWrite[path.Dir(name)], name)
	}
	if err := c.makeDirs(newDirs); err != nil {
		return c.previous, err
	}
	return current, c.writeAll(ctx, toWrite, current)
}

// sortedNames returns the names, a directory before its content.
func (c *checkout) sortedNames() []string {
	return slices.Sorted(maps.Keys(c.want))
}

// clear removes what is neither wanted nor preserved in the directory at the path name, and what
// has another kind: a symlink in place of a directory would be followed. It records what stays.
// It uses no fs.FS, since names may be any bytes.
func (c *checkout) clear(ctx context.Context, dir dirHandle, name string) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	entries, err := dir.list()
	if err != nil {
		return err
	}
	for _, d := range entries {
		if err := c.clearEntry(ctx, dir, gitpath.Join(name, d.Name()), d); err != nil {
			return err
		}
	}
	return nil
}

func (c *checkout) clearEntry(ctx context.Context, above dirHandle, name string, d fs.DirEntry) error {
	e, wanted := c.want[name]
	switch {
	case wanted && isSameKind(d, e) && d.IsDir():
		c.presentDirs[name] = true
		dir, err := above.openDir(d.Name())
		if err != nil {
			return err
		}
		defer dir.close()
		return c.clear(ctx, dir, name)
	case wanted && isSameKind(d, e):
		stat, err := above.stat(d.Name())
		c.present[name] = stampOf(&stat, "")
		return err
	case !wanted && c.isPreserved(name, d):
		return nil
	case !wanted && d.IsDir():
		_, err := c.clearDir(name)
		return err
	}
	return c.root.RemoveAll(name)
}

func readDir(root *os.Root, dir string) ([]fs.DirEntry, error) {
	f, err := root.Open(dir)
	if err != nil {
		return nil, err
	}
	entries, err := f.ReadDir(-1)
	return entries, errors.Join(err, f.Close())
}

// isSameKind reports whether d has the kind that e needs.
func isSameKind(d fs.DirEntry, e Entry) bool {
	if e.Mode == filemode.Submodule {
		return d.IsDir()
	}
	return d.Type() == fsMode(e.Mode).Type()
}

// clearDir removes a directory that is not wanted. The directory stays if something in it is
// preserved.
func (c *checkout) clearDir(name string) (stays bool, err error) {
	entries, err := readDir(c.root, name)
	if err != nil {
		return false, err
	}
	for _, d := range entries {
		child := path.Join(name, d.Name())
		stay := c.isPreserved(child, d)
		if !stay && d.IsDir() {
			stay, err = c.clearDir(child)
		} else if !stay {
			err = c.root.Remove(child)
		}
		if err != nil {
			return false, err
		}
		stays = stays || stay
	}
	if stays {
		return true, nil
	}
	return false, c.root.Remove(name)
}

// makeDirs makes directories. Each comes after the one that it is in.
func (c *checkout) makeDirs(names []string) error {
	at, dir := ".", c.top // where the last one was made
	defer func() { c.closeDir(dir) }()
	for _, name := range names {
		if above := path.Dir(name); above != at {
			next, err := c.openDir(above)
			if err != nil {
				return err
			}
			c.closeDir(dir)
			at, dir = above, next
		}
		if err := dir.makeDir(path.Base(name)); err != nil {
			return err
		}
	}
	return nil
}

// openDir opens the directory at a path of the checkout. The caller calls closeDir.
func (c *checkout) openDir(name string) (dirHandle, error) {
	if name == "." {
		return c.top, nil
	}
	dir := c.top
	for part := range strings.SplitSeq(name, "/") {
		next, err := dir.openDir(part)
		c.closeDir(dir)
		if err != nil {
			return dirHandle{}, err
		}
		dir = next
	}
	return dir, nil
}

func (c *checkout) closeDir(dir dirHandle) {
	if dir != c.top {
		dir.close()
	}
}

// writeAll writes the files, several directories in parallel, and records the stamp of each.
func (c *checkout) writeAll(ctx context.Context, names map[string][]string, current manifest) error {
	var mu sync.Mutex
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(maxWriters)
	for at, names := range names {
		group.Go(func() error {
			dir, err := c.openDir(at)
			if err != nil {
				return err
			}
			defer c.closeDir(dir)
			for _, name := range names {
				if groupCtx.Err() != nil {
					return context.Cause(groupCtx)
				}
				stamp, err := c.write(groupCtx, dir, name)
				if err != nil {
					return fmt.Errorf("%s: %w", gitpath.Quote(name), err)
				}
				mu.Lock()
				current[name] = stamp
				mu.Unlock()
			}
			return nil
		})
	}
	return group.Wait()
}

// write writes the file in place. After an interrupted write no manifest contains the file,
// so that it is written again.
func (c *checkout) write(ctx context.Context, dir dirHandle, name string) (fileStamp, error) {
	e := c.want[name]
	size, err := c.tree.objects.Size(e.ID)
	if err != nil {
		return fileStamp{}, err
	}
	if c.writtenBytes.Add(size) > maxBytes || size > maxBytes {
		return fileStamp{}, fmt.Errorf("%s: %w: the files exceed %d GiB", c.tree.name(), ErrTreeTooLarge, maxBytes>>30)
	}
	base := path.Base(name)
	if _, exists := c.present[name]; exists {
		if err := dir.remove(base); err != nil {
			return fileStamp{}, err
		}
	}
	var stat unix.Stat_t
	if e.Mode == filemode.Symlink {
		var target string
		if target, err = c.tree.linkTarget(e); err == nil {
			err = dir.symlink(target, base)
		}
		if err == nil {
			stat, err = dir.stat(base)
		}
	} else {
		stat, err = dir.create(base, fsMode(e.Mode), func(w io.Writer) error { return c.tree.copyTo(ctx, w, e) })
	}
	if err != nil {
		return fileStamp{}, err
	}
	return stampOf(&stat, e.String()), nil
}

// manifestPath returns a path next to the directory, so that the manifest is not part of the
// tree.
func manifestPath(dir string) string {
	return strings.TrimRight(dir, string(filepath.Separator)) + ".manifest"
}

// Omit sets a rule for paths that Checkout and Repair leave out. It must be called before
// either.
func (t *Tree) Omit(rule func(path string) bool) { t.omitRule = rule }

func (t *Tree) isOmitted(name string) bool { return t.omitRule != nil && t.omitRule(name) }
