package odb_test

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"reconcile/reconciler/source/gittest"
	"reconcile/reconciler/source/internal/odb"

	"github.com/go-git/go-git/v5/plumbing"
)

// measureAllocation returns the number of bytes that f allocates. No other code may run meanwhile.
func measureAllocation(f func()) int64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc)
}

// TestLargeObjectsAreNotHeld: size and content of a large object are read without loading it
// into memory, however it is stored.
func TestLargeObjectsAreNotHeld(t *testing.T) {
	const most = 4 << 20
	line := strings.Repeat("0123456789abcdef", 64) + "\n"
	var text strings.Builder
	for i := 0; text.Len() < 16<<20; i++ {
		fmt.Fprintf(&text, "%d %s", i, line)
	}
	repo := gittest.New(t)
	repo.Commit("large", map[string]string{"large": text.String() + "once"})
	repo.Commit("larger", map[string]string{"large": text.String() + "twice" + line})
	ids := strings.Fields(repo.Git("rev-parse", "HEAD:large", "HEAD~:large"))
	for _, stored := range [][]string{
		{"count-objects"}, // loose
		{"-c", "pack.depth=0", "repack", "-q", "-a", "-d", "-f"},
		{"repack", "-q", "-a", "-d", "-f"},
		{"-c", "repack.useDeltaBaseOffset=false", "repack", "-q", "-a", "-d", "-f"},
	} {
		repo.Git(stored...)
		s := openStore(t, repo)
		for _, text := range ids {
			id := plumbing.NewHash(text)
			var size int64
			var got plumbing.Hash
			bytes := measureAllocation(func() {
				var err error
				if size, err = s.Size(id); err != nil {
					t.Fatal(err)
				}
				got = readThrough(t, s, id)
			})
			if got != id || size < 16<<20 {
				t.Errorf("%v: %s of %d bytes was read as %s", stored, id, size, got)
			}
			if bytes > most {
				t.Errorf("%v: %s: %d bytes were allocated", stored, id, bytes)
			}
		}
	}
}

func readThrough(t *testing.T, s *odb.Store, id plumbing.Hash) plumbing.Hash {
	t.Helper()
	o, err := s.Open(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	defer o.Content.Close()
	h := plumbing.NewHasher(o.Kind, o.Size)
	if _, err := io.Copy(h, o.Content); err != nil {
		t.Fatal(err)
	}
	return h.Sum()
}

// TestLooseObjectsThatLie: a wrong header, or content that inflates to far more, costs no
// memory.
func TestLooseObjectsThatLie(t *testing.T) {
	zeros := make([]byte, 1<<20)
	for name, test := range map[string]struct {
		head      string
		megabytes int
		want      string
	}{
		"more than it says": {"blob 10\x00", 64, "longer than its head says"},
		"less than it says": {"blob 60000000\x00", 1, "unexpected EOF"},
		"too large":         {"blob 99999999999\x00", 1, "are not read at once"},
		"negative":          {"blob -1\x00", 1, "length"},
		"no length":         {"blob\x00", 1, "length"},
		"no head":           {strings.Repeat("x", 1<<20), 64, "no header"},
		"of no kind":        {"blub 1048576\x00", 1, "type"},
	} {
		repo := gittest.New(t)
		id := plumbing.NewHash("0123456789012345678901234567890123456789")
		var data bytes.Buffer
		z := zlib.NewWriter(&data)
		_, _ = z.Write([]byte(test.head))
		for range test.megabytes {
			_, _ = z.Write(zeros)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(repo.Work, ".git", "objects", id.String()[:2], id.String()[2:])
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		s := openStore(t, repo)
		var err error
		held := measureAllocation(func() { _, _, err = s.Read(id) })
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), id.String()) {
			t.Errorf("%s: %v; want %q", name, err, test.want)
		}
		if held > 12<<20 {
			t.Errorf("%s: %d bytes were allocated", name, held)
		}
	}
}
