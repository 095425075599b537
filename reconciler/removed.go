package reconciler

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"reconcile/internal/files"
	"reconcile/internal/gitpath"
	"reconcile/reconciler/run"
	"reconcile/reconciler/terraform"
	"reconcile/reconciler/workspace/repotree"
	"reconcile/state"
)

// handleRemoved writes tombstones for removed workspaces, and moves the record of a
// renamed one to its new name. If the lease stays held, a later pass does it.
func (p *pass) handleRemoved(ctx context.Context, w *inventory) {
	for _, rec := range w.removed {
		if to := w.findRename(rec); to != nil {
			if err := p.rename(ctx, w, rec, to); err != nil {
				p.run.Log.Warn("the record of a renamed workspace could not be moved yet", "workspace", rec.Name, "to", to.dir.Name, "error", err)
				to.renameErr = fmt.Errorf("its record and state still have the name %s: %w", rec.Name, err)
			}
			continue
		}
		result := run.WorkspaceResult{
			Name: rec.Name, Outcome: state.Removed, Error: p.describeRemoved(w, rec),
		}
		switch err := p.writeTombstone(ctx, w, rec); {
		case errors.Is(err, state.ErrTipMoved):
			continue // the next round handles it
		case err != nil: // busy, so that the next pass handles it
			result.Outcome, result.Error = state.Busy, fmt.Sprintf("%s; its record could not be closed yet: %v", result.Error, err)
		}
		p.run.Log.Warn(result.Error, "workspace", rec.Name)
		p.result.Add(result)
	}
}

func (w *inventory) explainRemoval(rec state.Workspace) string {
	if w.commit.Tree.ID(rec.Path) == repotree.AbsentID {
		return fmt.Sprintf("its directory %s is gone from the tip", rec.Path)
	}
	return fmt.Sprintf("its directory %s is not a workspace at the tip: it has no configuration, or the settings' patterns do not match it", rec.Path)
}

// findRename returns the new workspace that has the state of a removed one.
func (w *inventory) findRename(rec state.Workspace) *workspaceEntry {
	for _, entry := range w.entries {
		if !entry.recorded && entry.loaded != nil && entry.loaded.Err == nil && entry.loaded.Identity == rec.Identity {
			return entry
		}
	}
	return nil
}

func (p *pass) rename(ctx context.Context, w *inventory, rec state.Workspace, to *workspaceEntry) error {
	return p.run.WithLease(ctx, w.head.Generation, rec, func(lease *state.Lease, rec state.Workspace) error {
		// If the run is killed in between, the state is found under both names: the
		// record's name counts, even if the rename is reverted.
		if err := p.linkLocalState(rec, to.dir.Name); err != nil {
			return err
		}
		// A state that Terraform could not write lies under the old path. It is saved
		// under the new name, and then blocks that workspace.
		if _, err := terraform.SaveErroredState(p.config.WorkDir, to.dir.Name, filepath.Join(p.config.PassRoot(), filepath.FromSlash(gitpath.Unquote(rec.Path)))); err != nil {
			return err
		}
		moved := rec
		moved.Name, moved.Path = to.dir.Name, to.dir.Path
		if err := lease.Rename(ctx, rec, moved); err != nil {
			return err
		}
		if err := p.unlinkLocalState(rec); err != nil {
			return err
		}
		to.record, to.recorded = moved, true
		if hold, ok := w.holds[rec.Name]; ok { // the hold has moved too
			to.hold = &hold
		}
		to.ownReasons = w.ownReasons(to, moved)
		p.run.Log.Info("a workspace was renamed: its record moved", "workspace", to.dir.Name, "from", rec.Name)
		return nil
	})
}

// linkLocalState links a local state to the workspace's new name.
func (p *pass) linkLocalState(rec state.Workspace, to string) error {
	old, now := p.config.LocalStatePath(rec.Name), p.config.LocalStatePath(to)
	if !p.config.HasLocalState(rec) || !hasContent(old) || files.AreSame(old, now) {
		return nil
	}
	if hasContent(now) {
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

func (p *pass) writeTombstone(ctx context.Context, w *inventory, rec state.Workspace) error {
	return p.run.WithLease(ctx, w.head.Generation, rec, func(lease *state.Lease, rec state.Workspace) error {
		text, err := newCheckout(p.run, w).preserveErroredState(ctx, p.config.PassRoot(), newRemovedEntry(rec))
		if err != nil {
			return err
		}
		if text != "" {
			p.run.Warn(rec.Name + ": " + text)
		}
		rec.Removed, rec.Outcome, rec.OutcomeAt, rec.Drift = true, state.Removed, p.config.Now(), nil
		return lease.Write(ctx, rec)
	})
}

// clearFailure removes a failed or blocked outcome from the record of a workspace that
// is not stale any more: its cause was reverted.
func (p *pass) clearFailure(ctx context.Context, w *inventory, entry *workspaceEntry) {
	if o := entry.record.Outcome; !entry.recorded || o != state.Failed && o != state.Blocked {
		return
	}
	err := p.run.WithLease(ctx, w.head.Generation, entry.record, func(lease *state.Lease, rec state.Workspace) error {
		rec.Outcome, rec.Error, rec.PendingInputs, rec.OutcomeAt = state.Unchanged, "", nil, p.config.Now()
		rec.Failures, rec.RetryAt = 0, time.Time{}
		entry.record = rec
		return lease.Write(ctx, rec)
	})
	if err != nil {
		p.run.Log.Warn("could not clear stale outcome", "workspace", entry.dir.Name, "error", err)
	}
}
