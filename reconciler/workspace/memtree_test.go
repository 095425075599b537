package workspace

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"reconcile/reconciler/workspace/repotree"

	"golang.org/x/tools/txtar"
)

// memTree is a Git tree in memory: paths of files with their content. The content "->
// target" is a link, and "submodule" is a submodule.
type memTree struct {
	files map[string]string
	dirs  map[string][]string // names in each directory, sorted
	ids   map[string]string
}

func newTree(files map[string]string) *memTree {
	t := &memTree{files: files, dirs: map[string][]string{".": nil}, ids: map[string]string{}}
	for p := range files {
		for p != "." {
			dir := path.Dir(p)
			if !slices.Contains(t.dirs[dir], path.Base(p)) {
				t.dirs[dir] = append(t.dirs[dir], path.Base(p))
			}
			p = dir
		}
	}
	for _, names := range t.dirs {
		slices.Sort(names)
	}
	t.hash(".")
	return t
}

func (t *memTree) hash(p string) string {
	h := sha1.New()
	mode := "100644:"
	names, isDir := t.dirs[p]
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

func (t *memTree) SkippedEntries(string) ([]error, error) { return nil, nil }

func (t *memTree) ID(p string) string {
	if id, ok := t.ids[p]; ok {
		return id
	}
	dir, name := path.Split(p)
	if o, err := repotree.ResolveLinks(t, path.Clean(dir)); err == nil && len(o.Links) > 0 && o.Dir {
		return t.ID(path.Join(o.Path, name))
	}
	return repotree.AbsentID
}

func (t *memTree) Lstat(p string) (fs.FileInfo, error) {
	if _, ok := t.ids[p]; !ok || !fs.ValidPath(p) {
		return nil, &fs.PathError{Op: "lstat", Path: p, Err: fs.ErrNotExist}
	}
	return memInfo{t, p}, nil
}

func (t *memTree) Open(p string) (fs.File, error) {
	info, err := t.Lstat(p)
	if err != nil {
		return nil, err
	}
	return memFile{info, strings.NewReader(t.files[p])}, nil
}

func (t *memTree) ReadFile(p string) ([]byte, error) {
	info, err := t.Lstat(p)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "read", Path: p, Err: fs.ErrInvalid}
	}
	return []byte(t.files[p]), nil
}

func (t *memTree) ReadLink(p string) (string, error) {
	return strings.TrimSpace(strings.TrimPrefix(t.files[p], "-> ")), nil
}

func (t *memTree) ReadDir(p string) ([]fs.DirEntry, error) {
	names, ok := t.dirs[p]
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
	t *memTree
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

// splitArchive splits an archive into the repository and the expectations, which are the
// files below "want/".
func splitArchive(t *testing.T, name string) (repo, want map[string]string) {
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
