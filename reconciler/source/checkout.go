package source

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

	"github.com/go-git/go-git/v5/plumbing/filemode"
	"golang.org/x/sync/errgroup"
)

// writers is how many files are written at once.
const writers = 4

// Checkout makes dir hold the whole tree and nothing else, but for paths that
// the tree does not hold and keep says to leave (slash-separated, from dir; a
// directory is kept with all that is in it). keep may be nil.
//
// It writes only what differs from the last checkout into dir, of whatever
// commit, by a manifest beside it (dir + ".manifest"). A file is trusted to be
// what the manifest says only while size and times are those noted when it was
// written, on the same boot of the machine; so a checkout that was killed is
// mended by the next. The caller makes sure that there is only one at a time.
//
// A link that leads out of the tree, or could when something else is put
// there, is ErrUnsafe, and nothing is written.
func (t *Tree) Checkout(ctx context.Context, dir string, keep func(path string) bool) error {
	if keep == nil {
		keep = func(string) bool { return false }
	}
	want, err := t.flatten()
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
	had := readManifest(dir)
	c := &checkout{tree: t, root: root, want: want, keep: keep, had: had, there: map[string]fs.FileInfo{}}
	have, err := c.run(ctx)
	if !maps.Equal(have, had) { // noted even when the rest failed
		err = errors.Join(err, have.save(dir))
	}
	if err != nil {
		return fmt.Errorf("check out into %s: %w", dir, err)
	}
	return nil
}

// flatten lists everything below the root by its path, and refuses links that
// lead out of the tree.
func (t *Tree) flatten() (map[string]entry, error) {
	all := map[string]entry{}
	var add func(dir string, e entry) error
	add = func(dir string, e entry) error {
		entries, err := t.entries(e.id)
		if err != nil {
			return fmt.Errorf("directory %s: %w", dir, err)
		}
		for _, e := range entries {
			name := path.Join(dir, e.name)
			all[name] = e
			switch e.mode {
			case filemode.Dir:
				err = add(name, e)
			case filemode.Symlink:
				err = t.checkLink(name)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	return all, add(".", t.root)
}

// checkLink refuses a link that does not end in the tree. One that dangles
// inside is allowed: what it points to may be made by a run.
func (t *Tree) checkLink(name string) error {
	_, err := t.walk(name, true)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case errors.Is(err, errLeaves):
		return &Error{Kind: ErrUnsafe, URL: name, Err: err, Help: "make it point inside the repository, or remove it"}
	}
	return err
}

// checkout is one run of Tree.Checkout.
type checkout struct {
	tree  *Tree
	root  *os.Root
	want  map[string]entry
	keep  func(string) bool
	had   manifest
	there map[string]fs.FileInfo // files and links that are there and wanted
}

// run lays the tree out and returns what is there then.
func (c *checkout) run(ctx context.Context) (manifest, error) {
	if err := fs.WalkDir(c.root.FS(), ".", c.clear); err != nil {
		return c.had, err
	}
	have := manifest{}
	write := map[string][]string{} // by directory
	for _, name := range c.sorted() {
		e := c.want[name]
		if e.mode == filemode.Dir || e.mode == filemode.Submodule {
			if err := c.root.Mkdir(name, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
				return c.had, err
			}
			continue
		}
		if noted, ok := c.had[name]; ok && noted.ID == e.String() && c.there[name] != nil && see(c.there[name], noted.ID) == noted {
			have[name] = noted
			continue
		}
		write[path.Dir(name)] = append(write[path.Dir(name)], name)
	}
	return have, c.writeAll(ctx, write, have)
}

// sorted returns the names, a directory before what is in it.
func (c *checkout) sorted() []string {
	return slices.Sorted(maps.Keys(c.want))
}

// clear removes what is neither wanted nor kept, or is of another kind than
// wanted: a link where a directory belongs would be followed. It notes what
// stays.
func (c *checkout) clear(name string, d fs.DirEntry, err error) error {
	if err != nil || name == "." {
		return err
	}
	e, wanted := c.want[name]
	switch {
	case wanted && fits(d, e):
		if !d.IsDir() {
			c.there[name], err = d.Info()
		}
		return err
	case !wanted && c.keep(name):
	case !wanted && d.IsDir():
		_, err = c.clearDir(name)
	default:
		err = c.root.RemoveAll(name)
	}
	if err == nil && d.IsDir() {
		return fs.SkipDir
	}
	return err
}

// fits reports whether d is of the kind that e needs.
func fits(d fs.DirEntry, e entry) bool {
	if e.mode == filemode.Submodule {
		return d.IsDir()
	}
	return d.Type() == fsMode(e.mode).Type()
}

// clearDir removes a directory that is not wanted, but for what is kept in
// it: then it stays.
func (c *checkout) clearDir(name string) (stays bool, err error) {
	entries, err := fs.ReadDir(c.root.FS(), name)
	if err != nil {
		return false, err
	}
	for _, d := range entries {
		below := path.Join(name, d.Name())
		kept := c.keep(below)
		if !kept && d.IsDir() {
			kept, err = c.clearDir(below)
		} else if !kept {
			err = c.root.Remove(below)
		}
		if err != nil {
			return false, err
		}
		stays = stays || kept
	}
	if stays {
		return true, nil
	}
	return false, c.root.Remove(name)
}

// writeAll writes the files, several directories at once, and notes how each
// then looks.
func (c *checkout) writeAll(ctx context.Context, names map[string][]string, have manifest) error {
	var mu sync.Mutex
	group, going := errgroup.WithContext(ctx)
	group.SetLimit(writers)
	for dir, names := range names {
		group.Go(func() error {
			at, err := c.root.OpenRoot(dir)
			if err != nil {
				return err
			}
			defer at.Close()
			for _, name := range names {
				if going.Err() != nil {
					return context.Cause(going)
				}
				written, err := c.write(at, name)
				if err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
				mu.Lock()
				have[name] = written
				mu.Unlock()
			}
			return nil
		})
	}
	return group.Wait()
}

// write writes the file into its directory, in place: a write that is cut off
// leaves a file that no manifest knows, and so is written again.
func (c *checkout) write(dir *os.Root, name string) (seen, error) {
	e := c.want[name]
	data, err := c.tree.blob(e)
	if err != nil {
		return seen{}, err
	}
	base := path.Base(name)
	if c.there[name] != nil {
		if err := dir.Remove(base); err != nil {
			return seen{}, err
		}
	}
	var info fs.FileInfo
	if e.mode == filemode.Symlink {
		if err = dir.Symlink(string(data), base); err == nil {
			info, err = dir.Lstat(base)
		}
	} else {
		info, err = create(dir, base, data, fsMode(e.mode))
	}
	if err != nil {
		return seen{}, err
	}
	return see(info, e.String()), nil
}

func create(dir *os.Root, name string, data []byte, mode fs.FileMode) (fs.FileInfo, error) {
	f, err := dir.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if _, err := f.Write(data); err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.Mode().Perm() != mode { // the umask took bits away
		if err = f.Chmod(mode); err == nil {
			info, err = f.Stat()
		}
	}
	if err != nil {
		return nil, err
	}
	return info, f.Close()
}

// manifestPath is beside the directory, so that it is no part of the tree.
func manifestPath(dir string) string {
	return strings.TrimRight(dir, string(filepath.Separator)) + ".manifest"
}
