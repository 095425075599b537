package gittree

import (
	"context"
	"errors"
	"fmt"
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
	previous := readManifest(dir)
	c := &checkout{tree: t, root: root, want: want, isPreserved: isPreserved, previous: previous, present: map[string]fs.FileInfo{}}
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
		name := path.Join(dir, e.Name)
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
	root         *os.Root
	want         map[string]Entry
	isPreserved  func(string, fs.DirEntry) bool
	previous     manifest
	present      map[string]fs.FileInfo // existing files and symlinks that are wanted
	writtenBytes atomic.Int64           // bytes written so far
}

// run writes the tree and returns the new manifest.
func (c *checkout) run(ctx context.Context) (manifest, error) {
	if err := c.clear(ctx, "."); err != nil {
		return c.previous, err
	}
	current := manifest{}
	toWrite := map[string][]string{} // by directory
	for _, name := range c.sortedNames() {
		e := c.want[name]
		if e.Mode == filemode.Dir || e.Mode == filemode.Submodule {
			if err := c.root.Mkdir(name, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
				return c.previous, err
			}
			continue
		}
		if stamp, ok := c.previous[name]; ok && stamp.ID == e.String() && c.present[name] != nil && stampOf(c.present[name], stamp.ID) == stamp {
			current[name] = stamp
			continue
		}
		toWrite[path.Dir(name)] = append(toWrite[path.Dir(name)], name)
	}
	return current, c.writeAll(ctx, toWrite, current)
}

// sortedNames returns the names, a directory before its content.
func (c *checkout) sortedNames() []string {
	return slices.Sorted(maps.Keys(c.want))
}

// clear removes what is neither wanted nor preserved below dir, and what has another kind: a
// symlink in place of a directory would be followed. It records what stays. It uses no fs.FS,
// since names may be any bytes.
func (c *checkout) clear(ctx context.Context, dir string) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	entries, err := readDir(c.root, dir)
	if err != nil {
		return err
	}
	for _, d := range entries {
		if err := c.clearEntry(ctx, path.Join(dir, d.Name()), d); err != nil {
			return err
		}
	}
	return nil
}

func (c *checkout) clearEntry(ctx context.Context, name string, d fs.DirEntry) (err error) {
	e, wanted := c.want[name]
	switch {
	case wanted && isSameKind(d, e) && d.IsDir():
		return c.clear(ctx, name)
	case wanted && isSameKind(d, e):
		c.present[name], err = d.Info()
		return err
	case !wanted && c.isPreserved(name, d):
		return nil
	case !wanted && d.IsDir():
		_, err = c.clearDir(name)
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

// writeAll writes the files, several directories in parallel, and records the stamp of each.
func (c *checkout) writeAll(ctx context.Context, names map[string][]string, current manifest) error {
	var mu sync.Mutex
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(maxWriters)
	for dir, names := range names {
		group.Go(func() error {
			dirRoot, err := c.root.OpenRoot(dir)
			if err != nil {
				return err
			}
			defer dirRoot.Close()
			for _, name := range names {
				if groupCtx.Err() != nil {
					return context.Cause(groupCtx)
				}
				stamp, err := c.write(groupCtx, dirRoot, name)
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
func (c *checkout) write(ctx context.Context, dir *os.Root, name string) (fileStamp, error) {
	e := c.want[name]
	size, err := c.tree.objects.Size(e.ID)
	if err != nil {
		return fileStamp{}, err
	}
	if c.writtenBytes.Add(size) > maxBytes || size > maxBytes {
		return fileStamp{}, fmt.Errorf("%s: %w: the files exceed %d GiB", c.tree.name(), ErrTreeTooLarge, maxBytes>>30)
	}
	base := path.Base(name)
	if c.present[name] != nil {
		if err := dir.Remove(base); err != nil {
			return fileStamp{}, err
		}
	}
	var info fs.FileInfo
	if e.Mode == filemode.Symlink {
		var target string
		if target, err = c.tree.linkTarget(e); err == nil {
			err = dir.Symlink(target, base)
		}
		if err == nil {
			info, err = dir.Lstat(base)
		}
	} else {
		info, err = c.create(ctx, dir, base, e)
	}
	if err != nil {
		return fileStamp{}, err
	}
	return stampOf(info, e.String()), nil
}

func (c *checkout) create(ctx context.Context, dir *os.Root, name string, e Entry) (fs.FileInfo, error) {
	mode := fsMode(e.Mode)
	f, err := dir.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := c.tree.copyTo(ctx, f, e); err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.Mode().Perm() != mode { // the umask removed bits
		if err = f.Chmod(mode); err == nil {
			info, err = f.Stat()
		}
	}
	if err != nil {
		return nil, err
	}
	return info, f.Close()
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
