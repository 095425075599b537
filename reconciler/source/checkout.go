package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

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
// written, on the same boot of the machine. Files appear under their names
// when they are complete, so that a checkout that was killed is mended by the
// next. The caller makes sure that there is only one at a time.
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
	c := &checkout{tree: t, root: root, dir: dir, want: want, keep: keep, had: readManifest(dir)}
	if err := c.run(ctx); err != nil {
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
	tree *Tree
	root *os.Root
	dir  string
	want map[string]entry
	keep func(string) bool
	had  manifest
}

func (c *checkout) run(ctx context.Context) error {
	if err := c.clear(); err != nil {
		return err
	}
	names := c.sorted()
	have := manifest{}
	var write []string
	for _, name := range names {
		e := c.want[name]
		if e.mode == filemode.Dir || e.mode == filemode.Submodule {
			if err := c.mkdir(name); err != nil {
				return err
			}
			continue
		}
		if seen, ok := c.unchanged(name, e); ok {
			have[name] = seen
			continue
		}
		write = append(write, name)
	}
	if len(write) == 0 && len(have) == len(c.had) {
		return nil
	}
	written, err := c.writeAll(ctx, write)
	for name, seen := range written {
		have[name] = seen
	}
	// What was written is noted even when the rest failed.
	return errors.Join(err, have.save(c.dir))
}

func (c *checkout) sorted() []string {
	names := make([]string, 0, len(c.want))
	for name := range c.want {
		names = append(names, name)
	}
	slices.Sort(names) // a directory before what is in it
	return names
}

// clear removes what is on the disk and neither wanted nor kept, or is of
// another kind than wanted: a link where a directory belongs would be followed.
func (c *checkout) clear() error {
	return fs.WalkDir(c.root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == "." {
			return err
		}
		e, ok := c.want[name]
		switch {
		case ok && c.fits(d, e):
			return nil
		case !ok && c.keep(name):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case ok || !d.IsDir():
			if err := c.root.RemoveAll(name); err != nil {
				return err
			}
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		return c.clearDir(name)
	})
}

// fits reports whether d is of the kind that e needs.
func (c *checkout) fits(d fs.DirEntry, e entry) bool {
	switch e.mode {
	case filemode.Dir, filemode.Submodule:
		return d.IsDir()
	case filemode.Symlink:
		return d.Type() == fs.ModeSymlink
	}
	return d.Type().IsRegular()
}

// clearDir removes a directory that is not wanted, but for what is kept in it.
func (c *checkout) clearDir(name string) error {
	kept := false
	entries, err := fs.ReadDir(c.root.FS(), name)
	if err != nil {
		return err
	}
	for _, d := range entries {
		below := path.Join(name, d.Name())
		switch {
		case c.keep(below):
			kept = true
		case d.IsDir():
			if err := c.clearDir(below); err != nil {
				return err
			}
			if _, err := c.root.Lstat(below); err == nil {
				kept = true
			}
		default:
			if err := c.root.Remove(below); err != nil {
				return err
			}
		}
	}
	if !kept {
		if err := c.root.Remove(name); err != nil {
			return err
		}
	}
	return fs.SkipDir
}

func (c *checkout) mkdir(name string) error {
	if err := c.root.Mkdir(name, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// unchanged reports whether the file is still what the manifest says, and
// that is what the tree holds.
func (c *checkout) unchanged(name string, e entry) (seen, bool) {
	noted, ok := c.had[name]
	if !ok || noted.ID != e.String() {
		return seen{}, false
	}
	now, err := c.look(name, e)
	return now, err == nil && now == noted
}

// look describes the file as it lies there.
func (c *checkout) look(name string, e entry) (seen, error) {
	info, err := c.root.Lstat(name)
	if err != nil {
		return seen{}, err
	}
	return see(info, e.String()), nil
}

// writeAll writes the files, several at once, and says how each then looks.
func (c *checkout) writeAll(ctx context.Context, names []string) (manifest, error) {
	results := make([]seen, len(names))
	group, going := errgroup.WithContext(ctx)
	group.SetLimit(writers)
	for i, name := range names {
		group.Go(func() (err error) {
			if going.Err() != nil {
				return context.Cause(going)
			}
			results[i], err = c.write(name)
			return err
		})
	}
	err := group.Wait()
	written := manifest{}
	for i, name := range names {
		if results[i] != (seen{}) {
			written[name] = results[i]
		}
	}
	return written, err
}

// temporary is the name that a file has while it is written. One that is left
// over is not in the tree, and so removed by the next checkout.
func temporary(name string) string {
	return path.Join(path.Dir(name), ".reconcile-"+shortHash(name))
}

func (c *checkout) write(name string) (seen, error) {
	e := c.want[name]
	data, err := c.tree.blob(e)
	if err != nil {
		return seen{}, fmt.Errorf("%s: %w", name, err)
	}
	draft := temporary(name)
	if err := c.root.Remove(draft); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return seen{}, err
	}
	if e.mode == filemode.Symlink {
		err = c.root.Symlink(filepath.FromSlash(string(data)), draft)
	} else {
		err = c.create(draft, data, fsMode(e.mode))
	}
	if err != nil {
		return seen{}, err
	}
	if err := c.root.Rename(draft, name); err != nil {
		return seen{}, err
	}
	return c.look(name, e)
}

func (c *checkout) create(name string, data []byte, mode fs.FileMode) error {
	f, err := c.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	// The umask may have taken bits away.
	return errors.Join(err, f.Chmod(mode), f.Close())
}

// manifestPath is beside the directory, so that it is no part of the tree.
func manifestPath(dir string) string {
	return strings.TrimRight(dir, string(filepath.Separator)) + ".manifest"
}
