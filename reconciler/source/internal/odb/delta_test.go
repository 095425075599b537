package odb

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"reconcile/reconciler/source/gittest"

	"github.com/go-git/go-git/v5/plumbing"
)

// endingReader is a context that ends after it was asked some times.
type endingReader struct {
	context.Context
	left int
}

func (r *endingReader) Err() error {
	if r.left--; r.left < 0 {
		return context.Canceled
	}
	return nil
}

// TestDeltasEnd: applying the deltas of a large object ends with its context, and at a limit of
// what is written to files.
func TestDeltasEnd(t *testing.T) {
	t.Parallel()
	line := strings.Repeat("0123456789abcdef", 64) + "\n"
	var text strings.Builder
	for i := 0; text.Len() < 2*maxHeld; i++ {
		fmt.Fprintf(&text, "%d %s", i, line)
	}
	repo := gittest.New(t)
	for i := range 2 {
		repo.Commit("large", map[string]string{"large": text.String() + strings.Repeat("once more\n", i)})
	}
	repo.Git("repack", "-q", "-a", "-d", "-f")
	s, err := Open(filepath.Join(repo.Work, ".git", "objects"))
	if err != nil {
		t.Fatal(err)
	}
	id := plumbing.NewHash(strings.TrimSpace(repo.Git("rev-parse", "HEAD~:large"))) // Git makes deltas towards what is older
	p, offset, _, err := s.findObject(id)
	if err != nil {
		t.Fatal(err)
	}
	resolve := func(ctx context.Context, limit int64) (spooled int64, err error) {
		r := &resolution{ctx: ctx, store: s, pack: p, limit: limit}
		o, err := r.open(offset)
		if err == nil {
			err = o.Content.Close()
		}
		return r.spooled, err
	}
	all, err := resolve(t.Context(), maxSpooled)
	if err != nil || all < 4*maxHeld {
		t.Fatalf("%d bytes were written, so that it is no chain: %v", all, err)
	}
	if spooled, err := resolve(&endingReader{t.Context(), 2}, maxSpooled); !errors.Is(err, context.Canceled) || spooled == all {
		t.Errorf("a context that ends: %d of %d bytes, %v", spooled, all, err)
	}
	if _, err := resolve(t.Context(), all-1); err == nil || !strings.Contains(err.Error(), "repacked") {
		t.Errorf("one byte more than the limit: %v", err)
	}
	if o, err := s.Open(&endingReader{t.Context(), 2}, id); !errors.Is(err, context.Canceled) {
		t.Errorf("Open: %v, %v", o, err)
	}
}
