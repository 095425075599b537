package source

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"reconcile/internal/commitid"
	"reconcile/internal/testtier"
	"reconcile/reconciler/source/gittest"
	"reconcile/reconciler/source/gittree"
)

// TestMergeAsGit merges random trees and compares with git merge-tree: the same tree, or a
// conflict in both.
func TestMergeAsGit(t *testing.T) {
	t.Parallel()
	testtier.Checks(t, 60, 100)
	repo := gittest.New(t)
	repo.Commit("first", map[string]string{"a": "1"})
	r := openRepository(t, Options{URL: repo.Dir})
	clean, conflicts := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		base := drawTree(t)
		tip, head := mutateTree(t, base, "tip"), mutateTree(t, base, "head")
		ids := importCommits(t, repo.Dir, base, tip, head)
		want, ok := gitMerge(t, repo.Dir, ids[1], ids[2])
		merge, err := r.Merge(t.Context(), ids[1], ids[2])
		if err != nil {
			t.Fatal(err)
		}
		defer merge.Close()
		if merge.Base != ids[0] {
			t.Fatalf("base is %s, want %s", merge.Base, ids[0])
		}
		if !ok {
			conflicts++
			if len(merge.Conflicts) == 0 {
				t.Fatalf("Git has a conflict, we have none\n%s", want)
			}
			return
		}
		clean++
		if len(merge.Conflicts) > 0 {
			t.Fatalf("we have conflicts %v, Git has none", merge.Conflicts)
		}
		if got := merge.Commit.Tree.Root().ID.String(); got != want {
			t.Fatalf("tree %s, Git makes %s", got, want)
		}
		if err := merge.Commit.Tree.CheckConnected(); err != nil {
			t.Fatal(err)
		}
	})
	if clean == 0 || conflicts == 0 {
		t.Errorf("%d clean merges and %d with conflicts: the test no longer sees both", clean, conflicts)
	}
}

func drawTree(t *rapid.T) map[string]string {
	files := map[string]string{}
	for _, name := range []string{"a", "b", "dir/a", "dir/b", "dir/deep/a", "run.sh"} {
		if rapid.IntRange(0, 4).Draw(t, "there") > 0 {
			files[name] = drawText(t, name)
		}
	}
	return files
}

// drawText draws lines that are all different, also from other files. With repeated lines a
// diff is ambiguous, and Git may choose another; for similar files Git may detect a rename.
// The last line may have no newline.
func drawText(t *rapid.T, name string) string {
	var b strings.Builder
	for i := range rapid.IntRange(1, 14).Draw(t, "lines") {
		fmt.Fprintf(&b, "%s: line %d\n", name, i)
	}
	return strings.TrimSuffix(b.String(), rapid.SampledFrom([]string{"", "", "", "\n"}).Draw(t, "end"))
}

// mutateTree returns the tree after the changes of one side.
func mutateTree(t *rapid.T, base map[string]string, side string) map[string]string {
	files := maps.Clone(base)
	for i := range rapid.IntRange(0, 4).Draw(t, side) {
		name := rapid.SampledFrom([]string{"a", "b", "dir/a", "dir/b", "dir/deep/a", "run.sh", "new"}).Draw(t, "which")
		switch rapid.IntRange(0, 9).Draw(t, "how") {
		case 0:
			delete(files, name)
		case 1:
			files[name] = drawText(t, name)
		case 2:
			if text, ok := files[name]; ok {
				files[name] = "#!" + strings.TrimPrefix(text, "#!")
			}
		default:
			if text, ok := files[name]; ok {
				files[name] = editLine(t, text, i)
			}
		}
	}
	return files
}

// editLine changes, removes or adds one line. The other side may write the same line, but
// this side writes it only once.
func editLine(t *rapid.T, text string, unique int) string {
	lines := strings.SplitAfter(text, "\n")
	at := rapid.IntRange(0, len(lines)-1).Draw(t, "line")
	added := fmt.Sprintf("%s, edit %d\n", strings.TrimSpace(lines[at]), unique)
	switch rapid.IntRange(0, 2).Draw(t, "edit") {
	case 0:
		lines[at] = added
	case 1:
		lines = slices.Delete(lines, at, at+1)
	default:
		lines = slices.Insert(lines, at, added)
	}
	return strings.Join(lines, "")
}

