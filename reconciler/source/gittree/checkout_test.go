package gittree

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"reconcile/internal/commitid"
	"reconcile/reconciler/source/gittest"
	"reconcile/reconciler/source/internal/odb"

	"github.com/go-git/go-git/v5/plumbing"
)

// headTree returns the tree of the work tree's HEAD.
func headTree(t testing.TB, repo *gittest.Repo) *Tree {
	t.Helper()
	return openTree(t, repo, commitid.ID(repo.Git("rev-parse", "HEAD")))
}

func openTree(t testing.TB, repo *gittest.Repo, commit commitid.ID) *Tree {
	t.Helper()
	objects, err := odb.Open(filepath.Join(repo.Dir, "objects"))
	if err != nil {
		t.Fatal(err)
	}
	return New(objects, plumbing.NewHash(gittest.Git(t, repo.Dir, "rev-parse", string(commit)+"^{tree}")), time.Unix(0, 0), commit)
}

// readDisk returns content, mode or symlink target of everything below dir, by path.
func readDisk(t testing.TB, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		info, err := d.Info()
		if err != nil {
			return err
		}
		switch {
		case d.IsDir():
			found[name] = "dir"
			return nil
		case d.Type() == fs.ModeSymlink:
			target, err := os.Readlink(path)
			found[name] = "-> " + target
			return err
		}
		data, err := os.ReadFile(path)
		found[name] = info.Mode().String() + " " + string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func checkDisk(t *testing.T, dir string, want map[string]string) {
	t.Helper()
	got := readDisk(t, dir)
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if got[name] != want[name] {
			t.Errorf("%s: %q, want %q", name, got[name], want[name])
		}
		delete(got, name)
	}
	for name, content := range got {
		t.Errorf("%s: %q, want nothing", name, content)
	}
}

func checkOut(t testing.TB, tree *Tree, dir string, keep func(string, fs.DirEntry) bool) {
	t.Helper()
	if err := tree.Checkout(t.Context(), dir, keep); err != nil {
		t.Fatal(err)
	}
}

const (
	fileMode       = "-rw-r--r-- "
	executableMode = "-rwxr-xr-x "
)

