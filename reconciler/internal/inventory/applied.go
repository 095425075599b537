package inventory

import (
	"strings"

	"reconcile/reconciler/workspace/repotree"
	"reconcile/state"
)

// appliedDirs holds the ids of directories that workspaces were applied from: what was found in
// such a directory then need not be looked for again. They are the ids of whole trees: a directory
// with files that count for nothing has another one in a record.
type appliedDirs struct {
	roots  map[string]bool // of workspaces: they have configuration for the product
	inputs map[string]bool // of workspaces and their modules: no file in them is a Git LFS pointer
}

// findAppliedDirs returns the directories that the records have. A record of another product or
// an older epoch counts for nothing.
func findAppliedDirs(product repotree.Product, epoch int64, records map[string]state.Workspace) appliedDirs {
	dirs := appliedDirs{make(map[string]bool, len(records)), make(map[string]bool, len(records))}
	for _, rec := range records {
		if rec.Epoch != epoch || rec.Trace[keyProduct] != productID(product) {
			continue
		}
		for name, id := range rec.Trace {
			if strings.HasPrefix(id, repotree.DirMode) && !strings.HasPrefix(name, "//") { // below "//" its files may be anything
				dirs.inputs[id] = true
			}
		}
		if id := rec.Trace[rec.Path]; strings.HasPrefix(id, repotree.DirMode) {
			dirs.roots[id] = true
		}
	}
	return dirs
}
