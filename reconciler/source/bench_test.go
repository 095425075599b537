package source

import (
	"fmt"
	"os"
	"os/exec"
	"testing"

	"reconcile/internal/commitid"
	"reconcile/reconciler/source/gittest"
	"reconcile/reconciler/source/gittree"
	"reconcile/reconciler/source/gitwire"
)

// newMonorepo returns a repository with many files. RECONCILE_BENCH_MONOREPO may name an
// existing one.
func newMonorepo(b *testing.B) string {
	b.Helper()
	if dir := os.Getenv("RECONCILE_BENCH_MONOREPO"); dir != "" {
		return dir
	}
	repo := gittest.New(b)
	files := map[string]string{}
	for i := range 300 {
		for k := range 48 {
			files[fmt.Sprintf("modules/m%04d/files/f%03d.txt", i, k)] = fmt.Sprintf("%d %d %d\n", i, k, i*k)
		}
	}
	for i := range 1000 {
		for _, name := range []string{"main", "locals", "outputs", "versions"} {
			files[fmt.Sprintf("env/ws%04d/%s.tf", i, name)] = fmt.Sprintf("# %d %s\n", i, name)
		}
	}
	repo.Commit("whole tree", files)
	return repo.Dir
}

// BenchmarkIDs opens a repository, reads its tip and looks up every directory of a workspace
// or module, as a pass does before it knows what is stale.
func BenchmarkIDs(b *testing.B) {
	dir := newMonorepo(b)
	packed := b.TempDir() + "/packed.git"
	gittest.Git(b, ".", "clone", "-q", "--bare", "--no-local", dir, packed)
	for name, dir := range map[string]string{"loose": dir, "packed": packed} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := openRepository(b, Options{URL: dir})
				tip, err := r.Tip(b.Context(), "")
				if err != nil {
					b.Fatal(err)
				}
				commit, err := r.Fetch(b.Context(), tip.Commit)
				if err != nil {
					b.Fatal(err)
				}
				lookUpIDs(b, commit.Tree)
				commit.Close()
			}
		})
	}
}

func lookUpIDs(b *testing.B, tree *gittree.Tree) {
	for _, parent := range []string{"env", "modules"} {
		entries, err := tree.ReadDir(parent)
		if err != nil {
			b.Fatal(err)
		}
		for _, e := range entries {
			if tree.ID(parent+"/"+e.Name()) == gittree.Absent {
				b.Fatal(e.Name())
			}
		}
	}
}

// BenchmarkTip compares one request for the tip with C git's, on a remote with 5,000 refs.
func BenchmarkTip(b *testing.B) {
	repo := gittest.New(b)
	id := repo.Commit("first", map[string]string{"a": "1"})
	refs := ""
	for i := range 5000 {
		refs += fmt.Sprintf("create refs/pull/%d/head %s\n", i, id)
	}
	update := exec.Command("git", "update-ref", "--stdin")
	update.Dir = repo.Dir
	in, err := update.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := update.Start(); err != nil {
		b.Fatal(err)
	}
	fmt.Fprint(in, refs)
	in.Close()
	if err := update.Wait(); err != nil {
		b.Fatal(err)
	}
	gittest.Git(b, repo.Dir, "pack-refs", "--all")
	for _, v0 := range []bool{false, true} {
		server := gittest.ServeHTTP(b, repo)
		server.Username, server.Password, server.OnlyV0 = "ann", "password", v0
		protocol := map[bool]string{false: gitwire.ProtocolV2, true: gitwire.ProtocolV0}[v0]
		b.Run(protocol+"/reconcile", func(b *testing.B) {
			for b.Loop() { // opened again: no connection is reused
				if _, err := openRepository(b, Options{URL: server.URLWithPassword()}).Tip(b.Context(), protocol); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(protocol+"/git-ls-remote", func(b *testing.B) {
			for b.Loop() {
				gittest.Git(b, ".", "ls-remote", server.URLWithPassword(), "refs/heads/main")
			}
		})
	}
}

// BenchmarkFetch fetches a commit and checks it out, compared with a shallow clone by C git.
func BenchmarkFetch(b *testing.B) {
	dir := newMonorepo(b)
	bare := b.TempDir() + "/repo.git"
	gittest.Git(b, ".", "clone", "-q", "--bare", "--no-local", dir, bare)
	server := gittest.ServeHTTP(b, &gittest.Repo{Dir: bare})
	id := commitid.ID(gittest.Git(b, bare, "rev-parse", "main"))
	b.Run("fetch", func(b *testing.B) {
		for b.Loop() {
			commit, err := openRepository(b, Options{URL: server.URL}).Fetch(b.Context(), id)
			if err != nil {
				b.Fatal(err)
			}
			commit.Close()
		}
	})
	b.Run("git-clone-depth-1", func(b *testing.B) {
		for b.Loop() {
			gittest.Git(b, ".", "clone", "-q", "--bare", "--depth", "1", server.URL, b.TempDir()+"/clone")
		}
	})
	r := openRepository(b, Options{URL: server.URL})
	commit, err := r.Fetch(b.Context(), id)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { commit.Close() })
	b.Run("checkout", func(b *testing.B) {
		for b.Loop() {
			if err := commit.Tree.Checkout(b.Context(), b.TempDir()+"/tree", nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	checkoutDir := b.TempDir() + "/tree"
	if err := commit.Tree.Checkout(b.Context(), checkoutDir, nil); err != nil {
		b.Fatal(err)
	}
	b.Run("checkout-again", func(b *testing.B) {
		for b.Loop() {
			if err := commit.Tree.Checkout(b.Context(), checkoutDir, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("cached", func(b *testing.B) {
		for b.Loop() {
			commit, err := r.Fetch(b.Context(), id)
			if err != nil {
				b.Fatal(err)
			}
			lookUpIDs(b, commit.Tree)
			commit.Close()
		}
	})
}

// BenchmarkMerge fetches two commits of a large repository over HTTP with their history, and
// merges them: the cost of a preview before planning.
func BenchmarkMerge(b *testing.B) {
	bare := b.TempDir() + "/served.git"
	gittest.Git(b, ".", "clone", "-q", "--bare", "--no-local", newMonorepo(b), bare)
	work := b.TempDir() + "/work"
	gittest.Git(b, ".", "clone", "-q", bare, work)
	commit := func(path string) commitid.ID {
		if err := os.WriteFile(work+"/"+path, []byte("# changed\n"), 0o600); err != nil {
			b.Fatal(err)
		}
		gittest.Git(b, work, "commit", "-q", "-a", "-m", path)
		return commitid.ID(gittest.Git(b, work, "rev-parse", "HEAD"))
	}
	gittest.Git(b, work, "checkout", "-q", "-b", "topic")
	head := commit("env/ws0001/main.tf")
	gittest.Git(b, work, "checkout", "-q", "main")
	tip := commit("env/ws0002/main.tf")
	gittest.Git(b, work, "push", "-q", "origin", "main", "topic")
	server := gittest.ServeHTTP(b, &gittest.Repo{Dir: bare})
	for b.Loop() {
		merge, err := openRepository(b, Options{URL: server.URL}).Merge(b.Context(), tip, head)
		if err != nil || len(merge.Conflicts) > 0 {
			b.Fatal(merge, err)
		}
		if err := merge.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