func TestCheckout(t *testing.T) {
	t.Parallel()
	old := syscall.Umask(0o077) // modes must not depend on the umask
	defer syscall.Umask(old)
	repo := gittest.New(t)
	repo.Commit("first", map[string]string{
		"env/a/main.tf": "a", "env/b/main.tf": "b", "modules/m/x.tf": "x", "run.sh": "#!/bin/sh",
		"link": "-> env/a", "becomes-dir": "file", "becomes-file/x": "x", "turns": "-> link", "日本/ö.txt": "ü",
	})
	dir := filepath.Join(t.TempDir(), "tree")
	checkOut(t, headTree(t, repo), dir, nil)
	checkDisk(t, dir, map[string]string{
		"env": "dir", "env/a": "dir", "env/a/main.tf": fileMode + "a", "env/b": "dir", "env/b/main.tf": fileMode + "b",
		"modules": "dir", "modules/m": "dir", "modules/m/x.tf": fileMode + "x", "run.sh": executableMode + "#!/bin/sh",
		"link": "-> env/a", "becomes-dir": fileMode + "file", "becomes-file": "dir", "becomes-file/x": fileMode + "x",
		"turns": "-> link", "日本": "dir", "日本/ö.txt": fileMode + "ü",
	})
	// Files that a run leaves.
	for _, name := range []string{"env/a/.terraform", "env/b/.terraform/deep", "junk"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	writeFile(t, filepath.Join(dir, "env/b/.terraform/deep/f"), "kept")
	writeFile(t, filepath.Join(dir, "env/b/stray"), "stray")
	writeFile(t, filepath.Join(dir, "junk/stray"), "stray")

	repo.Commit("second", map[string]string{
		"env/b/main.tf": "", "modules/m/x.tf": "#!x", "becomes-dir": "", "becomes-file/x": "", "turns": "plain now", "run.sh": "plain",
	})
	repo.Commit("third", map[string]string{"becomes-dir/y": "y", "becomes-file": "now"})
	checkOut(t, headTree(t, repo), dir, func(path string, _ fs.DirEntry) bool { return strings.HasSuffix(path, "/.terraform") })
	checkDisk(t, dir, map[string]string{
		"env": "dir", "env/a": "dir", "env/a/main.tf": fileMode + "a", "env/a/.terraform": "dir",
		"env/b": "dir", "env/b/.terraform": "dir", "env/b/.terraform/deep": "dir", "env/b/.terraform/deep/f": "-rw------- kept",
		"modules": "dir", "modules/m": "dir", "modules/m/x.tf": executableMode + "#!x", "run.sh": fileMode + "plain",
		"link": "-> env/a", "becomes-dir": "dir", "becomes-dir/y": fileMode + "y", "becomes-file": fileMode + "now",
		"turns": fileMode + "plain now", "日本": "dir", "日本/ö.txt": fileMode + "ü",
	})
}

func TestCheckoutWritesOnlyWhatDiffers(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	repo.Commit("first", map[string]string{"a": "1", "b": "1"})
	dir := filepath.Join(t.TempDir(), "tree")
	checkOut(t, headTree(t, repo), dir, nil)
	before := inodeOf(t, dir, "a")
	repo.Commit("second", map[string]string{"b": "2"})
	checkOut(t, headTree(t, repo), dir, nil)
	if inodeOf(t, dir, "a") != before {
		t.Error("a was written though it did not change")
	}
	checkDisk(t, dir, map[string]string{"a": fileMode + "1", "b": fileMode + "2"})
}

func inodeOf(t *testing.T, dir, name string) uint64 {
	t.Helper()
	info, err := os.Stat(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return info.Sys().(*syscall.Stat_t).Ino
}

// TestCheckoutRepairs: after any damage to the directory or the manifest, the next checkout
// repairs it.
func TestCheckoutRepairs(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	repo.Commit("first", map[string]string{"a/f": "one", "b": "two", "l": "-> b", "d/e/f": "deep"})
	outside := t.TempDir()
	writeFile(t, filepath.Join(outside, "f"), "outside")
	damages := map[string]func(dir string) error{
		"file removed":         func(dir string) error { return os.Remove(filepath.Join(dir, "b")) },
		"directory removed":    func(dir string) error { return os.RemoveAll(filepath.Join(dir, "d")) },
		"file cut":             func(dir string) error { return os.Truncate(filepath.Join(dir, "b"), 1) },
		"file changed":         func(dir string) error { return os.WriteFile(filepath.Join(dir, "b"), []byte("owt"), 0o600) },
		"mode changed":         func(dir string) error { return os.Chmod(filepath.Join(dir, "b"), 0o755) },
		"manifest removed":     func(dir string) error { return os.Remove(dir + ".manifest") },
		"manifest cut":         func(dir string) error { return os.Truncate(dir+".manifest", 20) },
		"manifest without dir": func(dir string) error { return os.RemoveAll(dir) },
		"link elsewhere": func(dir string) error {
			return errors.Join(os.Remove(filepath.Join(dir, "l")), os.Symlink(outside, filepath.Join(dir, "l")))
		},
		"directory is a link": func(dir string) error {
			return errors.Join(os.RemoveAll(filepath.Join(dir, "a")), os.Symlink(outside, filepath.Join(dir, "a")))
		},
		"file is a directory": func(dir string) error {
			return errors.Join(os.Remove(filepath.Join(dir, "b")), os.MkdirAll(filepath.Join(dir, "b", "c"), 0o755))
		},
		"strays": func(dir string) error {
			return errors.Join(os.MkdirAll(filepath.Join(dir, "x", "y"), 0o755), os.Symlink(outside, filepath.Join(dir, "x", "l")))
		},
		"another boot": func(dir string) error {
			data, err := os.ReadFile(dir + ".manifest")
			text := strings.Replace(string(data), `"Boot":"`, `"Boot":"another`, 1)
			return errors.Join(err, os.WriteFile(dir+".manifest", []byte(text), 0o600), os.WriteFile(filepath.Join(dir, "b"), nil, 0o600))
		},
	}
	for name, damage := range damages {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "tree")
			checkOut(t, headTree(t, repo), dir, nil)
			if err := damage(dir); err != nil {
				t.Fatal(err)
			}
			checkOut(t, headTree(t, repo), dir, nil)
			checkDisk(t, dir, map[string]string{"a": "dir", "a/f": fileMode + "one", "b": fileMode + "two", "l": "-> b", "d": "dir", "d/e": "dir", "d/e/f": fileMode + "deep"})
			if data, err := os.ReadFile(filepath.Join(outside, "f")); string(data) != "outside" {
				t.Errorf("a file outside is %q, %v", data, err)
			}
		})
	}
}

