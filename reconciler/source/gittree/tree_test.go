package gittree

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"maps"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"

	"reconcile/reconciler/source/gittest"
	"reconcile/reconciler/source/internal/odb"
)

// countingReader counts how often each object is read.
type countingReader struct {
	trees map[plumbing.Hash][]byte
	reads map[plumbing.Hash]int
}

func (r *countingReader) Read(id plumbing.Hash) (plumbing.ObjectType, []byte, error) {
	r.reads[id]++
	return plumbing.TreeObject, r.trees[id], nil
}

func (r *countingReader) Open(context.Context, plumbing.Hash) (*odb.Object, error) {
	return nil, odb.ErrNotFound
}
func (r *countingReader) Size(plumbing.Hash) (int64, error) { return 0, odb.ErrNotFound }
func (r *countingReader) Has(id plumbing.Hash) bool         { return r.trees[id] != nil }

// TestShare checks that two trees of one repository read each directory once, and that each
// finds what is its own.
func TestShare(t *testing.T) {
	t.Parallel()
	r := &countingReader{trees: map[plumbing.Hash][]byte{}, reads: map[plumbing.Hash]int{}}
	add := func(entries ...Entry) plumbing.Hash {
		data := encodeTree(entries)
		id := plumbing.ComputeHash(plumbing.TreeObject, data)
		r.trees[id] = data
		return id
	}
	dir := func(name string, id plumbing.Hash) Entry { return Entry{Name: name, Mode: filemode.Dir, ID: id} }
	file := Entry{Name: "main.tf", Mode: filemode.Regular, ID: plumbing.NewHash("01")}
	same := add(file)
	old, current := add(file, dir("deep", same)), add(dir("deep", same))
	a := New(r, add(dir("same", same), dir("other", old)), time.Time{}, "")
	b := New(r, add(dir("same", same), dir("other", current)), time.Time{}, "")
	b.Share(a)
	for _, tree := range []*Tree{a, b} {
		for _, p := range []string{"same/main.tf", "other/deep/main.tf"} {
			if got := tree.ID(p); got != file.String() {
				t.Errorf("%s is %s", p, got)
			}
		}
	}
	if a.ID("other/main.tf") == Absent || b.ID("other/main.tf") != Absent {
		t.Errorf("other/main.tf: %s, %s", a.ID("other/main.tf"), b.ID("other/main.tf"))
	}
	for id := range maps.Keys(r.trees) {
		if r.reads[id] != 1 {
			t.Errorf("%s was read %d times", id, r.reads[id])
		}
	}
}

func FuzzTree(f *testing.F) {
	f.Add([]byte("100644 a\x00" + strings.Repeat("x", 20)))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := parseTree(data)
		if err != nil {
			return
		}
		for _, e := range list.entries {
			unsafe := e.Name == "" || e.Name == "." || e.Name == ".." || strings.ContainsAny(e.Name, "/\x00") || strings.EqualFold(e.Name, ".git")
			if unsafe && e.Problem == "" {
				t.Errorf("name %q", e.Name)
			}
		}
		if list.canonical && !bytes.Equal(encodeTree(list.entries), data) {
			t.Errorf("%q is not what its entries make", data)
		}
	})
}

func TestTreeIsAFileSystem(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	repo.Commit("first", map[string]string{"env/a/main.tf": "a", "env/b/main.tf": "b", "link": "-> env/a", "empty": "", "a-b": "1", "a.b": "2", "a/x": "3"})
	tree := headTree(t, repo)
	if err := fstest.TestFS(tree, "env/a/main.tf", "env/b/main.tf", "link", "a-b", "a.b", "a/x"); err != nil {
		t.Error(err)
	}
	if data, err := tree.ReadFile("link/main.tf"); string(data) != "a" || err != nil {
		t.Errorf("through a link: %q, %v", data, err)
	}
	if target, err := tree.ReadLink("link"); target != "env/a" || err != nil {
		t.Errorf("link to %q, %v", target, err)
	}
	if _, err := tree.ReadLink("a-b"); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("a file read as a link: %v", err)
	}
	for _, path := range []string{"", "../x", "/env", "env/", "nothing", "env/a/main.tf/x", "link/nothing"} {
		if id := tree.ID(path); id != Absent {
			t.Errorf("ID(%q) = %s", path, id)
		}
	}
	for path, want := range map[string]string{".": "040000:" + repo.Git("rev-parse", "HEAD^{tree}"), "link": "120000:", "link/main.tf": tree.ID("env/a/main.tf")} {
		if id := tree.ID(path); !strings.HasPrefix(id, want) {
			t.Errorf("ID(%q) = %s, want %s", path, id, want)
		}
	}
}

