package source

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"time"

	"github.com/go-git/go-git/v5/plumbing/filemode"
)

// Tree is a file system as package io/fs wants it. All times are the commit's.
var (
	_ fs.ReadFileFS = (*Tree)(nil)
	_ fs.ReadDirFS  = (*Tree)(nil)
	_ fs.StatFS     = (*Tree)(nil)
	_ fs.ReadLinkFS = (*Tree)(nil)
)

// Object is what Sys returns of a FileInfo of a Tree.
type Object struct {
	Mode uint32 // as Git has it: 0o040000, 0o100644, 0o100755, 0o120000, 0o160000
	ID   string
}

// Open opens a file or a directory, following links inside the tree.
func (t *Tree) Open(name string) (fs.File, error) {
	found, err := t.find("open", name, true)
	if err != nil {
		return nil, err
	}
	info := fileInfo{name: path.Base(name), entry: found.entry, when: t.when}
	switch found.mode {
	case filemode.Dir:
		list, err := t.list(found)
		return &openDir{info: info, name: name, rest: list}, failed("open", name, err)
	case filemode.Submodule:
		return nil, failed("open", name, errSubmodule)
	}
	o, err := t.open(found.entry)
	if err != nil {
		return nil, failed("open", name, err)
	}
	info.size = o.Size
	return &openFile{info, o.Content}, nil
}

// ReadFile returns the content of a file, which the caller may change.
func (t *Tree) ReadFile(name string) ([]byte, error) {
	found, err := t.find("read", name, true)
	if err != nil {
		return nil, err
	}
	switch found.mode {
	case filemode.Dir:
		return nil, failed("read", name, errors.New("is a directory"))
	case filemode.Submodule:
		return nil, failed("read", name, errSubmodule)
	}
	data, err := t.blob(found.entry)
	return bytes.Clone(data), failed("read", name, err)
}

// ReadDir lists a directory, sorted by name. A submodule is listed as neither
// file nor directory. What LeftOut tells of is not listed.
func (t *Tree) ReadDir(name string) ([]fs.DirEntry, error) {
	found, err := t.find("readdir", name, true)
	if err != nil {
		return nil, err
	}
	if found.mode != filemode.Dir {
		return nil, failed("readdir", name, errors.New("not a directory"))
	}
	list, err := t.list(found)
	return list, failed("readdir", name, err)
}

// Stat describes the object at name, following links.
func (t *Tree) Stat(name string) (fs.FileInfo, error) {
	found, err := t.find("stat", name, true)
	if err != nil {
		return nil, err
	}
	info, err := t.info(path.Base(name), found.entry)
	return info, failed("stat", name, err)
}

// Lstat describes the object at name; a link at its end is not followed.
func (t *Tree) Lstat(name string) (fs.FileInfo, error) {
	found, err := t.find("lstat", name, false)
	if err != nil {
		return nil, err
	}
	info, err := t.info(path.Base(name), found.entry)
	return info, failed("lstat", name, err)
}

// ReadLink returns where a link points to.
func (t *Tree) ReadLink(name string) (string, error) {
	found, err := t.find("readlink", name, false)
	if err != nil {
		return "", err
	}
	if found.mode != filemode.Symlink {
		return "", failed("readlink", name, fs.ErrInvalid)
	}
	target, err := t.target(found.entry)
	return target, failed("readlink", name, err)
}

var errSubmodule = errors.New("is a submodule, whose files are not part of the repository")

func (t *Tree) find(op, name string, follow bool) (place, error) {
	found, err := t.walk(name, follow)
	return found, failed(op, name, err)
}

// failed makes a *fs.PathError, or nil.
func failed(op, name string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: op, Path: name, Err: err}
}

func (t *Tree) list(dir place) ([]fs.DirEntry, error) {
	held, err := t.listing(dir.id)
	if err == nil && t.listed.Add(1) > freely {
		err = t.bounded()
	}
	if err != nil {
		return nil, err
	}
	list := make([]fs.DirEntry, 0, len(held.entries))
	for _, e := range held.entries {
		if t.leftOut(path.Join(dir.path, e.name), e) == "" {
			list = append(list, dirEntry{t, e})
		}
	}
	return list, nil
}

func (t *Tree) info(name string, e entry) (fs.FileInfo, error) {
	info := fileInfo{name: name, entry: e, when: t.when}
	if e.mode != filemode.Dir && e.mode != filemode.Submodule {
		size, err := t.store.Size(e.id)
		if err != nil {
			return nil, err
		}
		info.size = size
	}
	return info, nil
}

// fsMode translates Git's mode.
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
	entry entry
}

func (d dirEntry) Name() string               { return d.entry.name }
func (d dirEntry) IsDir() bool                { return d.entry.mode == filemode.Dir }
func (d dirEntry) Type() fs.FileMode          { return fsMode(d.entry.mode).Type() }
func (d dirEntry) Info() (fs.FileInfo, error) { return d.tree.info(d.entry.name, d.entry) }
func (d dirEntry) String() string             { return fs.FormatDirEntry(d) }

type fileInfo struct {
	name  string
	entry entry
	size  int64
	when  time.Time
}

func (i fileInfo) Name() string       { return i.name }
func (i fileInfo) Size() int64        { return i.size }
func (i fileInfo) Mode() fs.FileMode  { return fsMode(i.entry.mode) }
func (i fileInfo) ModTime() time.Time { return i.when }
func (i fileInfo) IsDir() bool        { return i.Mode().IsDir() }
func (i fileInfo) Sys() any           { return Object{uint32(i.entry.mode), i.entry.id.String()} }
func (i fileInfo) String() string     { return fs.FormatFileInfo(i) }

// openFile is an open file.
type openFile struct {
	info    fs.FileInfo
	content io.ReadCloser
}

func (f *openFile) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *openFile) Read(p []byte) (int, error) { return f.content.Read(p) }
func (f *openFile) Close() error               { return f.content.Close() }

// openDir is an open directory.
type openDir struct {
	info fs.FileInfo
	name string
	rest []fs.DirEntry
}

func (d *openDir) Stat() (fs.FileInfo, error) { return d.info, nil }
func (d *openDir) Close() error               { return nil }
func (d *openDir) Read([]byte) (int, error) {
	return 0, failed("read", d.name, errors.New("is a directory"))
}

func (d *openDir) ReadDir(n int) ([]fs.DirEntry, error) {
	if n > 0 && len(d.rest) == 0 {
		return nil, io.EOF
	}
	if n <= 0 || n > len(d.rest) {
		n = len(d.rest)
	}
	list := slices.Clone(d.rest[:n])
	d.rest = d.rest[n:]
	return list, nil
}
