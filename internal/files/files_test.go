package files

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestWrite(t *testing.T) {
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

func TestAreSame(t *testing.T) {
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
