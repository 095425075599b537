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
	// freely is how many directories are listed before paths are counted:
	// most who look at a tree look at a small part of it.
	freely = 10_000
)

// ErrTooMuch: a tree is larger than anything that is meant.
var ErrTooMuch = errors.New("the tree is too large")

// countPaths makes sure that the tree is within the limits. It reads each
// tree object once, however many paths lead to it.
func (t *Tree) countPaths() error {
	_, err := (&counter{tree: t, known: map[plumbing.Hash]extent{}}).count(t.root.id, 0)
	if errors.Is(err, ErrTooMuch) {
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

// extent is how much lies below a tree object.
type extent struct{ paths, depth int }

type counter struct {
	tree  *Tree
	known map[plumbing.Hash]extent
}

// count returns the extent of a directory that lies at a depth. It goes no
// deeper than the limit, so that the stack is bounded too.
func (c *counter) count(id plumbing.Hash, at int) (extent, error) {
	if known, ok := c.known[id]; ok {
		return known, nil
	}
	tooDeep := fmt.Errorf("%w: directories lie in each other more than %d deep", ErrTooMuch, maxDepth)
	if at > maxDepth {
		return extent{}, tooDeep
	}
	list, err := c.tree.listing(id)
	if errors.Is(err, objects.ErrNotFound) {
		return extent{}, nil // who looks at it is told; of what is not laid out, a snapshot has nothing
	}
	if err != nil {
		return extent{}, err
	}
	found := extent{paths: len(list.entries)}
	for _, e := range list.entries {
		if e.mode == filemode.Dir && e.odd == "" {
			below, err := c.count(e.id, at+1)
			if err != nil {
				return extent{}, err
			}
			found.paths += below.paths
			found.depth = max(found.depth, below.depth+1)
		}
		switch {
		case found.paths > maxPaths:
			return extent{}, fmt.Errorf("%w: it has more than %d files and directories", ErrTooMuch, maxPaths)
		case found.depth > maxDepth:
			return extent{}, tooDeep
		}
	}
	c.known[id] = found
	return found, nil
}
