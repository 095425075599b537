package gittree

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"time"

	"github.com/go-git/go-git/v5/plumbing/filemode"
)

// Tree implements the interfaces of io/fs. All times are the commit's.
var (
	_ fs.ReadFileFS = (*Tree)(nil)
	_ fs.ReadDirFS  = (*Tree)(nil)
	_ fs.StatFS     = (*Tree)(nil)
	_ fs.ReadLinkFS = (*Tree)(nil)
)

// Object is the Sys value of a Tree's FileInfo.
type Object struct {
	Mode uint32 // Git's mode: 0o040000, 0o100644, 0o100755, 0o120000, 0o160000
	ID   string
}

// Open opens a file or a directory. It follows symlinks inside the tree.
func (t *Tree) Open(name string) (fs.File, error) {
	return t.OpenWithin(context.Background(), name)
}

// OpenWithin does what Open does, and ends when ctx does: the deltas of a large file may take
// minutes.
func (t *Tree) OpenWithin(ctx context.Context, name string) (fs.File, error) {
	found, err := t.findPath("open", name, followLast)
	if err != nil {
		return nil, err
	}
	info := fileInfo{name: path.Base(name), entry: found.entry, when: t.when}
	switch found.entry.Mode {
	case filemode.Dir:
		list, err := t.listDir(found)
		return &treeDir{info: info, name: name, remaining: list}, pathError("open", name, err)
	case filemode.Submodule:
		return nil, pathError("open", name, errSubmodule)
	}
	o, err := t.open(ctx, found.entry)
	if err != nil {
		return nil, pathError("open", name, err)
	}
	info.size = o.Size
	return &treeFile{info, o.Content}, nil
}

// ReadFile returns the content of a file. The caller may change the result.
func (t *Tree) ReadFile(name string) ([]byte, error) {
	found, err := t.findPath("read", name, followLast)
	if err != nil {
		return nil, err
	}
	switch found.entry.Mode {
	case filemode.Dir:
		return nil, pathError("read", name, errors.New("is a directory"))
	case filemode.Submodule:
		return nil, pathError("read", name, errSubmodule)
	}
	data, err := t.ReadBlob(found.entry)
	return bytes.Clone(data), pathError("read", name, err)
}

// ReadDir lists a directory, sorted by name. A submodule is listed as neither file nor
// directory. Skipped entries are not listed.
func (t *Tree) ReadDir(name string) ([]fs.DirEntry, error) {
	found, err := t.findPath("readdir", name, followLast)
	if err != nil {
		return nil, err
	}
	if found.entry.Mode != filemode.Dir {
		return nil, pathError("readdir", name, errors.New("not a directory"))
	}
	list, err := t.listDir(found)
	return list, pathError("readdir", name, err)
}

// Stat describes the object at name. It follows symlinks.
func (t *Tree) Stat(name string) (fs.FileInfo, error) {
	found, err := t.findPath("stat", name, followLast)
	if err != nil {
		return nil, err
	}
	info, err := t.newFileInfo(path.Base(name), found.entry)
	return info, pathError("stat", name, err)
}

// Lstat describes the object at name. It does not follow a symlink at the end.
func (t *Tree) Lstat(name string) (fs.FileInfo, error) {
	found, err := t.findPath("lstat", name, keepLast)
	if err != nil {
		return nil, err
	}
	info, err := t.newFileInfo(path.Base(name), found.entry)
	return info, pathError("lstat", name, err)
}

// ReadLink returns the target of a symlink.
func (t *Tree) ReadLink(name string) (string, error) {
	found, err := t.findPath("readlink", name, keepLast)
	if err != nil {
		return "", err
	}
	if found.entry.Mode != filemode.Symlink {
		return "", pathError("readlink", name, fs.ErrInvalid)
	}
	target, err := t.linkTarget(found.entry)
	return target, pathError("readlink", name, err)
}

var errSubmodule = errors.New("is a submodule, whose files are not part of the repository")

func (t *Tree) findPath(op, name string, last lastLink) (pathEntry, error) {
	found, err := t.resolvePath(name, last)
	return found, pathError(op, name, err)
}

