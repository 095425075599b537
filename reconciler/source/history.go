package source

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"reconcile/reconciler/source/objects"

	"github.com/go-git/go-git/v5/plumbing"
	gitobject "github.com/go-git/go-git/v5/plumbing/object"
)

// history is an object store that holds two commits, and as much of what is
// behind them as is needed to tell where they parted.
type history struct {
	store *objects.Store
	cut   map[plumbing.Hash]bool // commits whose parents are left out
	close func() error
}

// depths are how much history is asked for, in turn. Each answer goes into a
// store of its own, because mixing depths in one store has lost trees without
// an error (go-git v5).
var depths = []int{32, 256, 2048}

// together fetches both commits with history, until that is enough or the
// remote has no more. What is never enough is for the caller to say.
func (m *remote) together(ctx context.Context, tip, head plumbing.Hash) (*history, error) {
	if m.cache.dir == "" {
		return nil, fmt.Errorf("fetch from %s: no cache directory is set", m.url)
	}
	if err := os.MkdirAll(m.cache.dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the cache of commits: %w", err)
	}
	for i, depth := range depths {
		h, err := again(ctx, m.retry, m.log, func() (*history, error) { return m.downloadHistory(ctx, depth, tip, head) })
		if err != nil {
			return nil, err
		}
		if _, enough, err := h.bases(tip, head); err != nil || enough || i == len(depths)-1 {
			if err != nil {
				return nil, errors.Join(fmt.Errorf("%s: %w", m.url, err), h.close())
			}
			return h, nil
		}
		if err := h.close(); err != nil {
			return nil, err
		}
	}
	return nil, errors.New("no depths to fetch") // there are
}

func (m *remote) downloadHistory(ctx context.Context, depth int, tip, head plumbing.Hash) (_ *history, err error) {
	dir, err := os.MkdirTemp(m.cache.dir, partial)
	if err != nil {
		return nil, fmt.Errorf("make a place for the commits: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	cut, err := m.receive(ctx, dir, depth, tip, head)
	if err != nil {
		return nil, err
	}
	for _, id := range []plumbing.Hash{tip, head} {
		if err := m.verify(dir, id); err != nil {
			return nil, err
		}
	}
	h, err := openHistory(dir, cut)
	if err != nil {
		return nil, err
	}
	h.close = func() error { return errors.Join(h.store.Close(), os.RemoveAll(dir)) }
	return h, nil
}

func (l *local) together(context.Context, plumbing.Hash, plumbing.Hash) (*history, error) {
	cut, err := l.repo.Storer.Shallow()
	if err != nil {
		return nil, fmt.Errorf("%s: read shallow: %w", l.root, err)
	}
	return openHistory(l.dir, cut)
}

// openHistory opens the object store below dir.
func openHistory(dir string, cut []plumbing.Hash) (*history, error) {
	store, err := objects.Open(filepath.Join(dir, "objects"))
	if err != nil {
		return nil, err
	}
	h := &history{store: store, cut: map[plumbing.Hash]bool{}, close: store.Close}
	for _, id := range cut {
		h.cut[id] = true
	}
	return h, nil
}

// bases are the best common ancestors of two commits, newest first: more than
// one where branches were merged into each other. They are sure when no
// unknown history could hold a better one.
func (h *history) bases(a, b plumbing.Hash) (best []*gitobject.Commit, sure bool, err error) {
	ofA, err := h.ancestors(a)
	if err != nil {
		return nil, false, err
	}
	ofB, err := h.ancestors(b)
	if err != nil {
		return nil, false, err
	}
	sure = true
	behind := map[plumbing.Hash]bool{} // another common ancestor
	for id, commit := range ofA {
		if ofB[id] == nil {
			sure = sure && !h.cut[id]
			continue
		}
		for _, parent := range commit.ParentHashes {
			behind[parent] = true
		}
	}
	for id := range ofB {
		sure = sure && (ofA[id] != nil || !h.cut[id])
	}
	for id, commit := range ofA {
		if ofB[id] != nil && !behind[id] {
			best = append(best, commit)
		}
	}
	slices.SortFunc(best, func(x, y *gitobject.Commit) int {
		if c := y.Committer.When.Compare(x.Committer.When); c != 0 {
			return c
		}
		return slices.Compare(x.Hash[:], y.Hash[:])
	})
	return best, sure, nil
}

// ancestors are a commit and what is behind it, as far as it is known.
func (h *history) ancestors(of plumbing.Hash) (map[plumbing.Hash]*gitobject.Commit, error) {
	found := map[plumbing.Hash]*gitobject.Commit{}
	for queue := []plumbing.Hash{of}; len(queue) > 0; queue = queue[1:] {
		id := queue[0]
		if found[id] != nil {
			continue
		}
		commit, _, err := decodeCommit(h.store, id)
		if err != nil {
			return nil, err
		}
		commit.Hash = id
		found[id] = commit
		if !h.cut[id] {
			queue = append(queue, commit.ParentHashes...)
		}
	}
	return found, nil
}
