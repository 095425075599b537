package workspace

import (
	"context"
	"fmt"
	"slices"

	"reconcile/internal/parallel"
	"reconcile/reconciler/workspace/internal/module"
	"reconcile/reconciler/workspace/repotree"
	"reconcile/reconciler/workspace/settings"
)

// Loader loads the workspaces of one tree. It parses each directory once for all workspaces
// that use it. It is safe for concurrent use.
type Loader struct {
	tree    repotree.Tree
	product repotree.Product
	modules *module.Loader
	files   *FileLists
	// LookupEnv returns the environment variables that settings declare; nil: they are not known.
	LookupEnv func(name string) (string, bool)
}

// NewLoader returns a loader of the workspaces of tree, as product reads them.
func NewLoader(tree repotree.Tree, product repotree.Product) *Loader {
	return &Loader{tree: tree, product: product, modules: module.NewLoader(tree, product), files: newFileLists(tree)}
}

// Files returns the lists of the tree's files.
func (l *Loader) Files() *FileLists { return l.files }

// ListDeclared returns the addresses of the resources and of the modules that the files of a
// directory declare.
func (l *Loader) ListDeclared(dir string) ([]string, error) {
	m, err := l.modules.Load(dir)
	if err != nil {
		return nil, err
	}
	return m.ListDeclared(), nil
}

// SkipPointers makes Load not search an object for Git LFS pointers, for which it must open every
// small file, where skips reports true for its path. A workspace must not be applied unless its
// inputs were searched before.
func (l *Loader) SkipPointers(skips func(p string) bool) { l.modules.SkipsPointers = skips }

// LoadAll loads several workspaces in parallel and returns them in the order of dirs.
// configs holds the settings of each, in the same order. It starts no more once ctx is
// done, and then returns the context's error.
func (l *Loader) LoadAll(ctx context.Context, dirs []settings.Dir, configs []settings.Config) ([]*Workspace, error) {
	loaded := make([]*Workspace, len(dirs))
	parallel.ForEach(len(dirs), func(i int) {
		if ctx.Err() == nil {
			loaded[i] = l.Load(dirs[i], configs[i])
		}
	})
	if slices.Contains(loaded, nil) {
		return nil, fmt.Errorf("load workspaces: %w", context.Cause(ctx))
	}
	return loaded, nil
}
