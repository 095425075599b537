// Package treetest makes trees of a commit in memory, for the tests of the packages that
// read trees.
package treetest

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"reconcile/reconciler/workspace/repotree"
)

// Tree is a Git tree in memory. It implements repotree.Tree.
type Tree struct {
	files map[string]string
	names map[string][]string // in each directory, sorted
	ids   map[string]string
}

// New returns the tree of files, which are paths with their content. The content
// "-> target" is a link, and "submodule" is a submodule.
func New(files map[string]string) *Tree {
	t := &Tree{files: files, names: map[string][]string{".": nil}, ids: map[string]string{}}
	for p := range files {
		for p != "." {
			dir := path.Dir(p)
			if !slices.Contains(t.names[dir], path.Base(p)) {
				t.names[dir] = append(t.names[dir], path.Base(p))
			}
			p = dir
		}
	}
	for _, names := range t.names {
		slices.Sort(names)
	}
	t.hash(".")
	return t
}

func (t *Tree) hash(p string) string {
	h := sha1.New()
	mode := "100644:"
	names, isDir := t.names[p]
	text := t.files[p]
	switch {
	case isDir:
		mode = repotree.DirMode
		for _, name := range names {
			io.WriteString(h, name+" "+t.hash(path.Join(p, name))+"\n")
		}
	case strings.HasPrefix(text, "-> "):
		mode = repotree.LinkMode
	case text == "submodule\n":
		mode = repotree.SubmoduleMode
	}
	io.WriteString(h, text)
	t.ids[p] = mode + hex.EncodeToString(h.Sum(nil))
	return t.ids[p]
}

// FilteredID implements repotree.Tree.
func (t *Tree) FilteredID(p string, omits func(rel string, isDir bool) bool) string {
	return t.filteredID(p, ".", omits)
}

func (t *Tree) filteredID(p, rel string, omits func(rel string, isDir bool) bool) string {
	names, isDir := t.names[p]
	if !isDir {
		return t.ID(p)
	}
	h := sha1.New()
	kept := 0
	for _, name := range names {
		inner, innerRel := path.Join(p, name), path.Join(rel, name)
		_, isDir := t.names[inner]
		if omits(innerRel, isDir) {
			continue
		}
		if id := t.filteredID(inner, innerRel, omits); id != emptyDir {
			io.WriteString(h, name+" "+id+"\n")
			kept++
		}
	}
	if kept == 0 {
		return emptyDir
	}
	return repotree.DirMode + hex.EncodeToString(h.Sum(nil))
}

// emptyDir is the id of a directory without entries.
const emptyDir = repotree.DirMode + "empty"

// SkippedEntries implements repotree.Tree.
func (t *Tree) SkippedEntries(string) ([]error, error) { return nil, nil }

// WithSkipped implements repotree.Tree.
func (t *Tree) WithSkipped() fs.FS { return t }

// ID implements repotree.Tree.
func (t *Tree) ID(p string) string {
	if id, ok := t.ids[p]; ok {
		return id
	}
	dir, name := path.Split(p)
	if o, err := repotree.ResolveLinks(t, path.Clean(dir)); err == nil && len(o.Links) > 0 && o.Dir {
		return t.ID(path.Join(o.Path, name))
	}
	return repotree.AbsentID
}

// Lstat implements repotree.Tree.
func (t *Tree) Lstat(p string) (fs.FileInfo, error) {
	if _, ok := t.ids[p]; !ok || !fs.ValidPath(p) {
		return nil, &fs.PathError{Op: "lstat", Path: p, Err: fs.ErrNotExist}
	}
	return memInfo{t, p}, nil
}

// Open implements repotree.Tree.
func (t *Tree) Open(p string) (fs.File, error) {
	info, err := t.Lstat(p)
	if err != nil {
		return nil, err
	}
	return memFile{info, strings.NewReader(t.files[p])}, nil
}

// ReadFile implements repotree.Tree.
func (t *Tree) ReadFile(p string) ([]byte, error) {
	info, err := t.Lstat(p)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "read", Path: p, Err: fs.ErrInvalid}
	}
	return []byte(t.files[p]), nil
}

// ReadLink implements repotree.Tree.
func (t *Tree) ReadLink(p string) (string, error) {
	return strings.TrimSpace(strings.TrimPrefix(t.files[p], "-> ")), nil
}

// ReadDir implements repotree.Tree.
func (t *Tree) ReadDir(p string) ([]fs.DirEntry, error) {
	names, ok := t.names[p]
	if !ok {
		return nil, &fs.PathError{Op: "readdir", Path: p, Err: fs.ErrNotExist}
	}
	var entries []fs.DirEntry
	for _, name := range names {
		entries = append(entries, fs.FileInfoToDirEntry(memInfo{t, path.Join(p, name)}))
	}
	return entries, nil
}

type memInfo struct {
	t *Tree
	p string
}

func (i memInfo) Name() string       { return path.Base(i.p) }
func (i memInfo) Size() int64        { return int64(len(i.t.files[i.p])) }
func (i memInfo) ModTime() time.Time { return time.Time{} }
func (i memInfo) IsDir() bool        { return i.Mode().IsDir() }
func (i memInfo) Sys() any           { return nil }

func (i memInfo) Mode() fs.FileMode {
	switch mode, _, _ := strings.Cut(i.t.ID(i.p), ":"); mode + ":" {
	case repotree.DirMode:
		return fs.ModeDir | 0o755
	case repotree.LinkMode:
		return fs.ModeSymlink | 0o777
	case repotree.SubmoduleMode:
		return fs.ModeIrregular
	}
	return 0o644
}

type memFile struct {
	info fs.FileInfo
	*strings.Reader
}

func (f memFile) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f memFile) Close() error               { return nil }

// SplitArchive splits an archive into the repository and the expectations, which are the
// files below "want/".
func SplitArchive(t *testing.T, name string) (repo, want map[string]string) {
	t.Helper()
	a, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	repo, want = map[string]string{}, map[string]string{}
	for _, f := range a.Files {
		if rest, ok := strings.CutPrefix(f.Name, "want/"); ok {
			want[rest] = string(bytes.TrimSpace(f.Data))
		} else {
			repo[f.Name] = string(f.Data)
		}
	}
	return repo, want
}

// RewriteArchive replaces the expectations of an archive.
func RewriteArchive(t *testing.T, name string, got map[string]string) {
	t.Helper()
	a, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	a.Files = slices.DeleteFunc(a.Files, func(f txtar.File) bool { return strings.HasPrefix(f.Name, "want/") })
	for _, key := range slices.Sorted(maps.Keys(got)) {
		a.Files = append(a.Files, txtar.File{Name: "want/" + key, Data: []byte(got[key] + "\n")})
	}
	if err := os.WriteFile(name, txtar.Format(a), 0o644); err != nil {
		t.Fatal(err)
	}
}
