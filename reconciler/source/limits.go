package source

import (
	"errors"
	"fmt"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"

	"reconcile/reconciler/source/objects"
)

// Limits of one tree. A few objects can stand for as many paths as one likes,
// so paths are counted before anybody goes from one to the next.
const (
	maxPaths = 1 << 20
	maxDepth = 1000     // directories in each other
	maxBytes = 16 << 30 // of all files together
	// maxUncheckedListings is how many directories are listed before paths are counted:
	// most who look at a tree look at a small part of it.
	maxUncheckedListings = 10_000
)

// ErrTreeTooLarge: a tree is larger than anything that is meant.
var ErrTreeTooLarge = errors.New("the tree is too large")

// checkLimits makes sure that the tree is within the limits. It reads each
// tree object once, however many paths lead to it.
func (t *Tree) checkLimits() error {
	_, err := (&pathCounter{tree: t, sizes: map[plumbing.Hash]treeSize{}}).count(t.root.id, 0)
	if errors.Is(err, ErrTreeTooLarge) {
		return fmt.Errorf("%s: %w", t.name(), err)
	}
	return err
}

// name is what messages call the tree.
func (t *Tree) name() string {
	if t.commit == "" {
		return "tree " + t.root.id.String()
	}
	return "commit " + t.commit
}

// treeSize is how much lies below a tree object.
type treeSize struct{ paths, depth int }

type pathCounter struct {
	tree  *Tree
	sizes map[plumbing.Hash]treeSize
}

// count returns the extent of a directory that lies at a depth. It goes no
// deeper than the limit, so that the stack is bounded too.
func (c *pathCounter) count(id plumbing.Hash, depth int) (treeSize, error) {
	if known, ok := c.sizes[id]; ok {
		return known, nil
	}
	tooDeep := fmt.Errorf("%w: directories lie in each other more than %d deep", ErrTreeTooLarge, maxDepth)
	if depth > maxDepth {
		return treeSize{}, tooDeep
	}
	list, err := c.tree.readTree(id)
	if errors.Is(err, objects.ErrNotFound) {
		return treeSize{}, nil // who looks at it is told; of what is not laid out, a snapshot has nothing
	}
	if err != nil {
		return treeSize{}, err
	}
	found := treeSize{paths: len(list.entries)}
	for _, e := range list.entries {
		if e.mode == filemode.Dir && e.problem == "" {
			child, err := c.count(e.id, depth+1)
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
