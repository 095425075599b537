package embedded_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"go.etcd.io/bbolt"

	"reconcile/state"
	"reconcile/state/embedded"
)

// A process that is stopped while it does nothing with the record does not keep it from others.
func TestLockedOnlyWhileUsed(t *testing.T) {
	s := open(t, t.TempDir())
	for range 2 {
		if err := s.Write(t.Context(), putItem); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Get(t.Context(), key); err != nil {
			t.Fatal(err)
		}
		file, err := os.Open(s.Path())
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
			t.Errorf("the file is locked: %v", err)
		}
		file.Close()
	}
}

// Each of two stores finds what the other has written since, and spoils none of it.
func TestWritesInTurn(t *testing.T) {
	dir := t.TempDir()
	stores := []*embedded.Store{open(t, dir), open(t, dir)}
	at := func(i int) state.Key { return state.Key{PK: "p", SK: fmt.Sprintf("%03d", i)} }
	const n = 60
	for i := range n {
		// Sizes differ, so that pages become free and are used again, and the file grows.
		value := json.RawMessage(fmt.Sprintf(`{"n":%d,"x":"%0*d"}`, i, 1+i%7*3000, 0))
		ops := []state.Op{{Key: at(i), Put: value}}
		if i > 10 {
			ops = append(ops, state.Op{Key: at(i - 10), Delete: true})
		}
		if err := stores[i/3%2].Write(t.Context(), ops...); err != nil {
			t.Fatal(err)
		}
		for _, s := range stores {
			if got, err := s.Get(t.Context(), at(i)); err != nil || string(got) != string(value) {
				t.Fatalf("after write %d: got %.20s, %v", i, got, err)
			}
		}
	}
	for _, s := range stores {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	checkPages(t, stores[0].Path())
}

// A file that was restored from a backup, or moved away, is noticed.
func TestFileReplaced(t *testing.T) {
	s := open(t, t.TempDir())
	if err := s.Write(t.Context(), putItem); err != nil {
		t.Fatal(err)
	}
	backup, err := os.ReadFile(s.Path())
	if err != nil {
		t.Fatal(err)
	}
	putOther := state.Op{Key: key, Put: json.RawMessage(`{"n":2}`)}
	restore := map[string]func() error{
		"moved": func() error {
			copied := filepath.Join(filepath.Dir(s.Path()), "backup")
			return errors.Join(os.WriteFile(copied, backup, 0o600), os.Rename(copied, s.Path()))
		},
		"in place": func() error { return os.WriteFile(s.Path(), backup, 0o600) },
	}
	for name, restore := range restore {
		if err := s.Write(t.Context(), putOther); err != nil {
			t.Fatal(err)
		}
		if err := restore(); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Get(t.Context(), key); err != nil || string(got) != `{"n":1}` {
			t.Errorf("%s: got %s, %v, want what was restored", name, got, err)
		}
	}
	if err := os.Remove(s.Path()); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Get(t.Context(), key); !errors.Is(err, state.ErrNotFound) {
		t.Errorf("got %s, %v, want ErrNotFound", got, err)
	}
	if _, err := os.Stat(s.Path()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the read made a file: %v", err)
	}
	if err := s.Write(t.Context(), putOther); err != nil {
		t.Error(err)
	}
}

// A file that was cut short while it was open is told, and is read again once it is restored.
func TestFileCutShort(t *testing.T) {
	s := open(t, t.TempDir())
	if err := s.Write(t.Context(), putItem); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(s.Path())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(s.Path(), 2*int64(os.Getpagesize())); err != nil {
		t.Fatal(err)
	}
	if err := s.Write(t.Context(), putItem); err == nil {
		t.Error("wrote a file that was cut short")
	}
	if err := os.WriteFile(s.Path(), whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Get(t.Context(), key); err != nil || string(got) != `{"n":1}` {
		t.Errorf("got %s, %v", got, err)
	}
}

// checkPages checks that each page of a file is used once or free.
func checkPages(t *testing.T, path string) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true, PreLoadFreelist: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.View(func(tx *bbolt.Tx) error {
		for err := range tx.Check() {
			t.Error(err)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}

// A backup that is copied over the file, and then written as often as the file was, is noticed:
// it has the same size and the same last transaction, and other pages are free.
func TestBackupInPlace(t *testing.T) {
	s, other := open(t, t.TempDir()), open(t, t.TempDir())
	write := func(s *embedded.Store, i, size int) {
		t.Helper()
		value := json.RawMessage(fmt.Sprintf(`{"n":%d,"x":"%0*d"}`, i, size, 0))
		if err := s.Write(t.Context(), state.Op{Key: state.Key{PK: "p", SK: fmt.Sprintf("%03d", i%7)}, Put: value}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 20 {
		write(s, i, 5000)
	}
	backup, err := os.ReadFile(s.Path())
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		write(s, i, 1)
	}
	if err := os.WriteFile(other.Path(), backup, 0o600); err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		write(other, i, 4000+i*50)
	}
	restored, err := os.ReadFile(other.Path())
	if err != nil {
		t.Fatal(err)
	}
	if now, err := os.Stat(s.Path()); err != nil || now.Size() != int64(len(restored)) {
		t.Fatalf("the sizes differ: %d and %d, %v", now.Size(), len(restored), err)
	}
	if err := os.WriteFile(s.Path(), restored, 0o600); err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		write(s, i, 3000+i*70)
	}
	checkPages(t, s.Path())
}