func TestSubmodule(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	sub := repo.Commit("first", map[string]string{"a": "1"})
	repo.Git("update-index", "--add", "--cacheinfo", "160000,"+string(sub)+",vendor/sub")
	repo.CommitStaged("submodule")
	tree := headTree(t, repo)
	if id := tree.ID("vendor/sub"); id != "160000:"+string(sub) {
		t.Error(id)
	}
	entries, err := tree.ReadDir("vendor")
	if err != nil || len(entries) != 1 || entries[0].IsDir() || entries[0].Type() != fs.ModeIrregular {
		t.Errorf("%v, %v", entries, err)
	}
	info, err := tree.Lstat("vendor/sub")
	if err != nil || info.Sys() != (Object{0o160000, string(sub)}) {
		t.Errorf("%v, %v", info, err)
	}
	if _, err := tree.ReadFile("vendor/sub"); !errors.Is(err, errSubmodule) {
		t.Error(err)
	}
	dir := filepath.Join(t.TempDir(), "tree")
	checkOut(t, tree, dir, nil)
	checkDisk(t, dir, map[string]string{"a": fileMode + "1", "vendor": "dir", "vendor/sub": "dir"})
}

// TestTreeNames covers trees that Git itself would not write.
func TestTreeNames(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	blob := repo.Git("hash-object", "-w", "--stdin")
	problemOf := func(raw string) string {
		list, err := parseTree([]byte(raw))
		if err != nil || len(list.entries) == 0 || list.canonical {
			t.Errorf("%q: %+v, %v", raw, list, err)
		}
		return list.entries[0].Problem
	}
	id := strings.Repeat("x", 20)
	for _, name := range []string{"..", ".", ".git", ".GIT", "git~1", "GIT~1", ".g\u200cit", ".git\ufeff", "a/b", "", strings.Repeat("n", 256)} {
		if problemOf("100644 "+name+"\x00"+id) == "" {
			t.Errorf("name %q is checked out", name)
		}
	}
	for _, mode := range []string{"100000", "644", "20000", "104644"} {
		if problemOf(mode+" a\x00"+id) == "" {
			t.Errorf("mode %s is checked out", mode)
		}
	}
	if problemOf("100644 a\x00"+id+"40000 a\x00"+id) == "" {
		t.Error("a name twice is checked out")
	}
	// Checked out, although the checkout does not show the exact entry.
	for _, raw := range []string{"100664 a\x00" + id, "160000 a\x00" + id, "0100644 a\x00" + id, "100644 b\x00" + id + "100644 a\x00" + id, "40000 a\x00" + string(emptyTreeID[:])} {
		if why := problemOf(raw); why != "" {
			t.Errorf("%q: %s", raw, why)
		}
	}
	for _, name := range []string{"\x8e\x91", "a\nb", `a\b`, "\x1b[31m", "か\u3099", ".gitignore", "git~2"} {
		if list, err := parseTree([]byte("100644 " + name + "\x00" + id)); err != nil || !list.canonical {
			t.Errorf("name %q: %+v, %v", name, list, err)
		}
	}
	for _, raw := range []string{"100644", "100644 a", "100644 a\x00short", "9 a\x00" + id} {
		if _, err := parseTree([]byte(raw)); err == nil {
			t.Errorf("damaged %q was parsed", raw)
		}
	}
	// Names that differ only in case are different names.
	repo.Git("update-index", "--add", "--cacheinfo", "100644,"+blob+",README", "--cacheinfo", "100644,"+blob+",readme")
	repo.CommitStaged("case")
	if tree := headTree(t, repo); tree.ID("README") == Absent || tree.ID("readme") == Absent || tree.ID("Readme") != Absent {
		t.Error("names that differ in case")
	}
}
