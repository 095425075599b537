package odb_test

import (
	"bytes"
	"context"
	"crypto/sha1" // #nosec G505 -- of packs
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"

	"reconcile/reconciler/source/gittest"
	"reconcile/reconciler/source/internal/odb"
)

// newPackedRepo returns a repository with objects of many sizes, which Git stores as deltas,
// and the ids of them all.
func newPackedRepo(t *testing.T) (*gittest.Repo, string) {
	t.Helper()
	repo := gittest.New(t)
	line := strings.Repeat("0123456789abcdef", 64) + "\n"
	var large strings.Builder
	for i := 0; large.Len() < 16<<20; i++ {
		fmt.Fprintf(&large, "%d %s", i, line)
	}
	for n := range 30 {
		content := map[string]string{"same": fmt.Sprintf("%d\n%s", n, strings.Repeat(line, 5)), "empty": ""}
		if n%15 == 0 {
			content["large"] = large.String() + fmt.Sprint(n)
		}
		repo.Commit(fmt.Sprint("commit ", n), content)
	}
	return repo, repo.Git("rev-list", "--objects", "--no-object-names", "HEAD")
}

// packObjects returns the pack that Git makes of the objects.
func packObjects(t testing.TB, repo *gittest.Repo, ids string, options ...string) []byte {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-C", repo.Work, "pack-objects", "-q", "--stdout"}, options...)...)
	cmd.Stdin = strings.NewReader(ids)
	pack, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return pack
}

// TestWritePack: the index is that of Git, byte by byte, and large objects are not held.
func TestWritePack(t *testing.T) {
	const most = 24 << 20
	repo, ids := newPackedRepo(t)
	for _, options := range [][]string{
		{"--delta-base-offset"},
		{"--no-reuse-delta"}, // bases by id
		{"--no-reuse-delta", "--depth=0"},
		{"--delta-base-offset", "--depth=4000", "--window=50", "--no-reuse-delta"},
	} {
		pack := packObjects(t, repo, ids, options...)
		dir := t.TempDir()
		held := measureAllocation(func() {
			if err := odb.WritePack(t.Context(), dir, bytes.NewReader(pack)); err != nil {
				t.Fatalf("%v: %v", options, err)
			}
		})
		if held > most {
			t.Errorf("%v: %d bytes were allocated for a pack of %d", options, held, len(pack))
		}
		names, err := filepath.Glob(filepath.Join(dir, "pack", "*"))
		if err != nil || len(names) != 2 {
			t.Fatalf("%q, %v", names, err)
		}
		index, err := os.ReadFile(names[0])
		if err != nil {
			t.Fatal(err)
		}
		want := filepath.Join(t.TempDir(), "want.idx")
		if out, err := exec.Command("git", "index-pack", "-o", want, names[1]).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v: %s", options, err, out)
		}
		if wanted, err := os.ReadFile(want); err != nil || !bytes.Equal(index, wanted) {
			t.Errorf("%v: the index is not that of Git (%v)", options, err)
		}
		if written, err := os.ReadFile(names[1]); err != nil || !bytes.Equal(written, pack) {
			t.Errorf("%v: the pack was altered (%v)", options, err)
		}
	}
}

// TestWriteDamagedPack: a damaged pack is refused, and leaves nothing.
func TestWriteDamagedPack(t *testing.T) {
	repo := gittest.New(t)
	text := strings.Repeat("a line of text\n", 300)
	repo.Commit("one", map[string]string{"a": text})
	repo.Commit("two", map[string]string{"a": text + "more\n"})
	ids := repo.Git("rev-list", "--objects", "--no-object-names", "HEAD")
	good := packObjects(t, repo, ids, "--delta-base-offset")
	flip := func(at int) []byte {
		damaged := bytes.Clone(good)
		damaged[at] ^= 1
		return damaged
	}
	count := bytes.Clone(good)
	binary.BigEndian.PutUint32(count[8:], 1<<31)
	for name, pack := range map[string][]byte{
		"nothing":          nil,
		"no pack":          []byte("ERR nothing here"),
		"its head alone":   good[:12],
		"cut":              good[:len(good)-40],
		"without its end":  good[:len(good)-5],
		"with bytes after": append(bytes.Clone(good), "more"...),
		"another checksum": flip(len(good) - 1),
		"another byte":     flip(len(good) / 2),
		"another count":    count,
		"another version":  flip(7),
		"thin":             packObjects(t, repo, "HEAD\n^HEAD~\n", "--thin", "--revs"),
	} {
		dir := t.TempDir()
		if err := odb.WritePack(t.Context(), dir, bytes.NewReader(pack)); err == nil {
			t.Errorf("%s: it was taken", name)
		}
		if left, err := filepath.Glob(filepath.Join(dir, "pack", "*")); err != nil || len(left) > 0 {
			t.Errorf("%s: it left %q, %v", name, left, err)
		}
	}
	for at := 0; at < len(good); at += 5 {
		if err := odb.WritePack(t.Context(), t.TempDir(), bytes.NewReader(flip(at))); err == nil {
			t.Errorf("it was taken with byte %d flipped", at)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := odb.WritePack(ctx, t.TempDir(), bytes.NewReader(good)); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
}

// FuzzWritePack: what is taken can be read, object by object, under its id.
func FuzzWritePack(f *testing.F) {
	repo := gittest.New(f)
	text := strings.Repeat("a line of text\n", 300)
	repo.Commit("one", map[string]string{"a": text})
	repo.Commit("two", map[string]string{"a": text + "more\n"})
	ids := repo.Git("rev-list", "--objects", "--no-object-names", "HEAD")
	for _, options := range [][]string{{"--delta-base-offset"}, {"--no-reuse-delta"}, {"--no-reuse-delta", "--depth=0"}} {
		pack := packObjects(f, repo, ids, options...)
		f.Add(pack[:len(pack)-sha1.Size])
	}
	f.Fuzz(func(t *testing.T, pack []byte) {
		sum := sha1.Sum(pack)
		dir := t.TempDir()
		if err := odb.WritePack(t.Context(), dir, bytes.NewReader(append(pack, sum[:]...))); err != nil {
			return
		}
		names, err := filepath.Glob(filepath.Join(dir, "pack", "*.idx"))
		if err != nil || len(names) != 1 {
			t.Fatalf("%q, %v", names, err)
		}
		index, err := os.ReadFile(names[0])
		if err != nil {
			t.Fatal(err)
		}
		s, err := odb.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		for n := range binary.BigEndian.Uint32(index[8+255*4:]) {
			id := plumbing.Hash(index[8+256*4+20*n:])
			if kind, data, err := s.Read(id); err != nil || plumbing.ComputeHash(kind, data) != id {
				t.Errorf("%s: %v", id, err)
			}
		}
	})
}
