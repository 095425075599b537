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
// and returns the altered paths. whole also covers the directories that the workspace
// searches for files, to which a plan may itself write.
func (c *Checkout) RestoreInputs(ctx context.Context, root string, entry *inventory.Entry, whole bool) ([]string, error) {
	c.restoreMu.Lock()
	defer c.restoreMu.Unlock()
	ws := c.inventory.Load(entry)
	foreign := func(file string) bool {
		if repotree.IsAutoLoaded(path.Base(file)) {
			return !c.isGenerated(file)
		}
		return whole && slices.ContainsFunc(ws.Globs, func(glob string) bool {
			ok, err := doublestar.Match(glob, file)
			return ok && err == nil
		})
	}
	restored, err := c.inventory.Commit.Tree.Repair(ctx, root, ws.Inputs, ws.Omits, foreign)
	if err != nil {
		return nil, fmt.Errorf("inputs of %s were altered in the checkout and cannot be restored: %w", entry.Dir.Name, err)
	}
	return restored, nil
}

// isGenerated reports whether reconcile writes this file of the checkout for Terraform.
func (c *Checkout) isGenerated(file string) bool {
	return terraform.IsGenerated(path.Base(file)) && c.dirs[path.Dir(file)] != nil
}
