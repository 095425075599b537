package source

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/go-git/go-git/v5/plumbing"
	gitobject "github.com/go-git/go-git/v5/plumbing/object"

	"reconcile/internal/commitid"
	"reconcile/reconciler/source/gittree"
	"reconcile/reconciler/source/gitwire"
	"reconcile/reconciler/source/internal/merge"
	"reconcile/reconciler/source/internal/odb"
)

// ErrUnrelated means that no common ancestor of two commits was found in the available
// history.
var ErrUnrelated = errors.New("no common ancestor found")

// Merge is the result of merging head into tip.
type Merge struct {
	Tip, Head commitid.ID
	Base      commitid.ID // the merge base
	// CrissCross means that the branches were merged into each other, so there are several
	// merge bases. The newest one was used. Git would first merge the bases, so its result
	// may differ.
	CrissCross bool
	Conflicts  []Conflict // sorted by path; if empty, Commit is set
	// Commit has the merged tree with head's author and message. Its ID is head's, since the
	// merge commit does not exist yet.
	Commit *Commit

	close func() error
}

// Close frees the resources of the merge.
func (m *Merge) Close() error { return m.close() }

// Conflict is a path that both sides changed in incompatible ways.
type Conflict struct {
	Path string `json:"path"`
	Kind string `json:"kind"` // one of the Conflict constants
}

// Kinds of Conflict.
const (
	ConflictContent = merge.Content // both changed the same lines, or a file without lines
	ConflictAdded   = merge.Added   // both added it with different content
	ConflictRemoved = merge.Removed // one changed and one removed it (or renamed it: renames are not followed)
	ConflictKind    = merge.Kind    // the kinds differ, such as a file and a directory
)

// Merge merges head into tip with a three-way merge, as Git does without rename detection. It
// compares tree ids, and lines in files that both sides changed. It writes nothing to the
// repository. Close the Merge after use.
func (r *Repository) Merge(ctx context.Context, tip, head commitid.ID) (_ *Merge, err error) {
	tipID, err := parseID(string(tip))
	if err != nil {
		return nil, err
	}
	headID, err := parseID(string(head))
	if err != nil {
		return nil, err
	}
	h, err := r.backend.fetchHistory(ctx, tipID, headID)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("merge %s into %s: %w", head, tip, err), h.close())
		}
	}()
	bases, _, err := h.commits.Bases(tipID, headID)
	if err != nil {
		return nil, err
	}
	if len(bases) == 0 {
		return nil, &gitwire.Error{Kind: ErrUnrelated, URL: r.URL(), Help: fmt.Sprintf("bring the branch up to date with %s", r.branch)}
	}
	return h.merge(bases[0].Hash, tipID, headID, len(bases) > 1)
}

func (h *history) merge(base, tip, head plumbing.Hash, crissCross bool) (*Merge, error) {
	var sides [3]*Commit
	for i, id := range []plumbing.Hash{base, tip, head} {
		commit, err := readCommit(h.store, id)
		if err != nil {
			return nil, err
		}
		sides[i] = commit
	}
	for _, side := range sides {
		if err := side.Tree.CheckLimits(); err != nil {
			return nil, err
		}
	}
	layer := gittree.NewOverlay(h.store)
	root, conflicts, err := merge.Trees(layer, sides[0].Tree, sides[1].Tree, sides[2].Tree)
	if err != nil {
		return nil, err
	}
	result := &Merge{Tip: commitid.ID(tip.String()), Head: commitid.ID(head.String()), Base: commitid.ID(base.String()), CrissCross: crissCross, close: h.close}
	for _, c := range conflicts {
		result.Conflicts = append(result.Conflicts, Conflict(c))
	}
	if len(conflicts) == 0 {
		result.Commit = sides[2]
		result.Commit.Tree, result.Commit.raw = gittree.New(layer, root, sides[2].CommittedAt, ""), nil
		if err := result.Commit.Tree.CheckLimits(); err != nil {
			return nil, err
		}
	}
	return result, nil
}

// history is an object store with two commits and as much of their history as is needed to
// find the merge base.
type history struct {
	store   *odb.Store
	commits merge.History
	close   func() error
}

// openHistory opens the object store below dir.
func openHistory(dir string, shallow []plumbing.Hash) (*history, error) {
	store, err := odb.Open(filepath.Join(dir, "objects"))
	if err != nil {
		return nil, err
	}
	commits := merge.History{Shallow: map[plumbing.Hash]bool{}, Read: func(id plumbing.Hash) (*gitobject.Commit, error) {
		commit, _, err := decodeCommit(store, id)
		return commit, err
	}}
	for _, id := range shallow {
		commits.Shallow[id] = true
	}
	return &history{store: store, commits: commits, close: func() error { return nil }}, nil
}
