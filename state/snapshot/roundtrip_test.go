package snapshot_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"reconcile/internal/commitid"
	"reconcile/reconciler/source"
	"reconcile/reconciler/source/gittest"
	"reconcile/state/snapshot"
)

// roundTrip puts a commit's tree into a store and fetches it again. The restored commit
// must have the same ids and the same files.
func roundTrip(t *testing.T, repo *gittest.Repo, id commitid.ID) {
	t.Helper()
	opened, err := source.Open(source.Options{URL: repo.Dir})
	if err != nil {
		t.Fatal(err)
	}
	c, err := opened.Fetch(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	store, err := snapshot.Open(t.Context(), t.TempDir(), aws.Config{})
	if err != nil {
		t.Fatal(err)
	}
	objects, err := c.Objects(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := store.Put(t.Context(), c.ID, c.CommittedAt, c.Tree, objects); err != nil {
			t.Fatal(err)
		}
	}
	dir := filepath.Join(t.TempDir(), "fetched")
	if err := store.Fetch(t.Context(), c.ID, dir, func(string, []byte) error { return nil }); err != nil {
		t.Fatal(err)
	}
	restored, err := source.Restore(t.Context(), dir, c.ID, "", time.Time{}, objects)
	if err != nil {
		t.Fatal(err)
	}
	if restored.Tree.ID(".") != c.Tree.ID(".") {
		t.Errorf("restored %s, want %s", restored.Tree.ID("."), c.Tree.ID("."))
	}
	first, again := filepath.Join(t.TempDir(), "tree"), filepath.Join(t.TempDir(), "tree")
	for _, err := range []error{c.Tree.Checkout(t.Context(), first, nil), restored.Tree.Checkout(t.Context(), again, nil)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	want, got := listFiles(t, first), listFiles(t, again)
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("laid out %q, want %q", got, want)
	}
	for name := range listFiles(t, dir) {
		if _, ok := want[name]; !ok {
			t.Errorf("the snapshot has %q", name)
		}
	}
}

// listFiles lists the files below dir, and checks that no link leads out.
func listFiles(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if d.Type() == fs.ModeSymlink {
			if to, err := filepath.EvalSymlinks(name); err == nil && to != dir && !strings.HasPrefix(to, dir+"/") {
				t.Errorf("%q leads to %q", name, to)
			}
			found[name[len(dir):]], err = os.Readlink(name)
			return err
		}
		text, err := os.ReadFile(name)
		found[name[len(dir):]] = d.Type().String() + string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestUnusualTrees(t *testing.T) {
	repo := gittest.New(t)
	blob, script := repo.WriteObject("blob", []byte("x")), repo.WriteObject("blob", []byte("#!/bin/sh\n"))
	out, circle := repo.WriteObject("blob", []byte("/etc/hosts")), repo.WriteObject("blob", []byte("l"))
	long := repo.WriteObject("blob", []byte(strings.Repeat("a/", 4000)))
	file := func(name string) gittest.Entry { return gittest.Entry{Mode: "100644", Name: name, ID: blob} }
	dir := func(name string, entries ...gittest.Entry) gittest.Entry {
		return gittest.Entry{Mode: "40000", Name: name, ID: repo.WriteTree(entries...)}
	}
	deep := file("f")
	for range 40 {
		deep = dir(strings.Repeat("d", 100), deep)
	}
	for name, entries := range map[string][]gittest.Entry{
		"Shift_JIS":            {file("\x8e\x91\x97\xbf.txt"), dir("\x8e\x91", file("\xff"))},
		"control characters":   {file("a\nb"), file("\x1b[31m"), file("\x7f"), file(" "), file("-rf")},
		"a backslash":          {file(`a\b`), dir(`c\`, file(`\`))},
		"Git's own":            {dir(".GIT", file("config")), dir(".g\u200cit", file("config")), dir(".git", file("config")), file("a"), dir("git~1", file("config"))},
		"above":                {file(".."), dir("..", file("x")), file("."), file("a")},
		"a slash":              {file("a"), file("b/../../c")},
		"no name":              {file(""), file("a")},
		"twice":                {file("a"), file("a"), file("b")},
		"a file and a tree":    {file("a"), dir("a", file("x")), file("b")},
		"case":                 {file("README"), file("readme")},
		"normalisation":        {file("か\u3099"), file("が")},
		"a long name":          {file("a"), file(strings.Repeat("n", 256)), dir(strings.Repeat("m", 300), file("x"))},
		"a long path":          {file("a"), deep},
		"a submodule":          {file("a"), {Mode: "160000", Name: "sub", ID: blob}},
		"modes":                {{Mode: "100664", Name: "a", ID: blob}, {Mode: "100755", Name: "b", ID: script}, {Mode: "10644", Name: "c", ID: blob}, {Mode: "0100644", Name: "d", ID: blob}},
		"an empty directory":   {file("a"), dir("empty"), dir("nested", dir("empty"))},
		"not in order":         {file("b"), file("a"), dir("a-"), file("A")},
		"a link out":           {dir("docs", gittest.Entry{Mode: "120000", Name: "h", ID: out}), file("x")},
		"a circle":             {{Mode: "120000", Name: "l", ID: circle}},
		"a link that is long":  {file("a"), {Mode: "120000", Name: "l", ID: long}},
		"a link to no name":    {file("a"), {Mode: "120000", Name: "l", ID: repo.WriteObject("blob", nil)}},
		"nothing is laid out":  {file(".git")},
		"nothing":              {},
		"padded tree":          {{Mode: "040000", Name: "d", ID: repo.WriteTree(file("x"))}},
		"odd below what is as": {dir("a", dir("b", file("c"), file(".git"))), dir("same", dir("b", file("c")))},
	} {
		t.Run(name, func(t *testing.T) {
			roundTrip(t, repo, repo.CommitTree(repo.WriteTree(entries...)))
		})
	}
}

// FuzzNames takes names of any bytes through snapshot, checkout and fetch.
func FuzzNames(f *testing.F) {
	for _, name := range []string{"\x8e\x91", "a\nb", `a\b`, ".GIT", "..", "a/b", "か\u3099", strings.Repeat("n", 256), "\u202e", "a:b", "CON", " "} {
		f.Add(name, "x", "target", uint16(0o644))
	}
	f.Add("l", "l", "../..", uint16(0))
	f.Add("dir", "file", "\xff/..", uint16(0o600))
	f.Fuzz(func(t *testing.T, name, other, target string, mode uint16) {
		if strings.Contains(name+other, "\x00") {
			return // ends a name in a tree object
		}
		repo := gittest.New(t)
		blob := repo.WriteObject("blob", []byte(target))
		below := repo.WriteTree(gittest.Entry{Mode: "100644", Name: other, ID: blob}, gittest.Entry{Mode: "120000", Name: name, ID: blob})
		roundTrip(t, repo, repo.CommitTree(repo.WriteTree(
			gittest.Entry{Mode: "40000", Name: name, ID: below},
			gittest.Entry{Mode: "120000", Name: other, ID: blob},
			gittest.Entry{Mode: fmt.Sprintf("100%03o", mode), Name: other + name, ID: blob},
		)))
	})
}
