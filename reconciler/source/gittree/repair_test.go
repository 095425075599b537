package gittree

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"reconcile/reconciler/source/gittest"
)

// TestRepair: changes in a checkout are found by content and repaired, only in inputs.
func TestRepair(t *testing.T) {
	t.Parallel()
	files := map[string]string{"m/a.tf": "good", "m/run.sh": "#!/bin/sh", "m/sub/b.tf": "b", "m/l": "-> a.tf", "other/o.tf": "o", "f.txt": "f", "in/p/p.tf": "p", "in/p/q/q.tf": "q"}
	for name, test := range map[string]struct {
		spoil func(at func(string) string) error
		want  string
	}{
		"nothing":         {func(func(string) string) error { return nil }, "[]"},
		"size and time":   {func(at func(string) string) error { return changeKeepingTime(at("m/a.tf")) }, "[m/a.tf]"},
		"cut":             {func(at func(string) string) error { return os.Truncate(at("m/a.tf"), 1) }, "[m/a.tf]"},
		"removed":         {func(at func(string) string) error { return os.Remove(at("m/sub/b.tf")) }, "[m/sub/b.tf]"},
		"a file named":    {func(at func(string) string) error { return os.WriteFile(at("f.txt"), []byte("e"), 0o644) }, "[f.txt]"},
		"mode":            {func(at func(string) string) error { return os.Chmod(at("m/run.sh"), 0o644) }, "[m/run.sh]"},
		"link elsewhere":  {func(at func(string) string) error { return relink(at("m/l"), "../other/o.tf") }, "[m/l]"},
		"file by link":    {func(at func(string) string) error { return relink(at("m/a.tf"), at("other/o.tf")) }, "[m/a.tf]"},
		"dir by link":     {func(at func(string) string) error { return relink(at("m/sub"), at("other")) }, "[m/sub m/sub/b.tf]"},
		"dir by link out": {func(at func(string) string) error { return relink(at("m"), "/etc") }, "[m m/a.tf m/l m/run.sh m/sub m/sub/b.tf]"},
		"file by dir": {func(at func(string) string) error {
			return errors.Join(os.Remove(at("m/a.tf")), os.MkdirAll(at("m/a.tf/x"), 0o755))
		}, "[m/a.tf]"},
		"link by file": {func(at func(string) string) error {
			return errors.Join(os.Remove(at("m/l")), os.WriteFile(at("m/l"), []byte("a.tf"), 0o644))
		}, "[m/l]"},
		"file by pipe": {func(at func(string) string) error {
			return errors.Join(os.Remove(at("m/a.tf")), unix.Mkfifo(at("m/a.tf"), 0o644))
		}, "[m/a.tf]"},
		"not readable": {func(at func(string) string) error { return os.Chmod(at("m/a.tf"), 0) }, "[m/a.tf]"},
		"dir by file": {func(at func(string) string) error {
			return errors.Join(os.RemoveAll(at("m/sub")), os.WriteFile(at("m/sub"), nil, 0o644))
		}, "[m/sub m/sub/b.tf]"},
		"foreign": {func(at func(string) string) error { return os.WriteFile(at("m/foreign"), nil, 0o644) }, "[m/foreign]"},
		"foreign, deeper": {func(at func(string) string) error {
			return errors.Join(os.Mkdir(at("m/new"), 0o755), os.WriteFile(at("m/new/foreign"), nil, 0o644))
		}, "[m/new/foreign]"},
		"file without links beside": {func(at func(string) string) error { return changeKeepingTime(at("in/p/q/q.tf")) }, "[in/p/q/q.tf]"},
		"moved, and linked":         {func(at func(string) string) error { return moveAndLink(at("in/p/q"), at("../moved")) }, "[in/p/q in/p/q/q.tf]"},
		"input moved, and linked":   {func(at func(string) string) error { return moveAndLink(at("in/p"), at("../moved")) }, "[in/p in/p/p.tf in/p/q in/p/q/q.tf]"},
		"parent moved, and linked":  {func(at func(string) string) error { return moveAndLink(at("in"), at("../moved")) }, "[in in/p in/p/p.tf in/p/q in/p/q/q.tf]"},
		"made beside":               {func(at func(string) string) error { return os.WriteFile(at("m/made.zip"), nil, 0o644) }, "[]"},
		"no input":                  {func(at func(string) string) error { return os.WriteFile(at("other/o.tf"), []byte("e"), 0o644) }, "[]"},
	} {
		for _, before := range []int{0, 3} {
			t.Run(fmt.Sprintf("%s, repaired %d times before", name, before), func(t *testing.T) {
				t.Parallel()
				checkRepair(t, files, before, test.spoil, test.want)
			})
		}
	}
}

