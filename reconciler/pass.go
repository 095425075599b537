package reconciler

import (
	"context"
	"errors"
	"fmt"
	"time"

	"reconcile/reconciler/source"
	"reconcile/reconciler/workspace"
	"reconcile/state"
)

// Pass runs one pass: it brings what is applied to the tip of the watched
// branch, and returns when no more can be done now.
//
// When ctx ends, Terraform is interrupted and given time to stop; when hard
// ends, it is killed. The error is set when the pass as a whole could not run
// (Git, the record, the settings); what became of each workspace is in the
// result.
func (r *Reconciler) Pass(ctx, killCtx context.Context, o Options) (*Result, error) {
	p := r.newPass(o)
	err := p.loop(ctx, killCtx)
	p.finish(context.WithoutCancel(ctx), err)
	p.notify(context.WithoutCancel(ctx))
	p.run.emit(Event{Phase: PhaseDone, Pass: p.result, Err: err, Remote: len(o.Only) > 0})
	return p.result, err
}

// loop makes rounds until one is not overtaken by a newer tip.
func (p *pass) loop(ctx, killCtx context.Context) error {
	for range maxRounds {
		if done, err := p.round(ctx, killCtx); done || err != nil {
			return err
		}
	}
	return fmt.Errorf("the tip or the record moved %d times under this pass; the next one goes on from here", maxRounds)
}

// maxRounds bounds how often one pass starts over.
const maxRounds = 20

// round is the pass as DESIGN describes it, §3: the numbers are its steps. It
// is not done when something moved under it, and it must be made again.
func (p *pass) round(ctx, killCtx context.Context) (done bool, err error) {
	// 1. The head first, the remote after it: in the other order a slow pass
	// could take an old tip for a new one.
	p.run.enterStep(PhasePoll)
	head, err := p.reconciler.readHead(ctx)
	if err != nil {
		return false, err
	}
	p.result.BehindSince, p.notifyAt = head.OutOfSyncSince, head.NotifyAt
	tip, err := p.pollTip(ctx, head)
	if err != nil {
		return false, err
	}
	p.setRange(head, tip)

	// 2. Nothing to do?
	if nothing, err := p.isUpToDate(ctx, head, tip); err != nil {
		return false, err
	} else if nothing {
		return true, p.replayRecorded(ctx, head)
	}

	// 3. The new commit.
	p.run.enterStep(PhaseFetch)
	commit, err := p.reconciler.fetch(ctx, tip)
	if errors.Is(err, source.ErrCommitNotFound) {
		return false, nil // the tip moved between the question and the fetch
	} else if err != nil {
		return false, err
	}
	defer p.reconciler.closeCommit(commit)
	settings, err := workspace.LoadSettings(commit.Tree, p.config.Environment)
	if err != nil {
		return false, fmt.Errorf("settings at %s: %w", abbreviate(tip.Commit), err)
	}

	// 4. Adopt the tip.
	p.warnOfDuplicateRecords(ctx, head, tip)
	p.run.enterStep(PhaseAdopt)
	head, err = p.adopt(ctx, head, tip, settings)
	if errors.Is(err, state.ErrConflict) {
		return false, nil
	} else if err != nil {
		return false, fmt.Errorf("adopt %s: %w", abbreviate(tip.Commit), err)
	}

	// 5. What is stale, and in which order?
	p.run.enterStep(PhaseDiscover)
	work, err := p.reconciler.discover(ctx, head, commit, settings)
	if err != nil {
		return false, err
	}
	for _, text := range settings.Warnings() {
		p.run.warn(text)
	}
	if err := work.checkNames(p.run.options.Only); err != nil {
		return false, err
	}
	p.handleRemoved(ctx, work)
	if err := work.checkNotEmpty(); err != nil {
		return false, err
	}

	// 6. The snapshot, before anything is applied.
	p.run.enterStep(PhaseSnapshot)
	if p.result.Snapshot, err = p.storeSnapshot(ctx, commit); err != nil {
		return false, err
	}

	// 7. Each stale workspace, in order, several at once.
	p.run.enterStep(PhaseWorkspaces)
	moved := p.applyStale(ctx, killCtx, work)
	if p.panicErr != nil {
		return false, p.panicErr
	}
	if ctx.Err() != nil {
		return false, p.run.stopError(ctx)
	}

	// 8. Ask again: a tip that moved meanwhile is a round of its own.
	p.run.enterStep(PhaseSettle)
	if !moved && work.didWork() {
		tip, err := p.pollTip(ctx, head)
		moved = err == nil && tip.Commit != head.Commit
	}
	if moved {
		return false, nil
	}
	if err := p.settle(ctx, head); errors.Is(err, state.ErrConflict) {
		return false, nil
	} else if err != nil {
		return false, fmt.Errorf("settle the record: %w", err)
	}
	return true, nil
}

// pollTip asks the remote for the tip.
func (p *pass) pollTip(ctx context.Context, head state.Head) (source.Tip, error) {
	tip, err := p.config.Source.Tip(ctx, head.Protocol)
	if err != nil {
		return tip, fmt.Errorf("ask for the tip of %s: %w", p.config.Branch, err)
	}
	p.noteTip(tip)
	return tip, nil
}

