package reconciler

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"reconcile/internal/gitpath"
	"reconcile/reconciler/terraform"
	"reconcile/reconciler/workspace"
	"reconcile/state"
)

// settleGone gives removed workspaces their tombstones, and a renamed one its
// record under the new name. One whose lease stays held is left for a later pass.
func (p *pass) settleGone(ctx context.Context, w *work) {
	for _, rec := range w.gone {
		if to := w.renamed(rec); to != nil {
			if err := p.rename(ctx, w, rec, to); err != nil {
				p.log.Warn("the record of a renamed workspace could not be moved yet", "workspace", rec.Name, "to", to.Name, "error", err)
				to.unmoved = fmt.Errorf("its record, and its state, are still those of %s: %w", rec.Name, err)
			}
			continue
		}
		result := WorkspaceResult{RunWorkspace: state.RunWorkspace{
			Name: rec.Name, Outcome: state.Removed, Error: p.removedText(w, rec),
		}}
		switch err := p.bury(ctx, w, rec); {
		case errors.Is(err, state.ErrMoved):
			continue // the next round sees to it
		case err != nil: // busy, so that the next pass sees to it
			result.Outcome, result.Error = state.Busy, fmt.Sprintf("%s; its record could not be closed yet: %v", result.Error, err)
		}
		p.log.Warn(result.Error, "workspace", rec.Name)
		p.report(result)
	}
}

// whyGone says why a recorded workspace is none any more.
func (w *work) whyGone(rec state.Workspace) string {
	if w.commit.Tree.ID(rec.Path) == workspace.Absent {
		return fmt.Sprintf("its directory %s is gone from the tip", rec.Path)
	}
	return fmt.Sprintf("its directory %s is no workspace at the tip: it holds no configuration, or the settings' patterns do not match it", rec.Path)
}

// renamed finds the new workspace that has a removed one's state.
func (w *work) renamed(rec state.Workspace) *item {
	for _, it := range w.items {
		if !it.known && it.loaded != nil && it.loaded.Err == nil && it.loaded.Identity == rec.Identity {
			return it
		}
	}
	return nil
}

func (p *pass) rename(ctx context.Context, w *work, rec state.Workspace, to *item) error {
	return p.underLease(ctx, w.head.Generation, rec, func(lease *state.Lease, rec state.Workspace) error {
		// Killed in between, the state is to be found under both names: that
		// of the record counts, even if the renaming is taken back.
		if err := p.shareLocalState(rec, to.Name); err != nil {
			return err
		}
		// A state that Terraform could not write lies under the old path: kept
		// under the new name, it holds that one.
		if _, err := terraform.KeepErrored(p.Work, to.Name, filepath.Join(p.passRoot(), filepath.FromSlash(gitpath.Unquote(rec.Path)))); err != nil {
			return err
		}
		moved := rec
		moved.Name, moved.Path = to.Name, to.Path
		if err := lease.Rename(ctx, rec, moved); err != nil {
			return err
		}
		if err := p.leaveLocalState(rec); err != nil {
			return err
		}
		to.record, to.known = moved, true
		if hold, ok := w.holds[rec.Name]; ok { // it has moved too
			to.hold = &hold
		}
		to.own = w.ownReasons(to, moved)
		p.log.Info("a workspace was renamed: its record moved", "workspace", to.Name, "from", rec.Name)
		return nil
	})
}

// shareLocalState gives a state that we keep the workspace's new name as well.
func (p *pass) shareLocalState(rec state.Workspace, to string) error {
	old, now := p.statePath(rec.Name), p.statePath(to)
	if !p.keepsState(rec) || !hasContent(old) || sameFile(old, now) {
		return nil
	}
	if hasContent(now) {
		return fmt.Errorf("the Terraform state of another workspace that once had this name lies at %s: move it elsewhere if it is still needed, else remove it", now)
	}
	err := errors.Join(os.MkdirAll(filepath.Dir(now), 0o700), removeIfThere(now))
	if err == nil {
		err = os.Link(old, now)
	}
	if err != nil {
		return fmt.Errorf("give the state of %s the name of %s: %w", rec.Name, to, err)
	}
	return nil
}

// leaveLocalState takes the old name from it.
func (p *pass) leaveLocalState(rec state.Workspace) error {
	if !p.keepsState(rec) {
		return nil
	}
	return removeIfThere(p.statePath(rec.Name))
}

// keepsState tells whether the state of a workspace is a file that we keep.
func (p *pass) keepsState(rec state.Workspace) bool {
	return strings.HasPrefix(rec.Identity, localPrefix) && p.LocalState != ""
}

func sameFile(a, b string) bool {
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

func (p *pass) bury(ctx context.Context, w *work, rec state.Workspace) error {
	return p.underLease(ctx, w.head.Generation, rec, func(lease *state.Lease, rec state.Workspace) error {
		text, err := p.open(w).keepErrored(ctx, p.passRoot(), goneItem(rec))
		if err != nil {
			return err
		}
		if text != "" {
			p.warn(rec.Name + ": " + text)
		}
		rec.Removed, rec.Outcome, rec.At, rec.Drift = true, state.Removed, p.Now(), nil
		return lease.Write(ctx, rec)
	})
}

// underLease does something with the record of a workspace, as it is under its
// lease: errMeanwhile if that is not what rec was read as. It waits for the
// lease: a holder that died is known by nothing else. Generation is that of the
// head which what is done depends on; 0: of none.
func (p *pass) underLease(ctx context.Context, generation int64, rec state.Workspace, do func(*state.Lease, state.Workspace) error) (err error) {
	lease, err := p.waitForLease(ctx, state.Claim{
		Identity: p.leased(rec.Name, rec.Identity), Workspace: rec.Name, Run: p.options.Run, Generation: generation,
	})
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := ownDeadline(ctx)
		defer cancel()
		if rerr := insist(ctx, func() error { return lease.Release(ctx) }); err == nil {
			err = rerr
		}
	}()
	now, known, err := p.Record.Workspace(ctx, rec.Name)
	if err != nil || !known {
		return err
	}
	if now.Rev != rec.Rev { // it may be of another state by now
		return fmt.Errorf("%s: %w", rec.Name, errMeanwhile)
	}
	return do(lease, now)
}

// errMeanwhile is why something is not done about a workspace's record.
var errMeanwhile = errors.New("another run has changed its record meanwhile")

// leased is what a workspace's lease is on: its state's identity. A local
// state is this record's own, and only its path in the repository is in the
// identity; a workspace whose files never parsed has none, and stands for
// itself.
func (r *Reconciler) leased(name, identity string) string {
	switch {
	case identity == "":
		return "workspace:" + r.Name + "/" + name
	case strings.HasPrefix(identity, localPrefix):
		return localPrefix + r.Name + "/" + strings.TrimPrefix(identity, localPrefix)
	}
	return identity
}

// clear takes a failure, or a plan that waited, off the record of a workspace
// that is not stale any more: someone has taken back what caused it.
func (p *pass) clear(ctx context.Context, w *work, it *item) {
	if o := it.record.Outcome; !it.known || o != state.Failed && o != state.Blocked {
		return
	}
	err := p.underLease(ctx, w.head.Generation, it.record, func(lease *state.Lease, rec state.Workspace) error {
		rec.Outcome, rec.Error, rec.Waiting, rec.At = state.Unchanged, "", nil, p.Now()
		rec.Failures, rec.RetryAt = 0, time.Time{}
		it.record = rec
		return lease.Write(ctx, rec)
	})
	if err != nil {
		p.log.Warn("the record still shows an outcome that is no longer so", "workspace", it.Name, "error", err)
	}
}