// checkRepair spoils a checkout that was repaired some times before, and repairs it.
func checkRepair(t *testing.T, files map[string]string, before int, spoil func(at func(string) string) error, want string) {
	t.Helper()
	repo := gittest.New(t)
	repo.Commit("first", files)
	tree := headTree(t, repo)
	dir := filepath.Join(t.TempDir(), "tree")
	checkOut(t, tree, dir, nil)
	at := func(name string) string { return filepath.Join(dir, name) }
	repair := func() []string {
		t.Helper()
		inputs := []string{"m", "in/p", "f.txt", "missing", "m/missing.zip"}
		isForeign := func(path string) bool { return filepath.Base(path) == "foreign" }
		repaired, err := tree.Repair(t.Context(), dir, inputs, nil, isForeign)
		if err != nil {
			t.Error(err)
		}
		return repaired
	}
	for range before {
		if repaired := repair(); len(repaired) > 0 {
			t.Errorf("repaired %v before anything was changed", repaired)
		}
	}
	if err := spoil(at); err != nil {
		t.Fatal(err)
	}
	if repaired := repair(); fmt.Sprint(repaired) != want {
		t.Errorf("repaired %v, want %s", repaired, want)
	}
	if second := repair(); len(second) > 0 {
		t.Errorf("repaired again: %v", second)
	}
	if text, err := os.ReadFile(at("m/a.tf")); err != nil || string(text) != "good" {
		t.Errorf("m/a.tf is %q, %v", text, err)
	}
	// The next checkout does not trust these files.
	checkOut(t, tree, dir, nil)
	got := readDisk(t, dir)
	if got["other/o.tf"] != fileMode+"o" || got["m/sub/b.tf"] != fileMode+"b" || got["m/run.sh"] != executableMode+"#!/bin/sh" || len(got) != 14 {
		t.Errorf("checked out again: %q", got)
	}
}

// TestRepairFindsEachChange: a file is changed at once after it was compared, mostly in the same
// tick of the file system's clock, and so is a directory.
func TestRepairFindsEachChange(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	repo.Commit("first", map[string]string{"m/a.tf": "good"})
	tree := headTree(t, repo)
	dir := filepath.Join(t.TempDir(), "tree")
	checkOut(t, tree, dir, nil)
	repair := func() []string {
		t.Helper()
		repaired, err := tree.Repair(t.Context(), dir, []string{"m"}, nil, func(string) bool { return true })
		if err != nil {
			t.Fatal(err)
		}
		return repaired
	}
	for i := range 200 {
		for range i % 4 {
			if repaired := repair(); len(repaired) > 0 {
				t.Fatalf("%d: repaired %v, and nothing was changed", i, repaired)
			}
		}
		want := "[m/a.tf m/foreign]"
		err := errors.Join(
			os.WriteFile(filepath.Join(dir, "m/a.tf"), []byte("evil"), 0o644),
			os.WriteFile(filepath.Join(dir, "m/foreign"), nil, 0o644))
		if i%2 == 1 { // the former content, and a change that is taken back
			err = errors.Join(err, os.WriteFile(filepath.Join(dir, "m/a.tf"), []byte("good"), 0o644), os.Remove(filepath.Join(dir, "m/foreign")))
			want = "[]"
		}
		if err != nil {
			t.Fatal(err)
		}
		if repaired := repair(); fmt.Sprint(repaired) != want {
			t.Fatalf("%d: repaired %v, want %s", i, repaired, want)
		}
	}
}

