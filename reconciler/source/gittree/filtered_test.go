package gittree

import (
	"path"
	"strings"
	"testing"

	"reconcile/reconciler/source/gittest"
)

// TestFilteredID compares the id of a directory without some files with the id that Git gives
// to the directory when these files are removed.
func TestFilteredID(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	repo.Commit("files", map[string]string{
		"m/main.tf": "x", "m/README.md": "x", "m/only/docs.md": "x", "m/sub/x.txt": "x", "m/sub/y.md": "x", "m/sub-a": "x", "m/tests/deep/x.tf": "x", "m/tests.tf": "x", "other.md": "x",
	})
	tree := headTree(t, repo)
	omits := func(rel string, isDir bool) bool {
		return isDir && path.Base(rel) == "tests" || !isDir && strings.HasSuffix(rel, ".md")
	}
	got := tree.FilteredID("m", omits)
	if tree.FilteredID("m/sub/x.txt", omits) != tree.ID("m/sub/x.txt") || tree.FilteredID("none", omits) != Absent {
		t.Error("a file or nothing is not left as it is")
	}
	if nothing := tree.FilteredID("m", func(string, bool) bool { return false }); nothing != tree.ID("m") {
		t.Errorf("nothing is omitted: %s, want %s", nothing, tree.ID("m"))
	}
	repo.Git("rm", "-q", "m/README.md", "m/only/docs.md", "m/sub/y.md", "m/tests/deep/x.tf")
	after := openTree(t, repo, repo.CommitStaged("without"))
	if want := after.ID("m"); got != want {
		t.Errorf("got %s, want Git's %s", got, want)
	}
	if again := after.FilteredID("m", omits); again != got {
		t.Errorf("without files to omit: %s, want %s", again, got)
	}
}
