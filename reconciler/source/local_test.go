package source

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"reconcile/internal/commitid"
	"reconcile/reconciler/source/gittest"
	"reconcile/reconciler/source/gittree"
	"reconcile/reconciler/source/gitwire"
)

// TestLocalPaths: a repository is found from any directory in it, and has one name.
func TestLocalPaths(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	id := repo.Commit("first", map[string]string{"env/a/main.tf": "a"})
	linked := filepath.Join(t.TempDir(), "linked")
	repo.Git("worktree", "add", "-q", "-b", "side", linked)
	alias := filepath.Join(t.TempDir(), "alias")
	if err := os.Symlink(repo.Work, alias); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{repo.Work, filepath.Join(repo.Work, "env", "a"), filepath.Join(repo.Work, ".git"), linked, filepath.Join(linked, "env"), alias} {
		r := openRepository(t, Options{URL: path})
		tip, err := r.Tip(t.Context(), "")
		if err != nil || tip.Commit != id {
			t.Errorf("%s: %v, %v", path, tip, err)
		}
		if want, _ := filepath.EvalSymlinks(repo.Work); r.Name() != want {
			t.Errorf("%s has the name %s, want %s", path, r.Name(), want)
		}
		fetch(t, r, id)
	}
	for _, path := range []string{filepath.Join(repo.Work, "nothing"), t.TempDir()} {
		if _, err := Open(Options{URL: path}); !errors.Is(err, gitwire.ErrNotFound) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// TestLocalIgnoresWorkTree: uncommitted files are ignored.
// TestLocalGitDirectoryThatCannotBeRead checks that it is not told as one that is not there. A
// link in a circle stands for what only another user may read.
func TestLocalGitDirectoryThatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	if err := os.Symlink(".git", filepath.Join(dir, ".git")); err != nil {
		t.Fatal(err)
	}
	_, err := Open(Options{URL: dir, Branch: "main", CacheDir: t.TempDir()})
	if !errors.Is(err, gitwire.ErrNotFound) || !errors.Is(err, syscall.ELOOP) || !strings.Contains(err.Error(), "its Git directory cannot be read") {
		t.Errorf("got %v", err)
	}
}

func TestLocalIgnoresWorkTree(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	id := repo.Commit("first", map[string]string{"a": "committed"})
	writeFile(t, filepath.Join(repo.Work, "a"), "changed")
	writeFile(t, filepath.Join(repo.Work, "b"), "new")
	repo.Git("add", "-A")
	repo.Git("checkout", "-q", "-b", "elsewhere")
	r := openRepository(t, Options{URL: repo.Work})
	tip, err := r.Tip(t.Context(), "")
	if err != nil || tip.Commit != id {
		t.Fatal(tip, err)
	}
	tree := fetch(t, r, id).Tree
	if data, err := tree.ReadFile("a"); string(data) != "committed" || tree.ID("b") != gittree.Absent {
		t.Errorf("%q, %v, %s", data, err, tree.ID("b"))
	}
}

// TestLocalStores covers loose, packed, delta and alternate objects, and a repack while the
// store is open.
func TestLocalStores(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	long := ""
	var ids []commitid.ID
	var texts []string
	for i := range 20 {
		for k := range 50 {
			long += fmt.Sprintf("%x\n", sha256.Sum256([]byte{byte(i), byte(k)}))
		}
		ids = append(ids, repo.Commit("grows", map[string]string{"long": long, "dir/long": long + "x"}))
		texts = append(texts, long)
	}
	check := func(what, dir string) {
		t.Helper()
		r := openRepository(t, Options{URL: dir})
		for i, id := range ids {
			tree := fetch(t, r, id).Tree
			data, err := tree.ReadFile("long")
			if want := texts[i]; err != nil || string(data) != want {
				t.Errorf("%s: %s: %d bytes, %v; want %d", what, id, len(data), err, len(want))
			}
			if info, err := tree.Stat("long"); err != nil || info.Size() != int64(len(data)) {
				t.Errorf("%s: size %v, %v; want %d", what, info, err, len(data))
			}
		}
	}
	check("loose", repo.Work)
	reader := fetch(t, openRepository(t, Options{URL: repo.Work}), ids[3])
	repo.Git("repack", "-q", "-a", "-d", "-f", "--depth=50")
	repo.Git("pack-refs", "--all")
	check("packed", repo.Work)
	if _, err := reader.Tree.ReadFile("dir/long"); err != nil {
		t.Errorf("repacked while open: %v", err)
	}
	borrower := filepath.Join(t.TempDir(), "borrower.git")
	gittest.Git(t, ".", "clone", "-q", "--bare", "--shared", repo.Work, borrower)
	check("borrowed", borrower)
	// Git's own way to write a path that starts with a quote, or has a line break.
	odd := filepath.Join(t.TempDir(), "a \"b\"\tü")
	if err := os.Symlink(filepath.Join(repo.Work, ".git", "objects"), odd); err != nil {
		t.Fatal(err)
	}
	quoted := `"` + filepath.Dir(odd) + `/a \"b\"\t\303\274"`
	writeFile(t, filepath.Join(borrower, "objects", "info", "alternates"), "# a comment\n\n"+quoted+"\n")
	if got := gittest.Git(t, borrower, "cat-file", "-t", string(ids[0])); got != "commit" {
		t.Fatalf("Git itself reads %q", got)
	}
	check("borrowed by a quoted path", borrower)
}

// A byte of a pack that flipped on the disk is named as that, with what helps.
func TestLocalDamage(t *testing.T) {
	t.Parallel()
	repo, _, id := newContentRepo(t)
	repo.Git("repack", "-q", "-a", "-d")
	names, err := filepath.Glob(filepath.Join(repo.Work, ".git/objects/pack/*.pack"))
	if err != nil || len(names) != 1 {
		t.Fatal(names, err)
	}
	if err := flipByte(names[0]); err != nil {
		t.Fatal(err)
	}
	tree := fetch(t, openRepository(t, Options{URL: repo.Work}), id).Tree
	damaged := ""
	for i := range 50 {
		if _, err := tree.ReadFile(fmt.Sprintf("dir%d/file%d", i%7, i)); err != nil {
			damaged = err.Error()
		}
	}
	if !strings.Contains(damaged, "damaged") || !strings.Contains(damaged, "git fsck") {
		t.Errorf("error: %q", damaged)
	}
}

// packAll puts all objects of the repository into one pack, and returns its name and content.
func packAll(t *testing.T, repo *gittest.Repo) (name string, content []byte) {
	t.Helper()
	repo.Git("repack", "-q", "-a", "-d")
	names, err := filepath.Glob(filepath.Join(repo.Work, ".git/objects/pack/*.pack"))
	if err != nil || len(names) != 1 {
		t.Fatal(names, err)
	}
	if content, err = os.ReadFile(names[0]); err != nil {
		t.Fatal(err)
	}
	return names[0], content
}

// TestLocalDamagedHeader: the first bytes of a compressed object are damage, too.
func TestLocalDamagedHeader(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	id := repo.Commit("first", map[string]string{"a": "1"})
	name, pack := packAll(t, repo)
	const header = 0x78 // of zlib, after the 12 bytes of the pack's and those of the object's
	pack[12+bytes.IndexByte(pack[12:], header)] ^= 0x15
	if err := errors.Join(os.Remove(name), os.WriteFile(name, pack, 0o600)); err != nil {
		t.Fatal(err)
	}
	_, err := openRepository(t, Options{URL: repo.Work}).Fetch(t.Context(), id)
	if err == nil || !strings.Contains(err.Error(), "damaged: zlib: invalid header") || !strings.Contains(err.Error(), "git fsck") {
		t.Errorf("error: %v", err)
	}
}

// TestLocalDamagedKind: a flipped kind in the head of an object is damage, too.
func TestLocalDamagedKind(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	id := repo.Commit("first", map[string]string{"a": "1"})
	name, intact := packAll(t, repo)
	for _, line := range strings.Split(repo.Git("verify-pack", "-v", name), "\n") {
		fields := strings.Fields(line) // id, kind, size, size in the pack, offset
		if len(fields) != 5 || fields[1] == "commit" {
			continue
		}
		offset, err := strconv.Atoi(fields[4])
		if err != nil {
			t.Fatal(err)
		}
		pack := bytes.Clone(intact)
		pack[offset] ^= 0x10 // a blob becomes a tree, a tree a blob
		if err := errors.Join(os.Remove(name), os.WriteFile(name, pack, 0o600)); err != nil {
			t.Fatal(err)
		}
		commit, err := openRepository(t, Options{URL: repo.Work}).Fetch(t.Context(), id)
		if err == nil {
			_, err = commit.Tree.ReadFile("a")
		}
		if err == nil || !strings.Contains(err.Error(), "damaged: object "+fields[0]) || !strings.Contains(err.Error(), "git fsck") {
			t.Errorf("the %s: %v", fields[1], err)
		}
	}
}

// A partial clone is read as far as it has the objects of the commit, else the error says so.
func TestLocalPartialClone(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	id := repo.Commit("first", map[string]string{"env/a/main.tf": "a"})
	repo.Git("config", "uploadpack.allowFilter", "true")
	dir := t.TempDir()
	full, bare := filepath.Join(dir, "full"), filepath.Join(dir, "bare")
	gittest.Git(t, ".", "clone", "-q", "--filter=blob:none", "file://"+repo.Work, full)
	if data, err := fetch(t, openRepository(t, Options{URL: full}), id).Tree.ReadFile("env/a/main.tf"); err != nil || string(data) != "a" {
		t.Errorf("%q, %v", data, err)
	}
	gittest.Git(t, ".", "clone", "-q", "--bare", "--filter=blob:none", "file://"+repo.Work, bare)
	_, err := openRepository(t, Options{URL: bare}).Fetch(t.Context(), id)
	if err == nil || !strings.Contains(err.Error(), "partial clone") || !strings.Contains(err.Error(), "--refetch") {
		t.Errorf("without the files: %v", err)
	}
}

// TestLocalSettings: settings that change the repository's format are refused, others are
// not.
func TestLocalSettings(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	id := repo.Commit("first", map[string]string{"a": "1"})
	repo.Git("config", "core.repositoryformatversion", "1")
	repo.Git("config", "extensions.worktreeConfig", "true")
	repo.Git("config", "extensions.preciousObjects", "true")
	if tip, err := openRepository(t, Options{URL: repo.Work}).Tip(t.Context(), ""); tip.Commit != id || err != nil {
		t.Errorf("%v, %v", tip, err)
	}
	other := filepath.Join(t.TempDir(), "sha256")
	gittest.Git(t, ".", "init", "-q", "--object-format=sha256", other)
	if _, err := Open(Options{URL: other}); !errors.Is(err, gitwire.ErrNotFound) {
		t.Errorf("SHA-256: %v", err)
	} else {
		t.Log(err)
	}
}

func TestLocalResolve(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	first := repo.Commit("first", map[string]string{"a": "1"})
	second := repo.Commit("second", map[string]string{"a": "2"})
	repo.Git("tag", "-a", "-m", "one", "v1", string(first))
	r := openRepository(t, Options{URL: repo.Work})
	for rev, want := range map[string]commitid.ID{"main": second, "HEAD": second, "HEAD~1": first, "main^": first, "v1": first, string(first[:8]): first, string(first): first} {
		if id, err := r.Resolve(t.Context(), rev); id != want || err != nil {
			t.Errorf("Resolve(%s) = %s, %v; want %s", rev, id, err, want)
		}
	}
	for _, rev := range []string{"nothing", "", "deadbeef", "0123456789012345678901234567890123456789"} {
		if id, err := r.Resolve(t.Context(), rev); !errors.Is(err, gitwire.ErrRevision) {
			t.Errorf("Resolve(%q) = %s, %v", rev, id, err)
		}
	}
}

// TestShallowClone: where history ends early, the result is unknown.
func TestShallowClone(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	first := repo.Commit("first", map[string]string{"a": "1"})
	repo.Commit("second", map[string]string{"a": "2"})
	third := repo.Commit("third", map[string]string{"a": "3"})
	clone := filepath.Join(t.TempDir(), "clone")
	gittest.Git(t, ".", "clone", "-q", "--depth", "1", "file://"+repo.Dir, clone)
	yes, known, err := openRepository(t, Options{URL: clone}).Contains(t.Context(), third, first)
	if yes || known || err != nil {
		t.Error(yes, known, err)
	}
}
