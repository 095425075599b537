package source

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	gitobject "github.com/go-git/go-git/v5/plumbing/object"
)

// Commit is a commit with its tree.
type Commit struct {
	ID      string
	Parents []string
	When    time.Time // commit time
	Author  string    // "Name <address>"
	Subject string    // first line of the message
	Tree    *Tree

	raw     []byte // in Git's own form
	closers []io.Closer
}

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

func readCommit(store store, id plumbing.Hash) (*Commit, error) {
	raw, data, err := decodeCommit(store, id)
	if err != nil {
		return nil, err
	}
	c := &Commit{
		ID:     id.String(),
		When:   raw.Committer.When,
		Author: fmt.Sprintf("%s <%s>", raw.Author.Name, raw.Author.Email),
		Tree:   newTree(store, raw.TreeHash, raw.Committer.When),
		raw:    data,
	}
	c.Tree.commit = c.ID
	c.Subject, _, _ = strings.Cut(strings.TrimSpace(raw.Message), "\n")
	for _, parent := range raw.ParentHashes {
		c.Parents = append(c.Parents, parent.String())
	}
	return c, nil
}

func decodeCommit(store store, id plumbing.Hash) (*gitobject.Commit, []byte, error) {
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
