package checkout

import (
	"context"
	"fmt"
	"path"
	"slices"

	"github.com/bmatcuk/doublestar/v4"

	"reconcile/reconciler/internal/inventory"
	"reconcile/reconciler/terraform"
	"reconcile/reconciler/workspace/repotree"
)

// RestoreInputs restores a workspace's inputs in the checkout to the commit's content,
// and returns the altered paths.
func (c *Checkout) RestoreInputs(ctx context.Context, root string, entry *inventory.Entry) ([]string, error) {
	return c.restore(ctx, root, entry, c.isForeignConfig)
}

// RestoreSearchedDirs does what RestoreInputs does, and removes what the commit does not have from
// the directories that the workspace searches for files. A plan may itself write there.
func (c *Checkout) RestoreSearchedDirs(ctx context.Context, root string, entry *inventory.Entry) ([]string, error) {
	globs := c.inventory.Load(entry).Globs
	return c.restore(ctx, root, entry, func(file string) bool {
		if repotree.IsAutoLoaded(path.Base(file)) {
			return c.isForeignConfig(file)
		}
		return slices.ContainsFunc(globs, func(glob string) bool {
			ok, err := doublestar.Match(glob, file)
			return ok && err == nil
		})
	})
}

// restore restores the inputs, and removes files that the commit does not have and that are
// foreign.
func (c *Checkout) restore(ctx context.Context, root string, entry *inventory.Entry, isForeign func(file string) bool) ([]string, error) {
	c.restoreMu.Lock()
	defer c.restoreMu.Unlock()
	ws := c.inventory.Load(entry)
	restored, err := c.inventory.Commit.Tree.Repair(ctx, root, ws.Inputs, ws.Omits, isForeign)
	if err != nil {
		return nil, fmt.Errorf("inputs of %s were altered in the checkout and cannot be restored: %w", entry.Dir.Name, err)
	}
	return restored, nil
}

// isForeignConfig reports whether Terraform would load a file by itself that reconcile has not
// written.
func (c *Checkout) isForeignConfig(file string) bool {
	return repotree.IsAutoLoaded(path.Base(file)) && !c.isGenerated(file)
}

// isGenerated reports whether reconcile writes this file of the checkout for Terraform.
func (c *Checkout) isGenerated(file string) bool {
	return terraform.IsGenerated(path.Base(file)) && c.dirs[path.Dir(file)] != nil
}
