package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	gitobject "github.com/go-git/go-git/v5/plumbing/object"

	"reconcile/internal/commitid"
	"reconcile/reconciler/source/gittree"
)

// Commit is a commit with its tree. Without an ID it is what ReadWorkTree found.
type Commit struct {
	ID          commitid.ID
	Parents     []commitid.ID
	CommittedAt time.Time // commit time
	Author      string    // "Name <address>"
	Subject     string    // first line of the message
	Tree        *gittree.Tree

	raw     []byte // in Git's own form
	closers []io.Closer
}

// String returns the abbreviated id, for people.
func (c *Commit) String() string {
	if c.ID == "" {
		return "the work tree"
	}
	return c.ID.Abbrev()
}

// Tip returns the commit as the tip of a branch. It does not know the remote's protocol.
func (c *Commit) Tip() Tip { return Tip{Commit: c.ID} }

// Close closes the open files and releases the commit's directory in the cache, which may
// then be removed.
func (c *Commit) Close() error {
	var errs []error
	for _, c := range c.closers {
		errs = append(errs, c.Close())
	}
	c.closers = nil
	return errors.Join(errs...)
}

// AddCloser registers a function for Close to call.
func (c *Commit) AddCloser(f func() error) { c.closers = append(c.closers, closerFunc(f)) }

type closerFunc func() error

func (f closerFunc) Close() error { return f() }

func readCommit(store gittree.Reader, id plumbing.Hash) (*Commit, error) {
	raw, data, err := decodeCommit(store, id)
	if err != nil {
		return nil, err
	}
	c := &Commit{
		ID:          commitid.ID(id.String()),
		CommittedAt: raw.Committer.When,
		Author:      fmt.Sprintf("%s <%s>", raw.Author.Name, raw.Author.Email),
		Tree:        gittree.New(store, raw.TreeHash, raw.Committer.When, commitid.ID(id.String())),
		raw:         data,
	}
	c.Subject, _, _ = strings.Cut(strings.TrimSpace(raw.Message), "\n")
	for _, parent := range raw.ParentHashes {
		c.Parents = append(c.Parents, commitid.ID(parent.String()))
	}
	return c, nil
}

func decodeCommit(store gittree.Reader, id plumbing.Hash) (*gitobject.Commit, []byte, error) {
	kind, data, err := store.Read(id)
	if err != nil {
		return nil, nil, err
	}
	if kind != plumbing.CommitObject {
		return nil, nil, fmt.Errorf("object %s is a %s, not a commit", id, kind)
	}
	encoded := &plumbing.MemoryObject{}
	encoded.SetType(kind)
	if _, err := encoded.Write(data); err != nil {
		return nil, nil, err
	}
	commit := &gitobject.Commit{}
	if err := commit.Decode(encoded); err != nil {
		return nil, nil, fmt.Errorf("decode commit %s: %w", id, err)
	}
	return commit, data, nil
}

// Objects returns the objects of the commit that cannot be computed from its checked out
// files. These are the commit object itself with its signature, directories with skipped
// entries or in an unusual encoding, and the symlinks among those entries. They are stored
// with the commit's snapshot. Restore needs them.
func (c *Commit) Objects(ctx context.Context) ([]byte, error) {
	var objects []byte
	if c.raw != nil { // nil: not a real commit, such as a merge
		objects = gittree.AppendObject(nil, plumbing.CommitObject, c.raw)
	}
	return c.Tree.AppendObjects(ctx, objects)
}
