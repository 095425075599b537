package checkout

import (
	"context"
	"slices"
	"sync"

	"reconcile/reconciler/internal/inventory"
)

// workDir is a directory in which Terraform runs, perhaps for several workspaces: each is in a
// Terraform CLI workspace of its own.
type workDir struct {
	used chan struct{} // holds one element while a session works there
	// states guards the links to local states in the directory, which readers follow: init
	// removes them for a moment.
	states sync.RWMutex
}

func newWorkDir() *workDir { return &workDir{used: make(chan struct{}, 1)} }

// Enter waits until no other workspace of the directory of entry is worked on: what init made,
// generated files and a state that could not be written lie in it. The caller calls leave.
func (c *Checkout) Enter(ctx context.Context, entry *inventory.Entry) (leave func(), err error) {
	dir := c.dirs[entry.Dir.Path]
	select {
	case dir.used <- struct{}{}:
		return func() { <-dir.used }, nil
	case <-ctx.Done():
		return nil, c.run.StopError(ctx)
	}
}

// Init calls init while nobody reads the local states in the directory of entry.
func (c *Checkout) Init(entry *inventory.Entry, init func() error) error {
	dir := c.dirs[entry.Dir.Path]
	dir.states.Lock()
	defer dir.states.Unlock()
	return init()
}

// LockUpstreamStates keeps init from the directories of the upstreams of entry, until the caller
// calls unlock. It locks them in one order, each once.
func (c *Checkout) LockUpstreamStates(entry *inventory.Entry) (unlock func()) {
	var paths []string
	for _, up := range c.inventory.Graph.DependsOn(entry.Dir.Name) {
		paths = append(paths, c.inventory.Entries[up].Dir.Path)
	}
	slices.Sort(paths)
	paths = slices.Compact(paths)
	for _, path := range paths {
		c.dirs[path].states.RLock()
	}
	return func() {
		for _, path := range paths {
			c.dirs[path].states.RUnlock()
		}
	}
}