// importCommits creates a commit of base and two commits on top of it.
func importCommits(t *rapid.T, dir string, trees ...map[string]string) []commitid.ID {
	var in strings.Builder
	for i, files := range trees {
		fmt.Fprintf(&in, "commit refs/heads/t%d\nmark :%d\ncommitter A <a@example.com> %d +0000\ndata 0\n", i, i+1, 1767225600+i)
		if i > 0 {
			in.WriteString("from :1\n")
		}
		in.WriteString("deleteall\n")
		for _, name := range slices.Sorted(maps.Keys(files)) {
			mode := "100644"
			if strings.HasPrefix(files[name], "#!") {
				mode = "100755"
			}
			fmt.Fprintf(&in, "M %s inline %s\ndata %d\n%s\n", mode, name, len(files[name]), files[name])
		}
		fmt.Fprintf(&in, "get-mark :%d\n", i+1)
	}
	out := runGitWithInput(t, dir, in.String(), "fast-import", "--quiet", "--force", "--cat-blob-fd=1")
	var ids []commitid.ID
	for id := range strings.FieldsSeq(out) {
		ids = append(ids, commitid.ID(id))
	}
	return ids
}

// gitMerge runs git merge-tree and returns the tree, or the conflict.
func gitMerge(t *rapid.T, dir string, ours, theirs commitid.ID) (string, bool) {
	cmd := exec.Command("git", "merge-tree", "--write-tree", string(ours), string(theirs))
	cmd.Dir = dir
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		t.Fatalf("git merge-tree: %v", err)
	}
	return strings.TrimSpace(string(out)), err == nil
}

func runGitWithInput(t *rapid.T, dir, in string, args ...string) string {
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Stdin, cmd.Stderr = dir, strings.NewReader(in), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("git %s: %v", strings.Join(args, " "), err)
	}
	return string(out)
}

