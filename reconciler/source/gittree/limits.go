package gittree

import (
	"errors"
	"fmt"
	"path"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"

	"reconcile/reconciler/source/internal/odb"
)

// Limits of one tree. A few objects can represent an unlimited number of paths, so the paths
// are counted before any code walks them.
const (
	maxPaths = 1 << 20
	maxDepth = 1000     // nested directories
	maxBytes = 16 << 30 // of all files together
	// maxUncheckedListings is the number of directories listed before the paths are counted.
	// Most readers use a small part of a tree.
	maxUncheckedListings = 10_000
)

// ErrTreeTooLarge means that a tree exceeds the limits, which no real tree reaches.
var ErrTreeTooLarge = errors.New("the tree is too large")

// checkLimits returns an error if the tree exceeds the limits. It reads each tree object
// once, even if many paths lead to it.
func (t *Tree) checkLimits() error {
	_, err := (&pathCounter{tree: t, sizes: map[plumbing.Hash]treeSize{}}).count(t.root.ID, 0)
	if errors.Is(err, ErrTreeTooLarge) {
		return fmt.Errorf("%s: %w", t.name(), err)
	}
	return err
}

// CheckLimits returns ErrTreeTooLarge if the tree exceeds the limits. It counts the paths only
// once.
func (t *Tree) CheckLimits() error { return t.checkLimitsOnce() }

// name returns the name of the tree for messages.
func (t *Tree) name() string {
	if t.commit == "" {
		return "tree " + t.root.ID.String()
	}
	return "commit " + string(t.commit)
}

// treeSize is the number of paths and levels below a tree object.
type treeSize struct{ paths, depth int }

type pathCounter struct {
	tree  *Tree
	sizes map[plumbing.Hash]treeSize
}

// count returns the size of a directory at the given depth. It stops at the depth limit,
// which also bounds the stack.
func (c *pathCounter) count(id plumbing.Hash, depth int) (treeSize, error) {
	if known, ok := c.sizes[id]; ok {
		return known, nil
	}
	tooDeep := fmt.Errorf("%w: directories are nested more than %d deep", ErrTreeTooLarge, maxDepth)
	if depth > maxDepth {
		return treeSize{}, tooDeep
	}
	list, err := c.tree.readTree(id)
	if errors.Is(err, odb.ErrNotFound) {
		return treeSize{}, nil // a reader gets the error; a snapshot skips it
	}
	if err != nil {
		return treeSize{}, err
	}
	found := treeSize{paths: len(list.entries)}
	for _, e := range list.entries {
		if e.Mode == filemode.Dir && (e.Problem == "" || c.tree.listsSkipped) {
			child, err := c.count(e.ID, depth+1)
			if err != nil {
				return treeSize{}, err
			}
			found.paths += child.paths
			found.depth = max(found.depth, child.depth+1)
		}
		switch {
		case found.paths > maxPaths:
			return treeSize{}, fmt.Errorf("%w: it has more than %d files and directories", ErrTreeTooLarge, maxPaths)
		case found.depth > maxDepth:
			return treeSize{}, tooDeep
		}
	}
	c.sizes[id] = found
	return found, nil
}

// CheckConnected returns an error for the first object of the tree that is missing or has the
// wrong type.
func (t *Tree) CheckConnected() error {
	if err := t.CheckLimits(); err != nil {
		return err
	}
	visited := map[plumbing.Hash]bool{}
	var check func(dir string, id plumbing.Hash) error
	check = func(dir string, id plumbing.Hash) error {
		if visited[id] {
			return nil
		}
		visited[id] = true
		list, err := t.readTree(id)
		if err != nil {
			return fmt.Errorf("directory %s: %w", dir, err)
		}
		for _, e := range list.entries {
			name := path.Join(dir, e.Name)
			switch {
			case e.Problem != "": // never checked out, so never read
			case e.Mode == filemode.Dir:
				if err := check(name, e.ID); err != nil {
					return err
				}
			case e.Mode != filemode.Submodule && !t.objects.Has(e.ID):
				return fmt.Errorf("%s: %w", name, odb.ErrNotFound)
			}
		}
		return nil
	}
	return check(".", t.root.ID)
}
