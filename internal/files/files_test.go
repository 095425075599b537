package files

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"reconcile/internal/programtest"
)

func TestWrite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "key")
	check := func(want string) {
		t.Helper()
		got, err := os.ReadFile(path)
		info, statErr := os.Stat(path)
		entries, listErr := os.ReadDir(dir)
		if err := errors.Join(err, statErr, listErr); err != nil {
			t.Fatal(err)
		}
		if string(got) != want || info.Mode() != 0o600 || len(entries) != 1 {
			t.Errorf("got %q, mode %v, in %v; want %q alone", got, info.Mode(), entries, want)
		}
	}
	if err := Create(path, []byte("one")); err != nil {
		t.Fatal(err)
	}
	check("one")
	if err := Create(path, []byte("two")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over another file: %v", err)
	}
	check("one")
	if err := Replace(path, []byte("three")); err != nil {
		t.Fatal(err)
	}
	check("three")
	if err := Replace(filepath.Join(dir, "none", "key"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("in no directory: %v", err)
	}
}

// TestReadRegular: a pipe that nobody writes, and what is too large, are refused at once.
func TestReadRegular(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file, pipe := filepath.Join(dir, "file"), filepath.Join(dir, "pipe")
	if err := errors.Join(Create(file, []byte("four")), syscall.Mkfifo(pipe, 0o600)); err != nil {
		t.Fatal(err)
	}
	if text, err := ReadRegular(file, 4); err != nil || string(text) != "four" {
		t.Errorf("%q, %v", text, err)
	}
	if opened, err := OpenRegular(file); err != nil || opened.Close() != nil {
		t.Error(err)
	}
	for _, path := range []string{pipe, dir, os.DevNull} {
		if _, err := OpenRegular(path); err == nil || !strings.Contains(err.Error(), "no regular file") {
			t.Errorf("%s: %v", path, err)
		}
	}
	lock := NewLock(pipe)
	if locked, err := lock.TryLock(); err != nil || !locked || lock.Close() != nil {
		t.Errorf("a pipe is locked: %t, %v", locked, err)
	}
	for path, limit := range map[string]int64{file: 3, pipe: 4, dir: 1 << 20, os.DevNull: 4} {
		if text, err := ReadRegular(path, limit); err == nil || !strings.Contains(err.Error(), "no regular file") {
			t.Errorf("%s: %q, %v", path, text, err)
		}
	}
}

func TestAreSame(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a, link, other, none := filepath.Join(dir, "a"), filepath.Join(dir, "link"), filepath.Join(dir, "other"), filepath.Join(dir, "none")
	if err := errors.Join(Create(a, nil), Create(other, nil), os.Symlink(a, link)); err != nil {
		t.Fatal(err)
	}
	if !AreSame(a, link) || AreSame(a, other) || AreSame(a, none) || AreSame(none, none) {
		t.Error("same files are told apart, or others are not")
	}
	if err := errors.Join(RemoveIfExists(link), RemoveIfExists(link), Sync(a), Sync(dir)); err != nil {
		t.Error(err)
	}
	if AreSame(a, link) {
		t.Error("the link is still there")
	}
}

// removeVariable makes the test binary call RemoveTree with its value, as another user than
// root, whom no permission stops.
const removeVariable = "FILES_TEST_REMOVE"

func TestMain(m *testing.M) {
	if path, ok := os.LookupEnv(removeVariable); ok {
		if err := RemoveTree(path); err != nil {
			panic(err)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// TestRemoveTree removes a tree whose owner locked directories in it, and nothing outside.
func TestRemoveTree(t *testing.T) {
	t.Parallel()
	const owner = 65534
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	home, err := os.MkdirTemp("/tmp", "remove-tree-") // that the other user can reach
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(home)
	tree, outside, program := filepath.Join(home, "tree"), filepath.Join(home, "outside"), filepath.Join(home, "files.test")
	content, err := os.ReadFile(self)
	programtest.Write(t, program, string(content))
	err = errors.Join(err, os.Chmod(home, 0o755), os.Chmod(program, 0o755),
		os.MkdirAll(filepath.Join(tree, "a", "b"), 0o755), os.WriteFile(filepath.Join(tree, "a", "b", "x"), nil, 0o600), os.Mkdir(outside, 0o500), os.Symlink(outside, filepath.Join(tree, "a", "link")))
	cmd := exec.Command(program)
	cmd.Env = []string{removeVariable + "=" + tree}
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: owner, Gid: owner}}
		err = errors.Join(err, filepath.WalkDir(home, func(path string, _ fs.DirEntry, err error) error {
			return errors.Join(err, os.Lchown(path, owner, owner))
		}))
	}
	if err := errors.Join(err, os.Chmod(filepath.Join(tree, "a", "b"), 0), os.Chmod(filepath.Join(tree, "a"), 0o500)); err != nil {
		t.Fatal(err)
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if info, err := os.Stat(outside); err != nil || info.Mode().Perm() != 0o500 || Exists(tree) {
		t.Errorf("outside: %v, %v; the tree is there: %t", info, err, Exists(tree))
	}
}
