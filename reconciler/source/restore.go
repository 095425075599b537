package source

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"reconcile/internal/commitid"
	"reconcile/reconciler/source/gittree"
)

// ErrUnproven means that nothing proves which tree a snapshot should contain.
var ErrUnproven = errors.New("the snapshot has no commit object (it was made by an older version), so it cannot be verified")

// Restore builds the commit from dir, which contains its whole checked out tree, as a
// snapshot does. It does not need Git. objects are from Commit.Objects. If they include the
// commit object, its id, tree and signature are verified without trust in the storage.
// Without the commit object (a snapshot of an older version or of a merge) only ID, When and
// Tree are set, and tree must be the earlier Tree.ID("."); otherwise the error is
// ErrUnproven.
//
// Restore computes all ids from the files, so it refuses a snapshot that is changed or
// incomplete. The files must not change while the commit is used.
func Restore(ctx context.Context, dir string, commit commitid.ID, tree string, when time.Time, objects []byte) (*Commit, error) {
	s, err := gittree.NewDirStore(ctx, objects)
	if err != nil {
		return nil, fmt.Errorf("read the snapshot of %s: %w", commit, err)
	}
	id, err := parseID(string(commit))
	if err != nil {
		return nil, err
	}
	c := &Commit{ID: commit, CommittedAt: when}
	if s.Has(id) {
		if c, err = readCommit(s, id); err != nil {
			return nil, fmt.Errorf("read the snapshot of %s: %w", commit, err)
		}
		actual := c.Tree.ID(".")
		if tree != "" && tree != actual {
			return nil, fmt.Errorf("the tree of commit %s is %s, not %s", commit, actual, tree)
		}
		tree = actual
	}
	if tree == "" {
		return nil, fmt.Errorf("commit %s: %w", commit, ErrUnproven)
	}
	rootID, err := parseID(strings.TrimPrefix(tree, "040000:"))
	if err != nil {
		return nil, err
	}
	c.Tree = gittree.New(s, rootID, c.CommittedAt, commit)
	if err := s.Hash(dir); err != nil {
		return nil, fmt.Errorf("read the snapshot of %s: %w", commit, err)
	}
	if err := s.Match(c.Tree); err != nil {
		return nil, fmt.Errorf("the snapshot does not match the tree of commit %s: %w", commit, err)
	}
	return c, nil
}