// TestCheckoutKilled: the next checkout completes one that was killed anywhere, with a file
// half written and no manifest, also for another commit.
func TestCheckoutKilled(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	files := [2]map[string]string{{}, {}}
	for i := range files {
		for _, dir := range []string{"a/", "b/", "c/d/", ""} {
			for _, name := range []string{"1", "2", "3"} {
				files[i][dir+name] = strings.Repeat(name, 3-i) + dir
			}
		}
	}
	commits := []commitid.ID{repo.Commit("first", files[0]), repo.Commit("second", files[1])}
	random := rand.New(rand.NewPCG(1, 2))
	for range 30 {
		dir := filepath.Join(t.TempDir(), "tree")
		for range 3 {
			noted, _ := os.ReadFile(dir + ".manifest")
			tree := openTree(t, repo, commits[random.IntN(2)])
			tree.objects = &failingStore{Reader: tree.objects, maxBlobs: int64(random.IntN(14))}
			if tree.Checkout(t.Context(), dir, nil) == nil {
				continue
			}
			if err := os.WriteFile(dir+".manifest", noted, 0o600); err != nil {
				t.Fatal(err)
			}
			_ = os.Truncate(filepath.Join(dir, "c/d/2"), 1)
		}
		checkOut(t, openTree(t, repo, commits[1]), dir, nil)
		want := map[string]string{"a": "dir", "b": "dir", "c": "dir", "c/d": "dir"}
		for name, content := range files[1] {
			want[name] = fileMode + content
		}
		checkDisk(t, dir, want)
	}
}

// failingStore is a store that fails after so many blobs.
type failingStore struct {
	Reader
	maxBlobs int64
	blobs    atomic.Int64
}

func (s *failingStore) Read(id plumbing.Hash) (plumbing.ObjectType, []byte, error) {
	kind, data, err := s.Reader.Read(id)
	if kind == plumbing.BlobObject && s.blobs.Add(1) > s.maxBlobs {
		return 0, nil, errors.New("stopped")
	}
	return kind, data, err
}

// TestCheckoutSkipsUnsafe: a symlink that points outside the checkout is skipped and reported.
func TestCheckoutSkipsUnsafe(t *testing.T) {
	t.Parallel()
	links := map[string]struct {
		files map[string]string
		link  string
		why   string // "": it is checked out
	}{
		"absolute":            {map[string]string{"l": "-> /etc/passwd"}, "l", "points outside the repository, to /etc/passwd"},
		"above":               {map[string]string{"l": "-> .."}, "l", "points outside"},
		"above, deeper":       {map[string]string{"a/b/l": "-> ../../../x"}, "a/b/l", "points outside"},
		"through another":     {map[string]string{"a/b/up": "-> ../..", "l": "-> a/b/up/.."}, "l", "points outside"},
		"above what is not":   {map[string]string{"l": "-> nothing/../../x"}, "l", "points outside"},
		"above what may come": {map[string]string{"env/a/main.tf": "x", "l": "-> env/a/.terraform/../.."}, "l", "points outside"},
		"through one out":     {map[string]string{"out": "-> /etc", "l": "-> out/hosts"}, "l", "points outside"},
		"a circle":            {map[string]string{"l": "-> m", "m": "-> l"}, "l", ""},
		"dangling":            {map[string]string{"env/a/l": "-> ../b/terraform.tfstate"}, "env/a/l", ""},
		"up and down":         {map[string]string{"env/a/x": "x", "l": "-> env/a/.."}, "l", ""},
		"a backslash":         {map[string]string{"l": `-> a\b`}, "l", ""},
	}
	for name, test := range links {
		t.Run(name, func(t *testing.T) {
			repo := gittest.New(t)
			test.files["beside"] = "b"
			repo.Commit("links", test.files)
			tree := headTree(t, repo)
			dir := filepath.Join(t.TempDir(), "tree")
			checkOut(t, tree, dir, nil)
			got := readDisk(t, dir)
			if got["beside"] != fileMode+"b" {
				t.Errorf("beside it: %q", got["beside"])
			}
			skipped, err := tree.SkippedEntries(path.Dir(test.link))
			if err != nil {
				t.Fatal(err)
			}
			if test.why == "" {
				if got[test.link] != test.files[test.link] || len(skipped) > 0 {
					t.Errorf("%q, %v", got[test.link], skipped)
				}
				return
			}
			if _, ok := got[test.link]; ok || !strings.Contains(fmt.Sprint(skipped), test.link+" is not checked out: it is a symlink that "+test.why) {
				t.Errorf("%q, %v", got[test.link], skipped)
			}
		})
	}
}

