package reconciler

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"reconcile/reconciler/run"
	"reconcile/state"
)

// ErrNotRemoved means that a workspace is still in Git, as far as the record knows.
var ErrNotRemoved = errors.New("it is not removed from Git")

// Forget deletes a removed workspace from the record. It touches neither the workspace's state
// nor its resources: orphaned says where that state lies, if no other workspace has it. The
// error is run.UnknownWorkspaceError or ErrNotRemoved for what cannot be forgotten.
func (r *Reconciler) Forget(ctx context.Context, name string) (orphaned string, err error) {
	records, err := r.config.Record.Workspaces(ctx)
	if err != nil {
		return "", err
	}
	rec, known := records[name]
	if !known {
		unknown := &run.UnknownWorkspaceError{Name: name}
		for name, rec := range records {
			if rec.Removed {
				unknown.Known = append(unknown.Known, name)
			}
		}
		slices.Sort(unknown.Known)
		return "", unknown
	}
	if !rec.Removed {
		return "", fmt.Errorf("workspace %s: %w", name, ErrNotRemoved)
	}
	orphaned = r.config.FindOrphanedState(rec, records)
	thisRun := run.New(&r.config, run.Options{})
	return orphaned, thisRun.WithLease(ctx, 0, rec, func(lease *state.Lease, rec state.Workspace) error {
		return lease.Forget(ctx, rec)
	})
}
