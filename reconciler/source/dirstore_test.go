package source_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"reconcile/internal/commitid"
	"reconcile/reconciler/source"
	"reconcile/reconciler/source/gittest"
	"reconcile/reconciler/source/gittree"
)

// newCheckout returns a commit and its checked out tree, with a symlink, a script, and names
// that Git and the file system sort differently.
func newCheckout(t *testing.T) (*source.Commit, string) {
	t.Helper()
	r := gittest.New(t)
	r.Commit("first", map[string]string{
		"a/one.tf": "1", "a.tf": "2", "a-b/two.tf": "3", "run.sh": "#!/bin/sh\n", "a/link.tf": "-> ../a.tf",
	})
	repo, err := source.Open(source.Options{URL: r.Dir})
	if err != nil {
		t.Fatal(err)
	}
	tip, err := repo.Tip(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	commit, err := repo.Fetch(t.Context(), tip.Commit)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = commit.Close() })
	dir := filepath.Join(t.TempDir(), "tree")
	if err := commit.Tree.Checkout(t.Context(), dir, nil); err != nil {
		t.Fatal(err)
	}
	return commit, dir
}

func readObjects(t *testing.T, c *source.Commit) []byte {
	t.Helper()
	objects, err := c.Objects(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

func TestRestoreHasTheIdsOfGit(t *testing.T) {
	t.Parallel()
	commit, dir := newCheckout(t)
	got, err := source.Restore(t.Context(), dir, commit.ID, commit.Tree.ID("."), commit.CommittedAt, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got.ID != commit.ID || !got.CommittedAt.Equal(commit.CommittedAt) {
		t.Errorf("commit: %s of %s", got.ID, got.CommittedAt)
	}
	for _, path := range []string{".", "a", "a/one.tf", "a/link.tf", "a.tf", "a-b/two.tf", "run.sh", "missing"} {
		if got, want := got.Tree.ID(path), commit.Tree.ID(path); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
	if commit.Tree.ID("a/link.tf") == gittree.Absent {
		t.Fatal("the commit has no link")
	}
	text, err := got.Tree.ReadFile("a/link.tf")
	if err != nil || string(text) != "2" {
		t.Errorf("through the link: %q, %v", text, err)
	}
	checkoutDir := filepath.Join(t.TempDir(), "again")
	if err := got.Tree.Checkout(t.Context(), checkoutDir, nil); err != nil {
		t.Errorf("lay it out again: %v", err)
	}
}

// TestRestoreByTheCommitItself: the commit object proves the snapshot without a trusted tree
// id, and the signed bytes are unchanged.
func TestRestoreByTheCommitItself(t *testing.T) {
	t.Parallel()
	commit, dir := newCheckout(t)
	got, err := source.Restore(t.Context(), dir, commit.ID, "", time.Time{}, readObjects(t, commit))
	if err != nil {
		t.Fatal(err)
	}
	if got.ID != commit.ID || !got.CommittedAt.Equal(commit.CommittedAt) || got.Author != commit.Author || got.Tree.ID(".") != commit.Tree.ID(".") {
		t.Errorf("restored: %+v", got)
	}
	if !bytes.Equal(readObjects(t, got), readObjects(t, commit)) {
		t.Errorf("its objects are %q", readObjects(t, got))
	}
	other := commitid.ID(strings.Repeat("0", 40))
	for name, test := range map[string]struct {
		commit  commitid.ID
		tree    string
		objects []byte
		want    string
	}{
		"no commit":         {commit.ID, "", nil, source.ErrUnproven.Error()},
		"another's commit":  {other, "", readObjects(t, commit), source.ErrUnproven.Error()},
		"a changed commit":  {commit.ID, "", bytes.Replace(readObjects(t, commit), []byte("first"), []byte("forge"), 1), source.ErrUnproven.Error()},
		"another tree":      {commit.ID, "040000:" + string(other), readObjects(t, commit), "the tree of commit"},
		"damaged objects":   {commit.ID, "", readObjects(t, commit)[:20], "damaged Git object"},
		"a length too much": {commit.ID, "", []byte("commit 99999999999999999999\x00"), "damaged Git object"},
	} {
		if _, err := source.Restore(t.Context(), dir, test.commit, test.tree, time.Time{}, test.objects); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "a.tf"), []byte("changed"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := source.Restore(t.Context(), dir, commit.ID, "", time.Time{}, readObjects(t, commit)); err == nil || !strings.Contains(err.Error(), "does not match the tree of commit") {
		t.Errorf("a snapshot that was changed: %v", err)
	}
}

func TestRestoreRefusesAnotherTree(t *testing.T) {
	t.Parallel()
	commit, dir := newCheckout(t)
	if err := os.WriteFile(filepath.Join(dir, "a.tf"), []byte("changed"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := source.Restore(t.Context(), dir, commit.ID, commit.Tree.ID("."), commit.CommittedAt, nil)
	if err == nil || !strings.Contains(err.Error(), "does not match the tree of commit") {
		t.Errorf("a snapshot that was changed: %v", err)
	}
}

func TestRestoreNoticesAChangeInUse(t *testing.T) {
	t.Parallel()
	commit, dir := newCheckout(t)
	got, err := source.Restore(t.Context(), dir, commit.ID, commit.Tree.ID("."), commit.CommittedAt, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "a.tf"), []byte("changed"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := got.Tree.ReadFile("a.tf"); err == nil || !strings.Contains(err.Error(), "changed during use") {
		t.Errorf("a file that was changed: %v", err)
	}
}
