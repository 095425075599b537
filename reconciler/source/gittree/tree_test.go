package gittree

import (
	"bytes"
	"context"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"

	"reconcile/reconciler/source/internal/odb"
)

// countingReader counts how often each object is read.
type countingReader struct {
	trees map[plumbing.Hash][]byte
	reads map[plumbing.Hash]int
}

func (r *countingReader) Read(id plumbing.Hash) (plumbing.ObjectType, []byte, error) {
	r.reads[id]++
	return plumbing.TreeObject, r.trees[id], nil
}

func (r *countingReader) Open(context.Context, plumbing.Hash) (*odb.Object, error) {
	return nil, odb.ErrNotFound
}
func (r *countingReader) Size(plumbing.Hash) (int64, error) { return 0, odb.ErrNotFound }
func (r *countingReader) Has(id plumbing.Hash) bool         { return r.trees[id] != nil }

// TestShare checks that two trees of one repository read each directory once, and that each
// finds what is its own.
func TestShare(t *testing.T) {
	t.Parallel()
	r := &countingReader{trees: map[plumbing.Hash][]byte{}, reads: map[plumbing.Hash]int{}}
	add := func(entries ...Entry) plumbing.Hash {
		data := encodeTree(entries)
		id := plumbing.ComputeHash(plumbing.TreeObject, data)
		r.trees[id] = data
		return id
	}
	dir := func(name string, id plumbing.Hash) Entry { return Entry{Name: name, Mode: filemode.Dir, ID: id} }
	file := Entry{Name: "main.tf", Mode: filemode.Regular, ID: plumbing.NewHash("01")}
	same := add(file)
	old, current := add(file, dir("deep", same)), add(dir("deep", same))
	a := New(r, add(dir("same", same), dir("other", old)), time.Time{}, "")
	b := New(r, add(dir("same", same), dir("other", current)), time.Time{}, "")
	b.Share(a)
	for _, tree := range []*Tree{a, b} {
		for _, p := range []string{"same/main.tf", "other/deep/main.tf"} {
			if got := tree.ID(p); got != file.String() {
				t.Errorf("%s is %s", p, got)
			}
		}
	}
	if a.ID("other/main.tf") == Absent || b.ID("other/main.tf") != Absent {
		t.Errorf("other/main.tf: %s, %s", a.ID("other/main.tf"), b.ID("other/main.tf"))
	}
	for id := range maps.Keys(r.trees) {
		if r.reads[id] != 1 {
			t.Errorf("%s was read %d times", id, r.reads[id])
		}
	}
}

func FuzzTree(f *testing.F) {
	f.Add([]byte("100644 a\x00" + strings.Repeat("x", 20)))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := parseTree(data)
		if err != nil {
			return
		}
		for _, e := range list.entries {
			unsafe := e.Name == "" || e.Name == "." || e.Name == ".." || strings.ContainsAny(e.Name, "/\x00") || strings.EqualFold(e.Name, ".git")
			if unsafe && e.Problem == "" {
				t.Errorf("name %q", e.Name)
			}
		}
		if list.canonical && !bytes.Equal(encodeTree(list.entries), data) {
			t.Errorf("%q is not what its entries make", data)
		}
	})
}
