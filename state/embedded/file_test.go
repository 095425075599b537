package embedded_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"reconcile/state"
	"reconcile/state/statetest"
)

var (
	key     = state.Key{PK: "p", SK: "a"}
	putItem = state.Op{Key: key, Put: json.RawMessage(`{"n":1}`)}
)

func TestReadsMakeNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	s := open(t, dir)
	if _, err := s.Get(t.Context(), key); !errors.Is(err, state.ErrNotFound) {
		t.Errorf("get: got %v, want ErrNotFound", err)
	}
	if items, err := statetest.ListItems(t.Context(), s, "p", ""); err != nil || len(items) != 0 {
		t.Errorf("list: got %v, %v", items, err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the directory was made: %v", err)
	}
}

func TestModes(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	dir := filepath.Join(t.TempDir(), "new", "state")
	s := open(t, dir)
	if err := s.Write(t.Context(), putItem); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]os.FileMode{dir: 0o700, s.Path(): 0o600} {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: got %v, %v, want %v", path, info.Mode(), err, want)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("the directory holds %v, %v, want the file alone", entries, err)
	}
}

func TestDamaged(t *testing.T) {
	whole := func() []byte {
		s := open(t, t.TempDir())
		for range 20 {
			if err := s.Write(t.Context(), putItem, state.Op{Key: state.Key{PK: "q", SK: "b"}, Put: json.RawMessage(`{"x":"` + strings.Repeat("x", 9000) + `"}`)}); err != nil {
				t.Fatal(err)
			}
		}
		data, err := os.ReadFile(s.Path())
		if err != nil {
			t.Fatal(err)
		}
		return data
	}()
	pages := bytes.Clone(whole)
	for i := 2 * os.Getpagesize(); i < len(pages); i++ {
		pages[i] = 0xa5
	}
	for name, data := range map[string][]byte{
		"empty":           nil,
		"not a database":  bytes.Repeat([]byte("garbage\n"), 4096),
		"cut short":       whole[:2*os.Getpagesize()],
		"cut to a page":   whole[:os.Getpagesize()],
		"pages corrupted": pages,
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, t.TempDir())
			if err := os.WriteFile(s.Path(), data, 0o600); err != nil {
				t.Fatal(err)
			}
			_, getErr := s.Get(t.Context(), key)
			for call, err := range map[string]error{"get": getErr, "write": s.Write(t.Context(), putItem)} {
				if err == nil || !strings.Contains(err.Error(), s.Path()) || !strings.Contains(err.Error(), "restore it from a backup") {
					t.Errorf("%s: got %v, want an error that names the file and what to do", call, err)
				}
			}
			if now, err := os.ReadFile(s.Path()); err != nil || !bytes.Equal(now, data) {
				t.Errorf("the corrupt file was changed (%v)", err)
			}
		})
	}
}

// A value that does not end in the file is found before anybody reads it. What reads it elsewhere
// could not catch the fault.
func TestValueBeyondTheFile(t *testing.T) {
	s := open(t, t.TempDir())
	if err := s.Write(t.Context(), putItem); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(s.Path())
	if err != nil {
		t.Fatal(err)
	}
	sizes := binary.NativeEndian.AppendUint32(binary.NativeEndian.AppendUint32(nil, uint32(len(key.SK))), uint32(len(putItem.Put)))
	if bytes.Count(data, sizes) != 1 {
		t.Fatalf("the sizes of the item are %d times in the file", bytes.Count(data, sizes))
	}
	binary.NativeEndian.PutUint32(data[bytes.Index(data, sizes)+4:], 1<<30)
	damaged := open(t, t.TempDir())
	if err := os.WriteFile(damaged.Path(), data, 0o600); err != nil {
		t.Fatal(err)
	}
	err = damaged.ListPages(t.Context(), key.PK, "", func([]state.Item) error {
		t.Error("the value is handed out")
		return nil
	})
	if err == nil || !strings.Contains(err.Error(), "restore it from a backup") {
		t.Errorf("got %v, want an error that says what to do", err)
	}
}

// A pipe in the place of the file is an error at once: opening it would wait for a writer.
func TestPipe(t *testing.T) {
	s := open(t, t.TempDir())
	if err := syscall.Mkfifo(s.Path(), 0o600); err != nil {
		t.Fatal(err)
	}
	_, getErr := s.Get(t.Context(), key)
	for call, err := range map[string]error{"get": getErr, "write": s.Write(t.Context(), putItem)} {
		if err == nil || !strings.Contains(err.Error(), "no regular file") {
			t.Errorf("%s: %v", call, err)
		}
	}
}

// A wait for the file ends with its context, and then nothing was written.
func TestLocked(t *testing.T) {
	s := open(t, t.TempDir())
	if err := s.Write(t.Context(), putItem); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(s.Path())
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	const n = 3
	errs := make(chan error, 2*n)
	for range n {
		go func() { errs <- s.Write(ctx, state.Op{Key: key, Delete: true}) }()
		go func() { _, err := s.Get(ctx, key); errs <- err }()
	}
	cancel()
	for range 2 * n {
		if err := <-errs; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want context.Canceled", err)
		}
	}
	if err := s.Write(ctx, putItem); !errors.Is(err, state.ErrNotWritten) {
		t.Errorf("write: got %v, want ErrNotWritten", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_UN); err != nil {
		t.Fatal(err)
	}
	if value, err := s.Get(t.Context(), key); err != nil || string(value) != `{"n":1}` {
		t.Errorf("get: got %s, %v", value, err)
	}
}

func TestCannotWrite(t *testing.T) {
	parent := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(parent, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, filepath.Join(parent, "state"))
	err := s.Write(t.Context(), putItem)
	if !errors.Is(err, state.ErrNotWritten) || !strings.Contains(err.Error(), parent) {
		t.Errorf("got %v, want ErrNotWritten, naming the path", err)
	}
}