// TestWithSkipped checks that a search sees what is not checked out, and nothing that has no
// path; that a tree without its objects shows it as empty; and that its paths count.
func TestWithSkipped(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	blob := repo.WriteObject("blob", []byte("x"))
	out := repo.WriteObject("blob", []byte("/etc/hosts"))
	inner := repo.WriteTree(gittest.Entry{Mode: "100644", Name: "main.tf", ID: blob})
	long := strings.Repeat("n", maxName+1)
	entries := []gittest.Entry{
		{Mode: "100644", Name: ".", ID: blob}, {Mode: "40000", Name: "a", ID: inner}, {Mode: "40000", Name: "a/b", ID: inner},
		{Mode: "40000", Name: "git~1", ID: inner}, {Mode: "120000", Name: "l", ID: out}, {Mode: "40000", Name: long, ID: inner},
	}
	list := func(tree fs.FS, dir string) (names []string) {
		found, err := fs.ReadDir(tree, dir)
		if err != nil {
			t.Errorf("%s: %v", dir, err)
		}
		for _, d := range found {
			names = append(names, d.Name())
		}
		return names
	}
	tree := openTree(t, repo, repo.CommitTree(repo.WriteTree(entries...)))
	if got := list(tree.WithSkipped(), "."); !slices.Equal(got, []string{"a", "git~1", "l", long}) {
		t.Errorf("with what is skipped: %q", got)
	}
	if got := list(tree.WithSkipped(), "git~1"); !slices.Equal(got, []string{"main.tf"}) {
		t.Errorf("below what is skipped: %q", got)
	}
	if got := list(tree, "."); !slices.Equal(got, []string{"a"}) {
		t.Errorf("without: %q", got)
	}

	absent := strings.Repeat("1", 40)
	tree = openTree(t, repo, repo.CommitTree(repo.WriteTree(
		gittest.Entry{Mode: "40000", Name: "a", ID: absent}, gittest.Entry{Mode: "40000", Name: "git~1", ID: absent})))
	if got := list(tree.WithSkipped(), "git~1"); len(got) > 0 {
		t.Errorf("without its objects: %q", got)
	}
	if _, err := fs.ReadDir(tree.WithSkipped(), "a"); !errors.Is(err, odb.ErrNotFound) {
		t.Errorf("a directory that is lost: %v", err)
	}

	id := inner
	for range 10 {
		var ten []gittest.Entry
		for i := range 10 {
			ten = append(ten, gittest.Entry{Mode: "40000", Name: fmt.Sprint("n", i), ID: id})
		}
		id = repo.WriteTree(ten...)
	}
	all := openTree(t, repo, repo.CommitTree(repo.WriteTree(gittest.Entry{Mode: "40000", Name: "git~1", ID: id}))).WithSkipped()
	err := error(nil)
	for i := 0; i <= maxUncheckedListings && err == nil; i++ {
		_, err = fs.ReadDir(all, "git~1")
	}
	if !errors.Is(err, ErrTreeTooLarge) {
		t.Errorf("with 10^10 paths: %v", err)
	}
}

func writeFile(t testing.TB, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
