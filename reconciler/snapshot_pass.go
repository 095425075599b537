package reconciler

import (
	"context"
	"errors"
	"fmt"

	"reconcile/reconciler/internal/inventory"
	"reconcile/reconciler/run"
	"reconcile/reconciler/source"
	"reconcile/state"
)

// applySnapshot applies the named workspaces from a stored snapshot. It asks no Git server and
// adopts no tip. What it applies is held until a commit of the branch says the same.
// The snapshot's files must equal the tree that its commit records: nothing else proves them.
func (p *pass) applySnapshot(ctx, killCtx context.Context) error {
	p.run.EnterStep(run.PhaseFetch)
	commit, location, err := p.config.FindSnapshot(ctx, p.run.Options.Snapshot)
	if err != nil {
		return err
	}
	defer p.config.CloseCommit(commit)
	p.result.FromSnapshot, p.result.Values = true, p.run.Options.Values
	p.run.Log.Info("applying a stored snapshot", "commit", commit.String(), "of", commit.CommittedAt, "subject", commit.Subject, "from", location)
	for range maxRounds {
		if moved, err := p.applySnapshotOnce(ctx, killCtx, commit, location); !moved || err != nil {
			return err
		}
	}
	return fmt.Errorf("the record changed %d times during this pass; run it again to continue from here", maxRounds)
}

// applySnapshotOnce applies what the record makes stale now. moved: the record has adopted another
// tip meanwhile, and what is left must be decided again.
func (p *pass) applySnapshotOnce(ctx, killCtx context.Context, commit *source.Commit, location string) (moved bool, err error) {
	head, err := p.config.ReadHead(ctx)
	if err != nil {
		return false, err
	}
	p.result.OutOfSyncSince = head.OutOfSyncSince
	p.result.SetRange(head, commit.Tip())
	if err := p.setAsideComments(ctx); err != nil {
		return false, err
	}
	p.run.EnterStep(run.PhaseDiscover)
	workspaces, err := p.discoverSnapshot(ctx, head, commit)
	if err != nil {
		return false, err
	}
	// The next pass looks at what is applied here, also if this one is killed.
	if err := p.config.Record.MarkUnsettled(ctx); err != nil {
		return false, err
	}
	p.result.Snapshot = location
	p.run.EnterStep(run.PhaseWorkspaces)
	moved, noTerraform := p.applyStale(ctx, killCtx, workspaces)
	if p.panicErr != nil {
		return false, p.panicErr
	}
	own, cancel := run.CleanupContext(ctx)
	defer cancel()
	if err := p.config.Record.MarkUnsettled(own); err != nil { // a pass beside this one may have settled it
		return false, err
	}
	if ctx.Err() != nil {
		return false, p.run.StopError(ctx)
	}
	return moved, noTerraform
}

func (p *pass) discoverSnapshot(ctx context.Context, head state.Head, commit *source.Commit) (*inventory.Inventory, error) {
	o := p.run.Options
	settings, err := p.config.LoadSettings(commit)
	if err != nil {
		return nil, err
	}
	settings.AddValues(o.Values, o.Only)
	workspaces, err := p.discover(ctx, head, commit, settings)
	var unknown *run.UnknownWorkspaceError
	if errors.As(err, &unknown) {
		unknown.InSnapshot = true
	}
	if err != nil {
		return nil, err
	}
	for _, file := range o.Values {
		if reason := settings.ExplainValues(commit.Tree, file); reason != "" {
			return nil, &run.ValuesError{File: file, Reason: reason}
		}
	}
	return workspaces, nil
}

// setAsideComments takes the approvals back that were given in comments: nobody can read them
// without Git and Backlog. A later pass places them again.
func (p *pass) setAsideComments(ctx context.Context) error {
	all, err := p.config.Record.Approvals(ctx)
	if err != nil {
		return err
	}
	for number, approvals := range groupByPullRequest(all) {
		if err := p.setAside(ctx, number, approvals); err != nil {
			return err
		}
	}
	return nil
}

// followHold ends the hold of a snapshot when the commit says what was applied from it, and
// adds to the result what the hold means.
func (p *pass) followHold(ctx context.Context, entry *inventory.Entry, result *run.WorkspaceResult) {
	hold := entry.Hold
	if hold == nil || !hold.IsOfSnapshot() || p.run.Options.Snapshot != "" {
		return
	}
	switch result.Outcome {
	case state.Blocked:
		result.Suspended = true
	case state.Unchanged, state.NoChanges:
		if err := p.config.Record.EndHold(ctx, *hold); err != nil {
			p.run.Log.Warn("could not end a hold whose commit is in the branch; the next pass tries again", "workspace", entry.Dir.Name, "error", err)
			return
		}
		entry.Hold = nil
		p.run.Log.Info("the branch says what was applied from a snapshot; the workspace is held no more", "workspace", entry.Dir.Name, "hold", hold.Reason)
	}
}
