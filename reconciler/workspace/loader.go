package workspace

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// Loader loads the workspaces of one tree. It parses each directory once,
// however many workspaces reach it. It is safe for several goroutines.
type Loader struct {
	tree            Tree
	product         Product
	modules         memo[*module]
	templates       memo[[]pathRef]
	scans           memo[*specialFiles]
	hidesConditions bool // see Refuse
}

// NewLoader returns a loader of the workspaces of tree, as product reads them.
func NewLoader(tree Tree, product Product) *Loader { return &Loader{tree: tree, product: product} }

// LoadAll loads several workspaces at once, each with the settings at the
// same place in configs, and returns them in that order. It begins none once
// ctx is done; the error is then the context's.
func (l *Loader) LoadAll(ctx context.Context, dirs []Dir, configs []Config) ([]*Workspace, error) {
	loaded := make([]*Workspace, len(dirs))
	runParallel(len(dirs), func(i int) {
		if ctx.Err() == nil {
			loaded[i] = l.Load(dirs[i], configs[i])
		}
	})
	if slices.Contains(loaded, nil) {
		return nil, fmt.Errorf("load workspaces: %w", context.Cause(ctx))
	}
	return loaded, nil
}

// runParallel calls do for 0 to n-1 on all processors.
func runParallel(n int, do func(i int)) {
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), n) {
		group.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				do(int(i))
			}
		})
	}
	group.Wait()
}

// memo keeps one value a key, made once.
type memo[T any] struct{ m sync.Map }

func (o *memo[T]) get(key string, fill func() (T, error)) (T, error) {
	once, ok := o.m.Load(key)
	if !ok {
		once, _ = o.m.LoadOrStore(key, sync.OnceValues(fill))
	}
	return once.(func() (T, error))()
}

// forget makes room: key is not expected again, and costs another fill if it
// is.
func (o *memo[T]) forget(key string) { o.m.Delete(key) }