// changeKeepingTime changes a file but keeps its size and times.
func changeKeepingTime(name string) error {
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(name, []byte("evil"), 0o644), os.Chtimes(name, time.Now(), info.ModTime()))
}

// moveAndLink moves a directory, and links to it from where it was.
func moveAndLink(name, to string) error {
	return errors.Join(os.Rename(name, to), os.Symlink(to, name))
}

func relink(name, target string) error {
	return errors.Join(os.RemoveAll(name), os.Symlink(target, name))
}

// TestCheckoutDetectsBackdatedChange: a changed file with its old size and time is written
// again.
func TestCheckoutDetectsBackdatedChange(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	repo.Commit("first", map[string]string{"a": "good"})
	dir := filepath.Join(t.TempDir(), "tree")
	checkOut(t, headTree(t, repo), dir, nil)
	if err := changeKeepingTime(filepath.Join(dir, "a")); err != nil {
		t.Fatal(err)
	}
	checkOut(t, headTree(t, repo), dir, nil)
	checkDisk(t, dir, map[string]string{"a": fileMode + "good"})
}

// TestLimits: a few objects represent too many paths, too many levels, or just not too many.
func TestLimits(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	blob := repo.WriteObject("blob", []byte("x"))
	nested := func(levels, width int) string {
		entry := gittest.Entry{Mode: "100644", ID: blob}
		for range levels {
			var entries []gittest.Entry
			for i := range width {
				entries = append(entries, gittest.Entry{Mode: entry.Mode, Name: fmt.Sprintf("n%02d", i), ID: entry.ID})
			}
			entry = gittest.Entry{Mode: "40000", ID: repo.WriteTree(entries...)}
		}
		return entry.ID
	}
	for name, test := range map[string]struct {
		tree, want string
	}{
		"wide":        {nested(10, 10), "more than 1048576 files and directories"},
		"deep":        {nested(1100, 1), "more than 1000 deep"},
		"allowed":     {nested(3, 20), ""},
		"nearly deep": {nested(900, 1), ""},
	} {
		t.Run(name, func(t *testing.T) {
			id := repo.CommitTree(test.tree)
			tree := openTree(t, repo, id)
			_, err := tree.flatten(t.Context())
			if test.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if !errors.Is(err, ErrTreeTooLarge) || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "commit "+string(id)) {
				t.Errorf("flatten: %v", err)
			}
			if _, err := tree.AppendObjects(t.Context(), nil); !errors.Is(err, ErrTreeTooLarge) {
				t.Errorf("objects: %v", err)
			}
			if _, err := tree.Repair(t.Context(), t.TempDir(), []string{"."}, nil, nil); !errors.Is(err, ErrTreeTooLarge) {
				t.Errorf("mend: %v", err)
			}
			if err := tree.CheckConnected(); !errors.Is(err, ErrTreeTooLarge) {
				t.Errorf("fetched: %v", err)
			}
			// Walking from directory to directory must fail, too.
			listed := 0
			for listed = 0; listed <= maxUncheckedListings; listed++ {
				if _, err = tree.ReadDir("."); err != nil {
					break
				}
			}
			if !errors.Is(err, ErrTreeTooLarge) {
				t.Errorf("listed %d directories: %v", listed, err)
			}
		})
	}
}

// TestSettled: what was changed in the present tick of the file system's clock, or later by a
// clock that was set back since, may be changed again without another stamp.
func TestSettled(t *testing.T) {
	t.Parallel()
	top, err := openDirHandle(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer top.close()
	now := top.moment()
	later := now + time.Hour.Nanoseconds()
	for _, test := range []struct {
		changed, moment int64
		want            bool
	}{
		{now - 1, 0, true},
		{now - 1, now, true},
		{later, now, false},
		{later, later, false},
		{later - 1, later, true},
	} {
		u := &knownStamps{moment: test.moment}
		stat := &unix.Stat_t{Ctim: unix.NsecToTimespec(test.changed)}
		if got := u.isSettled(stat, top); got != test.want {
			t.Errorf("changed at %d, moment %d, now %d: got %t, want %t", test.changed, test.moment, now, got, test.want)
		}
	}
}