// fetch gets the tip, and refuses it where commits must be signed and it is
// not: nothing of it is read then.
func (r *Reconciler) fetch(ctx context.Context, tip source.Tip) (*source.Commit, error) {
	commit, err := r.config.Source.Fetch(ctx, tip.Commit)
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", abbreviate(tip.Commit), err)
	}
	if err := r.verify(commit); err != nil {
		r.closeCommit(commit)
		return nil, err
	}
	return commit, nil
}

// verify makes sure that a commit is signed, where commits must be.
func (r *Reconciler) verify(commit *source.Commit) error {
	if r.config.Signers == nil {
		return nil
	}
	return commit.Verify(*r.config.Signers)
}

// storeSnapshot stores the tree of the commit, with what proves it to be that
// commit's, and returns where.
func (p *pass) storeSnapshot(ctx context.Context, commit *source.Commit) (location string, err error) {
	objects, err := commit.Objects(ctx)
	if err == nil {
		location, err = p.config.Snapshots.Put(ctx, commit.ID, commit.When, commit.Tree, objects)
	}
	if err != nil {
		return "", fmt.Errorf("keep the snapshot of %s (nothing was applied): %w", abbreviate(commit.ID), err)
	}
	return location, nil
}

// isUpToDate tells whether the head answers for this pass as well.
func (p *pass) isUpToDate(ctx context.Context, head state.Head, tip source.Tip) (bool, error) {
	o := p.run.options
	if len(o.Only) > 0 || o.Replan || o.Adopt || head.Commit != tip.Commit || !head.Settled {
		return false, nil
	}
	if !head.NextRetryAt.IsZero() && !p.config.Now().Before(head.NextRetryAt) {
		return false, nil
	}
	if o.Trigger == Manual && head.Exit != ExitOK {
		return false, nil // a person asks: backoff is ignored, what waits is looked at again
	}
	basis, err := p.reconciler.hashConfig(ctx, head.EnvVarNames)
	return basis == head.ConfigHash, err
}

// adopt makes the tip the head's commit, unless it is already, and the head
// unsettled: from here on a pass that is killed leaves work to do.
func (p *pass) adopt(ctx context.Context, head state.Head, tip source.Tip, settings *workspace.Settings) (state.Head, error) {
	basis, err := p.reconciler.hashConfig(ctx, settings.Env())
	if err != nil {
		return head, err
	}
	same := head.Commit == tip.Commit && head.ConfigHash == basis
	if bound := head.Repo != "" && head.Environment != nil; same && !head.Settled && bound {
		return head, nil
	}
	next := head
	next.Commit, next.ConfigHash, next.EnvVarNames, next.Protocol = tip.Commit, basis, settings.Env(), tip.Protocol
	next.Settled, next.Repo, next.Branch, next.Run, next.UpdatedAt = false, p.config.Repo, p.config.Branch, p.result.Run, p.config.Now()
	next.Environment = &p.config.Environment
	p.updateOutOfSync(&next, false)
	if same {
		return p.config.Record.PutHead(ctx, next)
	}
	if head.Commit != "" && head.Commit != tip.Commit {
		p.warnIfRewritten(ctx, tip.Commit, head.Commit)
	}
	return p.config.Record.Adopt(ctx, next)
}

// warnIfRewritten says so when the old tip is no ancestor of the new one. A
// rewritten history is a tip like any other: only people need to know.
func (p *pass) warnIfRewritten(ctx context.Context, tip, old string) {
	yes, known, err := p.config.Source.Contains(ctx, tip, old)
	if err != nil {
		p.run.log.Debug("could not tell whether history was rewritten", "error", err)
		return
	}
	if known && !yes {
		p.result.Rewritten = true
		p.run.log.Warn("history was rewritten: the last tip is no ancestor of this one", "last", old, "tip", tip)
	}
}

// settle records what the pass came to, so that the next one need not look
// again before there is something new. The head of a pass over some
// workspaces alone stays unsettled: it did not look at the others.
func (p *pass) settle(ctx context.Context, head state.Head) error {
	if len(p.run.options.Only) > 0 {
		return nil
	}
	head.Exit, _ = exit(p.result.Workspaces)
	head.Settled = head.Exit != ExitBusy
	p.updateOutOfSync(&head, head.Exit == ExitOK)
	head.NextRetryAt = p.earliestRetry()
	head.Run, head.UpdatedAt = p.result.Run, p.config.Now()
	_, err := p.config.Record.PutHead(ctx, head)
	return err
}

// pass is one run of the loop.
type pass struct {
	reconciler *Reconciler
	config     *Config
	run        *run
	result     *Result
	retries    map[string]time.Time // of failed workspaces, by name
	notifyAt   time.Time            // when a failed notification is tried again
	polledAt   time.Time            // when the remote was last asked for the tip

	firstSeenTip string    // the tip that was seen last
	firstSeenAt  time.Time // when this pass saw it first

	panicErr     *PanicError
	recordedExit int // exit code of the head that answered for this pass
}

func (r *Reconciler) newPass(o Options) *pass {
	run := r.newRun(o)
	return &pass{
		reconciler: r, config: &r.config, run: run, result: run.result,
		retries: map[string]time.Time{},
	}
}

// abbreviate is a commit as people read it.
func abbreviate(commit string) string {
	return commit[:min(len(commit), 10)]
}
