package source

import (
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
