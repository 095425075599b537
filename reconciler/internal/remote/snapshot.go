package remote

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"reconcile/reconciler/run"
	"reconcile/reconciler/source"
	"reconcile/state/snapshot"
)

// CommitFromSnapshot makes a commit from an archived tree, which fetch lays out and
// verifies. The files are deleted when the commit is closed.
func CommitFromSnapshot(ctx context.Context, c *run.Config, commit, tree string, when time.Time, fetch func(dir string, check snapshot.TreeVerifier) error) (*source.Commit, error) {
	if err := os.MkdirAll(c.WorkDir, 0o700); err != nil {
		return nil, fmt.Errorf("create a directory for the snapshot: %w", err)
	}
	home, err := os.MkdirTemp(c.WorkDir, "snapshot-")
	if err != nil {
		return nil, fmt.Errorf("create a directory for the snapshot: %w", err)
	}
	dir := filepath.Join(home, "tree")
	var objects []byte
	err = fetch(dir, func(_ string, held []byte) error { objects = held; return nil }) // source.Restore checks them below
	if err == nil {
		var restored *source.Commit
		if restored, err = source.Restore(ctx, dir, commit, tree, when, objects); err == nil {
			restored.AddCloser(func() error { return os.RemoveAll(home) })
			return restored, nil
		}
	}
	return nil, errors.Join(err, os.RemoveAll(home))
}
