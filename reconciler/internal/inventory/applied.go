package inventory

import (
	"strings"

	"reconcile/internal/gitpath"
	"reconcile/reconciler/workspace/repotree"
	"reconcile/state"
)

// appliedDirs holds the directories of a tree that workspaces were applied from as they are
// there: what was found in them then need not be looked for again. Paths are quoted.
type appliedDirs struct {
	roots  map[string]bool // of workspaces: they have configuration for the product
	inputs map[string]bool // of workspaces and their modules: no file that counts is a Git LFS pointer
}

// findAppliedDirs returns the directories of tree that the records have, with the same id. A
// record of another product or an older epoch counts for nothing.
func findAppliedDirs(tree repotree.Tree, product repotree.Product, epoch int64, records map[string]state.Workspace) appliedDirs {
	dirs := appliedDirs{make(map[string]bool, len(records)), make(map[string]bool, len(records))}
	for _, rec := range records {
		if rec.Epoch != epoch || rec.Trace[keyProduct] != productID(product) {
			continue
		}
		for name, id := range rec.Trace {
			if strings.HasPrefix(name, "//") || !strings.HasPrefix(id, repotree.DirMode) {
				continue // not a directory, or one whose files may be anything
			}
			isRoot := name == rec.Path
			if dirs.inputs[name] && !isRoot {
				continue // another record has it
			}
			if tree.ID(gitpath.Unquote(name)) == id { // the tree's own id: nothing in it is left out
				dirs.inputs[name] = true
				dirs.roots[name] = dirs.roots[name] || isRoot
			}
		}
	}
	return dirs
}

func (d appliedDirs) isRoot(dir string) bool { return d.roots[gitpath.Quote(dir)] }

func (d appliedDirs) isInput(dir string) bool { return d.inputs[gitpath.Quote(dir)] }
