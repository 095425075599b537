package reconciler

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"reconcile/internal/files"
	"reconcile/internal/gitpath"
	"reconcile/internal/shell"
	"reconcile/reconciler/internal/checkout"
	"reconcile/reconciler/internal/inventory"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// handleRemoved writes tombstones for removed workspaces, and moves the record of a
// renamed one to its new name. If the lease stays held, a later pass does it.
func (p *pass) handleRemoved(ctx, killCtx context.Context, workspaces *inventory.Inventory) {
	for _, rec := range workspaces.Removed {
		if r := rec.Rollout; r != nil {
			p.watchRollout(ctx, killCtx, rec, fmt.Sprintf("its directory %s is gone from the tip", rec.Path))
			if to := workspaces.FindRename(rec); to != nil {
				to.RenameErr = &run.BlockedError{Retry: true, RetrySoon: true, Reason: fmt.Sprintf("its record and state still have the name %s, whose rollout must end first: `reconcile rollout status %[1]s` shows it", shell.Quote(rec.Name))}
			}
			continue
		}
		if to := workspaces.FindRename(rec); to != nil {
			if err := p.rename(ctx, workspaces, rec, to); err != nil {
				p.run.Log.Warn("could not move the record of a renamed workspace yet", "workspace", rec.Name, "to", to.Dir.Name, "error", err)
				to.RenameErr = fmt.Errorf("its record and state still have the name %s: %w", rec.Name, err)
			}
			continue
		}
		result := run.WorkspaceResult{
			Name: rec.Name, Outcome: state.Removed, Error: p.describeRemoved(workspaces, rec),
		}
		switch err := p.writeTombstone(ctx, workspaces, rec); {
		case errors.Is(err, state.ErrTipMoved):
			continue // the next round handles it
		case err != nil: // busy, so that the next pass handles it
			result.Outcome, result.Error = state.Busy, fmt.Sprintf("%s; its record could not be closed yet: %v", result.Error, err)
		}
		p.run.Log.Warn(result.Error, "workspace", rec.Name)
		p.result.Add(result)
	}
}

func (p *pass) describeRemoved(workspaces *inventory.Inventory, rec state.Workspace) string {
	text := workspaces.ExplainRemoval(rec)
	if at := p.config.FindOrphanedState(rec, workspaces.HasState); at != "" {
		text += fmt.Sprintf("; its resources still exist, and no workspace owns their state: %s", at)
	}
	return text
}

func (p *pass) rename(ctx context.Context, workspaces *inventory.Inventory, rec state.Workspace, to *inventory.Entry) error {
	if err := p.claims.check(rec.Name, p.run.Options.Run); err != nil {
		return err
	}
	return p.run.WithLease(ctx, workspaces.Head.Generation, rec, func(lease *state.Lease, rec state.Workspace) error {
		// If the run is killed in between, the state is found under both names: the
		// record's name counts, even if the rename is reverted.
		if err := p.linkLocalState(rec, to.Dir.Name); err != nil {
			return err
		}
		// A state that Terraform could not write lies under the old path. It is saved
		// under the new name, and then blocks that workspace.
		if err := checkout.New(p.run, workspaces).MoveErroredState(rec, to.Dir.Name); err != nil {
			return err
		}
		moved := rec
		moved.Name, moved.Path = to.Dir.Name, gitpath.Quote(to.Dir.Path)
		if err := lease.Rename(ctx, rec, moved); err != nil {
			return err
		}
		moved, _, err := p.config.Record.Workspace(ctx, to.Dir.Name) // with its Rev
		if err != nil {
			return err
		}
		if err := p.unlinkLocalState(rec); err != nil {
			return err
		}
		to.Record, to.Recorded = moved, true
		delete(workspaces.Records, rec.Name)
		workspaces.Records[moved.Name] = moved
		if hold, ok := workspaces.Holds[rec.Name]; ok { // the hold has moved too
			to.Hold = &hold
		}
		to.OwnReasons = workspaces.OwnReasons(to, moved)
		p.run.Log.Info("a workspace was renamed: its record moved", "workspace", to.Dir.Name, "from", rec.Name)
		return nil
	})
}

// linkLocalState links a local state to the workspace's new name.
func (p *pass) linkLocalState(rec state.Workspace, to string) error {
	old, now := p.config.LocalStatePath(rec.Name), p.config.LocalStatePath(to)
	if !p.config.HasLocalState(rec) || !checkout.HasContent(old) || files.AreSame(old, now) {
		return nil
	}
	if checkout.HasContent(now) {
		return fmt.Errorf("the Terraform state of another workspace that once had this name lies at %s: move it elsewhere if it is still needed, else remove it", now)
	}
	err := errors.Join(os.MkdirAll(filepath.Dir(now), 0o700), files.RemoveIfExists(now))
	if err == nil {
		err = os.Link(old, now)
	}
	if err != nil {
		return fmt.Errorf("link the state of %s to the name %s: %w", rec.Name, to, err)
	}
	return nil
}

// unlinkLocalState removes the link under the old name.
func (p *pass) unlinkLocalState(rec state.Workspace) error {
	if !p.config.HasLocalState(rec) {
		return nil
	}
	return files.RemoveIfExists(p.config.LocalStatePath(rec.Name))
}

func (p *pass) writeTombstone(ctx context.Context, workspaces *inventory.Inventory, rec state.Workspace) error {
	if err := p.claims.check(rec.Name, p.run.Options.Run); err != nil {
		p.claimedByOther[rec.Name] = true
		return err
	}
	return p.run.WithLease(ctx, workspaces.Head.Generation, rec, func(lease *state.Lease, rec state.Workspace) error {
		text, err := checkout.New(p.run, workspaces).SaveRemovedState(ctx, rec)
		if err != nil {
			return err
		}
		if text != "" {
			p.run.Warn(rec.Name + ": " + text)
		}
		rec.Removed, rec.Outcome, rec.OutcomeAt, rec.Drift = true, state.Removed, p.config.Now(), nil
		rec.Error, rec.PendingInputs, rec.Teardown, rec.Failures, rec.RetryAt = "", nil, nil, 0, time.Time{}
		rec.Successors = workspaces.ListSuccessors(rec)
		return lease.Write(ctx, rec)
	})
}

// clearFailure removes a failed or blocked outcome from the record of a workspace that
// is not stale any more: its cause was reverted.
func (p *pass) clearFailure(ctx context.Context, workspaces *inventory.Inventory, entry *inventory.Entry) {
	if o := entry.Record.Outcome; !entry.Recorded || o != state.Failed && o != state.Blocked {
		return
	}
	if p.claims.check(entry.Dir.Name, p.run.Options.Run) != nil {
		return // its end replaces the outcome
	}
	err := p.run.WithLease(ctx, workspaces.Head.Generation, entry.Record, func(lease *state.Lease, rec state.Workspace) error {
		rec.Outcome, rec.Error, rec.PendingInputs, rec.Teardown, rec.OutcomeAt = state.Unchanged, "", nil, nil, p.config.Now()
		rec.Failures, rec.RetryAt, rec.OutputsUnknown = 0, time.Time{}, false
		entry.Record = rec
		return lease.Write(ctx, rec)
	})
	if err != nil {
		p.run.Log.Warn("could not clear stale outcome", "workspace", entry.Dir.Name, "error", err)
	}
}

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
	orphaned = r.config.FindOrphanedState(rec, run.OwnersOf(records))
	thisRun := run.New(&r.config, run.Options{})
	return orphaned, thisRun.WithLease(ctx, 0, rec, func(lease *state.Lease, rec state.Workspace) error {
		return lease.Forget(ctx, rec)
	})
}
