package odb_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"reconcile/reconciler/source/gittest"
	"reconcile/reconciler/source/internal/odb"

	"github.com/go-git/go-git/v5/plumbing"
)

// newDeltaRepo creates a repository with objects that Git stores as deltas.
func newDeltaRepo(t testing.TB) *gittest.Repo {
	t.Helper()
	repo := gittest.New(t)
	text := ""
	for i := range 12 {
		text += strings.Repeat(fmt.Sprintf("line %d of a file that grows\n", i), 20)
		repo.Commit("grows", map[string]string{"file": text, fmt.Sprintf("dir/%d", i): text[i:]})
	}
	repo.Git("tag", "-a", "-m", "a tag", "v1")
	repo.Git("repack", "-q", "-a", "-d", "-f")
	return repo
}

func openStore(t testing.TB, repo *gittest.Repo) *odb.Store {
	t.Helper()
	s, err := odb.Open(filepath.Join(repo.Work, ".git", "objects"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func listObjectIDs(repo *gittest.Repo) []string {
	return strings.Fields(repo.Git("cat-file", "--batch-all-objects", "--batch-check=%(objectname)"))
}

func TestReadsWhatGitReads(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string][]string{
		"offset deltas":    {"pack.depth", "50"},
		"reference deltas": {"repack.useDeltaBaseOffset", "false"},
		"no deltas":        {"pack.depth", "0"},
	} {
		t.Run(name, func(t *testing.T) {
			repo := newDeltaRepo(t)
			repo.Git("config", settings[0], settings[1])
			repo.Git("repack", "-q", "-a", "-d", "-f")
			s := openStore(t, repo)
			for _, id := range listObjectIDs(repo) {
				kind, data, err := s.Read(plumbing.NewHash(id))
				if err != nil {
					t.Fatal(err)
				}
				if got := plumbing.ComputeHash(kind, data).String(); got != id {
					t.Errorf("%s was read as %s", id, got)
				}
				if size, err := s.Size(plumbing.NewHash(id)); size != int64(len(data)) || err != nil {
					t.Errorf("%s: size %d, %v; want %d", id, size, err, len(data))
				}
				if !s.Has(plumbing.NewHash(id)) {
					t.Errorf("%s is there, and denied", id)
				}
			}
		})
	}
}

func TestNotFound(t *testing.T) {
	t.Parallel()
	s := openStore(t, newDeltaRepo(t))
	nothing := plumbing.NewHash("0123456789012345678901234567890123456789")
	if _, _, err := s.Read(nothing); !errors.Is(err, odb.ErrNotFound) {
		t.Error(err)
	}
	if _, err := s.Size(nothing); !errors.Is(err, odb.ErrNotFound) {
		t.Error(err)
	}
	if s.Has(nothing) {
		t.Error("it has what is not there")
	}
	if _, err := odb.Open(filepath.Join(t.TempDir(), "nothing")); err == nil {
		t.Error("opened nothing")
	}
}

// TestPipes: pipes among the files of a store are errors at once, and do not keep what is in others
// from being read.
func TestPipes(t *testing.T) {
	t.Parallel()
	repo := newDeltaRepo(t)
	objects := filepath.Join(repo.Work, ".git", "objects")
	id := plumbing.NewHash(repo.Git("rev-parse", "HEAD"))
	for _, name := range []string{"pack-0.idx", "pack-0.pack"} {
		if err := syscall.Mkfifo(filepath.Join(objects, "pack", name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := openStore(t, repo).Read(id); err != nil {
		t.Error(err)
	}
	if err := syscall.Mkfifo(filepath.Join(objects, "info", "alternates"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := odb.Open(objects); err == nil || !strings.Contains(err.Error(), "no regular file") {
		t.Error(err)
	}
}

func TestDamagedLooseObjects(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	id := repo.Commit("first", map[string]string{"a": "1"})
	path := filepath.Join(repo.Work, ".git", "objects", string(id[:2]), string(id[2:]))
	intact, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, damaged := range [][]byte{nil, intact[:5], intact[:len(intact)-3], bytes.Repeat([]byte("x"), 50)} {
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := openStore(t, repo).Read(plumbing.NewHash(string(id))); err == nil {
			t.Errorf("read %q", damaged)
		}
	}
}

// TestSizeKeepsSmallObjects checks that a small loose object whose size was asked is not opened
// again to be read: the search for Git LFS pointers does both for each small file.
func TestSizeKeepsSmallObjects(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	repo.Commit("first", map[string]string{"small": "1", "large": strings.Repeat("large", 1000)})
	s := openStore(t, repo)
	for name, isKept := range map[string]bool{"small": true, "large": false} {
		id := strings.TrimSpace(repo.Git("rev-parse", "HEAD:"+name))
		if _, err := s.Size(plumbing.NewHash(id)); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(repo.Work, ".git", "objects", id[:2], id[2:])); err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.Read(plumbing.NewHash(id)); (err == nil) != isKept {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A pack or an index that becomes shorter while it is open is an error, and no end of the process.
func TestFileCutShortWhileOpen(t *testing.T) {
	t.Parallel()
	for _, extension := range []string{".pack", ".idx"} {
		repo := newDeltaRepo(t)
		s := openStore(t, repo)
		ids := listObjectIDs(repo)
		if !s.Has(plumbing.NewHash(ids[0])) { // opens the pack
			t.Fatal("it has no objects")
		}
		names, err := filepath.Glob(filepath.Join(repo.Work, ".git", "objects", "pack", "pack-*"+extension))
		if err != nil || len(names) != 1 {
			t.Fatalf("%v, %v", names, err)
		}
		if err := errors.Join(os.Chmod(names[0], 0o600), os.Truncate(names[0], 0)); err != nil {
			t.Fatal(err)
		}
		for _, id := range ids {
			if _, _, err := s.Read(plumbing.NewHash(id)); err == nil || !strings.Contains(err.Error(), "damaged") {
				t.Errorf("%s: object %s: %v", extension, id, err)
			}
		}
	}
}

// packDamages are ways in which a pack or its index cannot be used.
var packDamages = map[string]func(path string) error{
	"empty index": func(path string) error { return os.Truncate(path+".idx", 0) },
	"cut index":   func(path string) error { return os.Truncate(path+".idx", 1100) },
	"empty pack":  func(path string) error { return os.Truncate(path+".pack", 0) },
	"cut pack":    func(path string) error { return os.Truncate(path+".pack", 500) },
	"no pack but a directory": func(path string) error {
		return errors.Join(os.Remove(path+".pack"), os.Mkdir(path+".pack", 0o700))
	},
	"pack of another": func(path string) error {
		return os.WriteFile(path+".pack", []byte("PACK\x00\x00\x00\x02\x00\x00\x00\x00"+strings.Repeat("x", 40)), 0o600)
	},
}

// TestPackThatCannotBeOpened: what is in other packs is read, as Git does. What is not is no
// object that does not exist: the error names the file.
func TestPackThatCannotBeOpened(t *testing.T) {
	t.Parallel()
	for name, damage := range packDamages {
		repo := newDeltaRepo(t)
		ids := listObjectIDs(repo)
		names, err := filepath.Glob(filepath.Join(repo.Work, ".git", "objects", "pack", "pack-*.idx"))
		if err != nil || len(names) != 1 {
			t.Fatalf("%v, %v", names, err)
		}
		intact := strings.TrimSuffix(names[0], ".idx")
		first := filepath.Join(filepath.Dir(intact), "pack-"+strings.Repeat("0", 40)) // is looked at before it
		for _, extension := range []string{".pack", ".idx"} {
			data, err := os.ReadFile(intact + extension)
			if err := errors.Join(err, os.WriteFile(first+extension, data, 0o600)); err != nil {
				t.Fatal(err)
			}
		}
		if err := damage(first); err != nil {
			t.Fatal(err)
		}
		s := openStore(t, repo)
		for _, id := range ids {
			if _, _, err := s.Read(plumbing.NewHash(id)); err != nil || !s.Has(plumbing.NewHash(id)) {
				t.Fatalf("%s: %v", name, err)
			}
		}
		if err := errors.Join(os.Remove(intact+".idx"), os.Remove(intact+".pack")); err != nil {
			t.Fatal(err)
		}
		_, _, err = openStore(t, repo).Read(plumbing.NewHash(ids[0]))
		if err == nil || errors.Is(err, odb.ErrNotFound) || !strings.Contains(err.Error(), first) {
			t.Errorf("%s, alone: %v", name, err)
		}
	}
}

// TestIndexThatGitWritesAgain: the error of an index of version 1 says how.
func TestIndexThatGitWritesAgain(t *testing.T) {
	t.Parallel()
	repo := newDeltaRepo(t)
	repo.Git("-c", "pack.indexVersion=1", "repack", "-q", "-a", "-d", "-f")
	id := plumbing.NewHash(listObjectIDs(repo)[0])
	_, _, err := openStore(t, repo).Read(id)
	_, command, ok := strings.Cut(fmt.Sprint(err), "`git ")
	if command, _, _ = strings.Cut(command, "`"); !ok {
		t.Fatal(err)
	}
	repo.Git(strings.Fields(command)...)
	if _, _, err := openStore(t, repo).Read(id); err != nil {
		t.Error(err)
	}
}

// FuzzDamagedPack changes bytes of a pack. Reading may fail but must end.
func FuzzDamagedPack(f *testing.F) {
	repo := newDeltaRepo(f)
	ids := listObjectIDs(repo)
	names, err := filepath.Glob(filepath.Join(repo.Work, ".git", "objects", "pack", "pack-*"))
	if err != nil {
		f.Fatal(err)
	}
	var pack, index []byte
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		switch filepath.Ext(name) {
		case ".pack":
			pack = data
		case ".idx":
			index = data
		}
	}
	f.Add(uint32(12), byte(0xff), uint32(2000), byte(1))
	f.Fuzz(func(t *testing.T, at uint32, change byte, indexAt uint32, indexChange byte) {
		dir := filepath.Join(t.TempDir(), "pack")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		for name, data := range map[string][]byte{"pack-x.pack": flipByte(pack, at, change), "pack-x.idx": flipByte(index, indexAt, indexChange)} {
			if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		s, err := odb.Open(filepath.Dir(dir))
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range ids {
			_, _, _ = s.Read(plumbing.NewHash(id))
			_, _ = s.Size(plumbing.NewHash(id))
		}
	})
}

func flipByte(data []byte, offset uint32, mask byte) []byte {
	data = bytes.Clone(data)
	data[int(offset)%len(data)] ^= mask
	return data
}