// pathError returns a *fs.PathError, or err if it is nil or says more.
func pathError(op, name string, err error) error {
	if skipped := (SkippedEntry{}); err == nil || errors.As(err, &skipped) { // which says its path
		return err
	}
	return &fs.PathError{Op: op, Path: name, Err: err}
}

func (t *Tree) listDir(dir pathEntry) ([]fs.DirEntry, error) {
	tree, err := t.readTree(dir.entry.ID)
	if err == nil && t.listedDirs.Add(1) > maxUncheckedListings {
		err = t.CheckLimits()
	}
	if err != nil {
		return nil, err
	}
	list := make([]fs.DirEntry, 0, len(tree.entries))
	entries := make([]dirEntry, len(tree.entries)) // one allocation for all
	for i := range tree.entries {
		if e := &tree.entries[i]; t.skipReason(dir.path, *e) == "" {
			entries[i] = dirEntry{t, e}
			list = append(list, &entries[i])
		}
	}
	return list, nil
}

func (t *Tree) newFileInfo(name string, e Entry) (fs.FileInfo, error) {
	info := fileInfo{name: name, entry: e, when: t.when}
	if e.Mode != filemode.Dir && e.Mode != filemode.Submodule {
		size, err := t.objects.Size(e.ID)
		if err != nil {
			return nil, err
		}
		info.size = size
	}
	return info, nil
}

// fsMode converts Git's mode.
func fsMode(mode filemode.FileMode) fs.FileMode {
	switch mode {
	case filemode.Dir:
		return fs.ModeDir | 0o755
	case filemode.Symlink:
		return fs.ModeSymlink | 0o777
	case filemode.Submodule:
		return fs.ModeIrregular
	case filemode.Executable:
		return 0o755
	}
	return 0o644
}

type dirEntry struct {
	tree  *Tree
	entry *Entry
}

func (d *dirEntry) Name() string               { return d.entry.Name }
func (d *dirEntry) IsDir() bool                { return d.entry.Mode == filemode.Dir }
func (d *dirEntry) Type() fs.FileMode          { return fsMode(d.entry.Mode).Type() }
func (d *dirEntry) Info() (fs.FileInfo, error) { return d.tree.newFileInfo(d.entry.Name, *d.entry) }
func (d *dirEntry) String() string             { return fs.FormatDirEntry(d) }

type fileInfo struct {
	name  string
	entry Entry
	size  int64
	when  time.Time
}

func (i fileInfo) Name() string       { return i.name }
func (i fileInfo) Size() int64        { return i.size }
func (i fileInfo) Mode() fs.FileMode  { return fsMode(i.entry.Mode) }
func (i fileInfo) ModTime() time.Time { return i.when }
func (i fileInfo) IsDir() bool        { return i.Mode().IsDir() }
func (i fileInfo) Sys() any           { return Object{uint32(i.entry.Mode), i.entry.ID.String()} }
func (i fileInfo) String() string     { return fs.FormatFileInfo(i) }

type treeFile struct {
	info    fs.FileInfo
	content io.ReadCloser
}

func (f *treeFile) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *treeFile) Read(p []byte) (int, error) { return f.content.Read(p) }
func (f *treeFile) Close() error               { return f.content.Close() }

type treeDir struct {
	info      fs.FileInfo
	name      string
	remaining []fs.DirEntry
}

func (d *treeDir) Stat() (fs.FileInfo, error) { return d.info, nil }
func (d *treeDir) Close() error               { return nil }
func (d *treeDir) Read([]byte) (int, error) {
	return 0, pathError("read", d.name, errors.New("is a directory"))
}

func (d *treeDir) ReadDir(n int) ([]fs.DirEntry, error) {
	if n > 0 && len(d.remaining) == 0 {
		return nil, io.EOF
	}
	if n <= 0 || n > len(d.remaining) {
		n = len(d.remaining)
	}
	list := slices.Clone(d.remaining[:n])
	d.remaining = d.remaining[n:]
	return list, nil
}
