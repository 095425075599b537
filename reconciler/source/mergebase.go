package source

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"reconcile/reconciler/source/internal/odb"

	"github.com/go-git/go-git/v5/plumbing"
	gitobject "github.com/go-git/go-git/v5/plumbing/object"
)

// history is an object store with two commits and as much of their history as is needed to
// find the merge base.
type history struct {
	store   *odb.Store
	shallow map[plumbing.Hash]bool // commits whose parents are omitted
	close   func() error
}

// fetchDepths are the depths of history to request, one after the other. Each response gets a
// separate store: mixing depths in one store has lost trees without an error (go-git v5).
var fetchDepths = []int{32, 256, 2048}

// fetchHistory fetches both commits with history, until the merge base is certain or the
// remote has no more. The caller decides what to do without one.
func (m *remote) fetchHistory(ctx context.Context, tip, head plumbing.Hash) (*history, error) {
	if m.cache.dir == "" {
		return nil, fmt.Errorf("fetch from %s: no cache directory is set", m.url)
	}
	if err := os.MkdirAll(m.cache.dir, 0o700); err != nil {
		return nil, fmt.Errorf("create the commit cache: %w", err)
	}
	for i, depth := range fetchDepths {
		h, err := retry(ctx, m.retry, m.log, func() (*history, error) { return m.downloadHistory(ctx, depth, tip, head) })
		if err != nil {
			return nil, err
		}
		if _, isFinal, err := h.mergeBases(tip, head); err != nil || isFinal || i == len(fetchDepths)-1 {
			if err != nil {
				return nil, errors.Join(fmt.Errorf("%s: %w", m.url, err), h.close())
			}
			return h, nil
		}
		if err := h.close(); err != nil {
			return nil, err
		}
	}
	return nil, errors.New("no depths to fetch") // unreachable: fetchDepths is not empty
}

func (m *remote) downloadHistory(ctx context.Context, depth int, tip, head plumbing.Hash) (_ *history, err error) {
	dir, err := os.MkdirTemp(m.cache.dir, tmpPrefix)
	if err != nil {
		return nil, fmt.Errorf("create a temporary directory for the commits: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	shallow, err := m.receivePack(ctx, dir, depth, tip, head)
	if err != nil {
		return nil, err
	}
	for _, id := range []plumbing.Hash{tip, head} {
		if err := m.verifyCommit(dir, id); err != nil {
			return nil, err
		}
	}
	h, err := openHistory(dir, shallow)
	if err != nil {
		return nil, err
	}
	h.close = func() error { return errors.Join(h.store.Close(), os.RemoveAll(dir)) }
	return h, nil
}

func (l *local) fetchHistory(context.Context, plumbing.Hash, plumbing.Hash) (*history, error) {
	shallow, err := l.repo.Storer.Shallow()
	if err != nil {
		return nil, fmt.Errorf("%s: read shallow: %w", l.root, err)
	}
	return openHistory(l.dir, shallow)
}

// openHistory opens the object store below dir.
func openHistory(dir string, shallow []plumbing.Hash) (*history, error) {
	store, err := odb.Open(filepath.Join(dir, "objects"))
	if err != nil {
		return nil, err
	}
	h := &history{store: store, shallow: map[plumbing.Hash]bool{}, close: store.Close}
	for _, id := range shallow {
		h.shallow[id] = true
	}
	return h, nil
}

// mergeBases returns the best common ancestors of two commits, newest first. There are
// several if the branches were merged into each other. isFinal reports that no unknown
// history can contain a better one.
func (h *history) mergeBases(a, b plumbing.Hash) (best []*gitobject.Commit, isFinal bool, err error) {
	ancestorsA, err := h.ancestors(a)
	if err != nil {
		return nil, false, err
	}
	ancestorsB, err := h.ancestors(b)
	if err != nil {
		return nil, false, err
	}
	isFinal = true
	superseded := map[plumbing.Hash]bool{} // ancestors of another common ancestor
	for id, commit := range ancestorsA {
		if ancestorsB[id] == nil {
			isFinal = isFinal && !h.shallow[id]
			continue
		}
		for _, parent := range commit.ParentHashes {
			superseded[parent] = true
		}
	}
	for id := range ancestorsB {
		isFinal = isFinal && (ancestorsA[id] != nil || !h.shallow[id])
	}
	for id, commit := range ancestorsA {
		if ancestorsB[id] != nil && !superseded[id] {
			best = append(best, commit)
		}
	}
	slices.SortFunc(best, func(x, y *gitobject.Commit) int {
		if c := y.Committer.When.Compare(x.Committer.When); c != 0 {
			return c
		}
		return slices.Compare(x.Hash[:], y.Hash[:])
	})
	return best, isFinal, nil
}

// ancestors returns a commit and its ancestors, as far as they are known.
func (h *history) ancestors(start plumbing.Hash) (map[plumbing.Hash]*gitobject.Commit, error) {
	found := map[plumbing.Hash]*gitobject.Commit{}
	for queue := []plumbing.Hash{start}; len(queue) > 0; queue = queue[1:] {
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
		if !h.shallow[id] {
			queue = append(queue, commit.ParentHashes...)
		}
	}
	return found, nil
}
