package source

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"reconcile/reconciler/source/gittest"
)

// TestDamagedRef: a loss of power leaves the file of a ref empty or full of zeros. The older value
// that is packed is not the branch's tip.
func TestDamagedRef(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	repo.Commit("first", map[string]string{"a": "1"})
	repo.Git("pack-refs", "--all")
	second := repo.Commit("second", map[string]string{"a": "2"})
	source := openRepository(t, Options{URL: repo.Work})
	file := filepath.Join(repo.Work, ".git", "refs", "heads", "main")
	for name, damage := range map[string]func() error{
		"empty":       func() error { return os.WriteFile(file, nil, 0o600) },
		"zeros":       func() error { return os.WriteFile(file, make([]byte, 41), 0o600) },
		"half an id":  func() error { return os.WriteFile(file, []byte(second[:20]+"\n"), 0o600) },
		"no target":   func() error { return os.WriteFile(file, []byte("ref: \n"), 0o600) },
		"a pipe":      func() error { return syscall.Mkfifo(file, 0o600) },
		"a long name": func() error { return os.Symlink(strings.Repeat("x", 300), file) },
	} {
		if err := errors.Join(os.Remove(file), damage()); err != nil {
			t.Fatal(err)
		}
		tip, err := source.Tip(t.Context(), "")
		if err == nil || name != "a long name" && !strings.Contains(err.Error(), "refs/heads/main is damaged") {
			t.Errorf("%s: %v, %v", name, tip, err)
		}
	}
	for _, text := range []string{string(second), string(second) + "\n", string(second) + " \n\n"} {
		if err := errors.Join(os.Remove(file), os.WriteFile(file, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
		if tip, err := source.Tip(t.Context(), ""); err != nil || tip.Commit != second {
			t.Errorf("%q: %v, %v", text, tip, err)
		}
	}
	repo.Git("pack-refs", "--all") // no file is left
	if tip, err := source.Tip(t.Context(), ""); err != nil || tip.Commit != second {
		t.Errorf("packed: %v, %v", tip, err)
	}
}

// TestSettingsOfGit: what Git allows for branches and remotes does not matter for reading.
func TestSettingsOfGit(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	id := repo.Commit("first", map[string]string{"a": "1"})
	repo.Git("config", "branch.x.merge", "refs/pull/1/head")
	repo.Git("config", "--add", "remote.origin.fetch", "^refs/heads/tmp/*")
	repo.Git("config", "pack.window", "10k")
	if tip, err := openRepository(t, Options{URL: repo.Work}).Tip(t.Context(), ""); err != nil || tip.Commit != id {
		t.Errorf("%v, %v", tip, err)
	}
	if err := os.WriteFile(filepath.Join(repo.Work, ".git", "config"), []byte("[core\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Options{URL: repo.Work}); err == nil || !strings.Contains(err.Error(), "correct the file config") {
		t.Errorf("damaged: %v", err)
	}
}
