package run

import (
	"context"
	"errors"
	"fmt"

	"reconcile/internal/commitid"
	"reconcile/internal/gitpath"
	"reconcile/reconciler/workspace"
	"reconcile/reconciler/workspace/repotree"
	"reconcile/state"
	"reconcile/state/snapshot"
)

// ListDeclared returns the addresses of the resources and modules that workspaces declared when they
// were last applied, or when an apply began, by name. Snapshots say that; without one nothing is
// known.
func (c *Config) ListDeclared(ctx context.Context, product repotree.Product, records []state.Workspace) (map[string]map[string]bool, error) {
	declared := map[string]map[string]bool{}
	if c.Snapshots == nil {
		return declared, nil
	}
	byCommit := map[commitid.ID][]state.Workspace{}
	for _, rec := range records {
		if rec.Commit != "" {
			byCommit[rec.Commit] = append(byCommit[rec.Commit], rec)
		}
		if a := rec.Attempt; a != nil && a.Commit != rec.Commit {
			byCommit[a.Commit] = append(byCommit[a.Commit], rec)
		}
	}
	for commit, records := range byCommit {
		if err := c.addDeclared(ctx, product, commit, records, declared); err != nil {
			return nil, fmt.Errorf("read the snapshot of %s: %w", commit.Abbrev(), err)
		}
	}
	return declared, nil
}

// addDeclared adds what workspaces declared at a commit.
func (c *Config) addDeclared(ctx context.Context, product repotree.Product, id commitid.ID, records []state.Workspace, declared map[string]map[string]bool) error {
	commit, err := c.FetchSnapshot(ctx, id)
	if errors.Is(err, snapshot.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	defer c.CloseCommit(commit)
	loader := workspace.NewLoader(commit.Tree, product)
	for _, rec := range records {
		addresses, err := loader.ListDeclared(gitpath.Unquote(rec.Path))
		if err != nil {
			c.Log.Warn("could not read what a removed workspace had", "workspace", rec.Name, "commit", id, "error", err)
			continue
		}
		if declared[rec.Name] == nil {
			declared[rec.Name] = map[string]bool{}
		}
		for _, address := range addresses {
			declared[rec.Name][address] = true
		}
	}
	return nil
}
