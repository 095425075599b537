package merge

import (
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
	gitobject "github.com/go-git/go-git/v5/plumbing/object"
)

// History is as much of the history of commits as is known.
type History struct {
	Read    func(plumbing.Hash) (*gitobject.Commit, error)
	Shallow map[plumbing.Hash]bool // commits whose parents are omitted
}

// Bases returns the best common ancestors of two commits, newest first. There are several if
// the branches were merged into each other. isFinal reports that no unknown history can
// contain a better one.
func (h History) Bases(a, b plumbing.Hash) (best []*gitobject.Commit, isFinal bool, err error) {
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
			isFinal = isFinal && !h.Shallow[id]
			continue
		}
		for _, parent := range commit.ParentHashes {
			superseded[parent] = true
		}
	}
	for id := range ancestorsB {
		isFinal = isFinal && (ancestorsA[id] != nil || !h.Shallow[id])
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
func (h History) ancestors(start plumbing.Hash) (map[plumbing.Hash]*gitobject.Commit, error) {
	found := map[plumbing.Hash]*gitobject.Commit{}
	for queue := []plumbing.Hash{start}; len(queue) > 0; queue = queue[1:] {
		id := queue[0]
		if found[id] != nil {
			continue
		}
		commit, err := h.Read(id)
		if err != nil {
			return nil, err
		}
		commit.Hash = id
		found[id] = commit
		if !h.Shallow[id] {
			queue = append(queue, commit.ParentHashes...)
		}
	}
	return found, nil
}