// TestMerge covers every endpoint, with refs that only the server knows.
func TestMerge(t *testing.T) {
	t.Parallel()
	for _, endpoint := range endpoints() {
		if endpoint.name == "work tree" {
			continue // only the server knows pull request refs
		}
		t.Run(endpoint.name, func(t *testing.T) {
			t.Parallel()
			repo := gittest.New(t)
			base := repo.Commit("base", map[string]string{"env/a/main.tf": "1\n2\n3\n4\n", "env/b/main.tf": "b\n", "gone": "x\n"})
			head := repo.Commit("head", map[string]string{"env/a/main.tf": "1\n2\n3\nfour\n", "new/deep/file": "n\n"})
			repo.Git("push", "-q", "origin", "HEAD:refs/pull/7/head")
			repo.Git("reset", "-q", "--hard", string(base))
			tip := repo.Commit("tip", map[string]string{"env/a/main.tf": "one\n2\n3\n4\n", "gone": ""})
			r := endpoint.open(t, repo, "")
			refs, err := r.Refs(t.Context(), []string{"refs/pull/7/head", "refs/heads/main", "refs/pull/8/head"})
			if err != nil || !maps.Equal(refs, map[string]commitid.ID{"refs/pull/7/head": head, "refs/heads/main": tip}) {
				t.Fatalf("refs are %v, %v", refs, err)
			}
			merge, err := r.Merge(t.Context(), tip, head)
			if err != nil {
				t.Fatal(err)
			}
			if merge.Base != base || merge.CrissCross || len(merge.Conflicts) > 0 {
				t.Fatalf("merge is %+v", merge)
			}
			tree := merge.Commit.Tree
			if text, err := tree.ReadFile("env/a/main.tf"); string(text) != "one\n2\n3\nfour\n" || err != nil {
				t.Errorf("merged file is %q, %v", text, err)
			}
			if got := tree.ID("gone"); got != gittree.Absent {
				t.Errorf("what the tip removed is %s", got)
			}
			for _, dir := range []string{"env/b", "new"} { // changed by one side only: no new object
				if got, want := tree.ID(dir), "040000:"+repo.Git("rev-parse", string(map[string]commitid.ID{"env/b": tip, "new": head}[dir])+":"+dir); got != want {
					t.Errorf("%s is %s, want %s", dir, got, want)
				}
			}
			dir := path.Join(t.TempDir(), "out")
			if err := tree.Checkout(t.Context(), dir, nil); err != nil {
				t.Error(err)
			}
			if err := merge.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestMergeConflicts(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	base := repo.Commit("base", map[string]string{"same": "1\n2\n3\n", "removed": "x\n", "link": "-> same", "bin": "\x00a", "touch": "a\nb\n", "file": "f\n"})
	head := repo.Commit("head", map[string]string{"same": "1\nhead\n3\n", "removed": "y\n", "link": "-> bin", "bin": "\x00b", "touch": "A\nb\n", "file": "", "file/in": "x\n", "added": "1\n"})
	repo.Git("push", "-q", "origin", "HEAD:refs/pull/1/head")
	repo.Git("reset", "-q", "--hard", string(base))
	tip := repo.Commit("tip", map[string]string{"same": "1\ntip\n3\n", "removed": "", "link": "-> removed", "bin": "\x00c", "touch": "a\nB\n", "file": "g\n", "added": "2\n"})
	merge, err := openRepository(t, Options{URL: repo.Dir}).Merge(t.Context(), tip, head)
	if err != nil {
		t.Fatal(err)
	}
	defer merge.Close()
	want := []Conflict{
		{"added", ConflictAdded}, {"bin", ConflictContent}, {"file", ConflictKind}, {"link", ConflictContent},
		{"removed", ConflictRemoved}, {"same", ConflictContent}, {"touch", ConflictContent},
	}
	if !slices.Equal(merge.Conflicts, want) || merge.Commit != nil {
		t.Errorf("conflicts are %v, want %v", merge.Conflicts, want)
	}
}

// TestMergeDeep: the merge base is further back than the first request reaches, with merges
// in between.
func TestMergeDeep(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	base := repo.Commit("base", map[string]string{"a": "a\n", "b": "b\n"})
	repo.Git("checkout", "-q", "-b", "topic")
	repo.Git("checkout", "-q", "main")
	for range fetchDepths[0] + 4 {
		repo.Git("commit", "-q", "--allow-empty", "-m", "on the way")
	}
	tip := repo.Commit("tip", map[string]string{"a": "changed\n"})
	repo.Git("checkout", "-q", "topic")
	head := repo.Commit("head", map[string]string{"b": "changed\n"})
	r := openRepository(t, Options{URL: gittest.ServeHTTP(t, repo).URL})
	merge, err := r.Merge(t.Context(), tip, head)
	if err != nil || merge.Base != base || len(merge.Conflicts) > 0 {
		t.Fatalf("merge is %+v, %v; want base %s", merge, err, base)
	}
	defer merge.Close()

	// Criss-cross merges: two bases; the newer is used.
	repo.Git("checkout", "-q", "-B", "left", string(base))
	left := repo.Commit("left", map[string]string{"left": "1\n"})
	repo.Git("checkout", "-q", "-B", "right", string(base))
	right := repo.Commit("right", map[string]string{"right": "1\n"})
	repo.Git("merge", "-q", "--no-edit", string(left))
	second := repo.Push()
	repo.Git("checkout", "-q", "left")
	repo.Git("merge", "-q", "--no-edit", string(right))
	crossed, err := r.Merge(t.Context(), repo.Push(), second)
	if err != nil || !crossed.CrissCross || crossed.Base != right {
		t.Fatalf("merge is %+v, %v; want base %s", crossed, err, right)
	}
	defer crossed.Close()

	repo.Git("checkout", "-q", "--orphan", "alone")
	if _, err := r.Merge(t.Context(), tip, repo.CommitStaged("alone")); !errors.Is(err, ErrUnrelated) {
		t.Errorf("unrelated histories: %v", err)
	}
}
