package workspace

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"reconcile/reconciler/workspace/repotree"
	"reconcile/reconciler/workspace/settings"
)

// Loader loads the workspaces of one tree. It parses each directory once for all workspaces
// that use it. It is safe for concurrent use.
type Loader struct {
	// SkipPointers says that Load does not search the inputs for Git LFS pointers, for
	// which it must open every small file. Such a workspace must not be applied.
	SkipPointers bool

	tree            repotree.Tree
	product         repotree.Product
	modules         memo[*module]
	templates       memo[[]pathRef]
	scans           memo[*specialFiles]
	hidesConditions bool // see CheckPolicy
}

// NewLoader returns a loader of the workspaces of tree, as product reads them.
func NewLoader(tree repotree.Tree, product repotree.Product) *Loader {
	return &Loader{tree: tree, product: product}
}

// LoadAll loads several workspaces in parallel and returns them in the order of dirs.
// configs holds the settings of each, in the same order. It starts no more once ctx is
// done, and then returns the context's error.
func (l *Loader) LoadAll(ctx context.Context, dirs []settings.Dir, configs []settings.Config) ([]*Workspace, error) {
	loaded := make([]*Workspace, len(dirs))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, dir := range dirs {
		group.Go(func() error {
			if ctx.Err() == nil {
				loaded[i] = l.Load(dir, configs[i])
			}
			return nil
		})
	}
	_ = group.Wait()
	if slices.Contains(loaded, nil) {
		return nil, fmt.Errorf("load workspaces: %w", context.Cause(ctx))
	}
	return loaded, nil
}

// memo stores one value a key and computes each value once.
type memo[T any] struct{ m sync.Map }

func (o *memo[T]) get(key string, fill func() (T, error)) (T, error) {
	once, ok := o.m.Load(key)
	if !ok {
		once, _ = o.m.LoadOrStore(key, sync.OnceValues(fill))
	}
	return once.(func() (T, error))()
}

// forget frees the value of key. Another use of key computes the value again.
func (o *memo[T]) forget(key string) { o.m.Delete(key) }
