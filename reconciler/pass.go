package reconciler

import (
	"context"
	"errors"
	"fmt"
	"time"

	"reconcile/internal/commitid"
	"reconcile/internal/excerpt"
	"reconcile/internal/failure"
	"reconcile/reconciler/internal/inventory"
	"reconcile/reconciler/run"
	"reconcile/reconciler/source"
	"reconcile/reconciler/source/gitwire"
	"reconcile/reconciler/workspace/settings"
	"reconcile/state"
	"reconcile/state/snapshot"
)

// Pass runs one pass: it applies the tip of the watched branch, and returns when
// nothing more can be done now.
//
// With Options.Snapshot it applies a stored snapshot in place of the tip (snapshot_pass.go).
//
// When ctx ends, Terraform is interrupted and given time to stop; when killCtx ends,
// Terraform is killed. The error is set when the whole pass could not run (Git, the
// record, the settings). The result holds the outcome of each workspace.
func (r *Reconciler) Pass(ctx, killCtx context.Context, o run.Options) (*run.Result, error) {
	p := r.newPass(o)
	apply := p.applyTip
	if o.Snapshot != "" {
		apply = p.applySnapshot
	}
	err := apply(ctx, killCtx)
	if err != nil { // what is applied step by step has alarms that somebody must watch
		p.watchRollouts(ctx, killCtx)
	}
	p.finish(context.WithoutCancel(ctx), err)
	r.notifyMu.Lock()
	p.notify(context.WithoutCancel(ctx))
	p.notifyFailure(context.WithoutCancel(ctx), err)
	r.notifyMu.Unlock()
	p.run.Emit(run.Event{Phase: run.PhaseDone, Pass: p.result, Err: err, IsPartial: len(o.Only) > 0})
	return p.result, err
}

// pass is one pass over the workspaces.
type pass struct {
	config   *run.Config
	run      *run.Run
	result   *run.Result
	retries  map[string]time.Time // when to retry failed workspaces, by name
	notifyAt time.Time            // when to retry a failed notification
	// failureNotified: a channel may have been notified that passes fail as a whole.
	failureNotified bool
	polledAt        time.Time // when the tip was last polled

	pollFailed bool // the last poll while workspaces were applied

	firstSeenTip commitid.ID // the tip that was seen last (see firstSeenAt)
	firstSeenAt  time.Time   // when this pass first saw it

	panicErr     *run.PanicError
	recordedExit int // recorded exit code, if the pass had nothing to do

	teardowns       int         // rounds that followed because the readers of a workspace were applied
	isTeardownRound bool        // this is such a round: what failed or waits is not tried again
	lastTip         commitid.ID // the tip of the last round
	missingTip      commitid.ID // the tip that the remote named last and did not have

	hasWatchedRollouts bool // although the pass failed as a whole

	claims         *claims         // of all passes of this process
	claimedByOther map[string]bool // workspaces that this pass left to another one of this process
}

func (r *Reconciler) newPass(o run.Options) *pass {
	config := &r.config
	if o.Snapshot != "" {
		config = r.config.WithoutGit()
	}
	run := run.New(config, o)
	return &pass{
		config: config, run: run, result: run.Result,
		retries: map[string]time.Time{}, claims: r.claims, claimedByOther: map[string]bool{},
	}
}

// applyTip runs rounds until no newer tip arrives during one.
func (p *pass) applyTip(ctx, killCtx context.Context) error {
	for n := 0; n < maxRounds+p.teardowns; n++ {
		if done, err := p.round(ctx, killCtx); done || err != nil {
			return err
		}
	}
	return fmt.Errorf("the tip or the record changed %d times during this pass; the next pass continues from here", maxRounds)
}

// maxSubject bounds a commit's subject in the record, in bytes.
const maxSubject = 200

// maxRounds limits how often one pass starts again.
const maxRounds = 20

// round runs the pass as docs/design.md describes it; the numbers are its steps. It returns
// done = false if the tip or the record changed meanwhile: the round must then run
// again.
func (p *pass) round(ctx, killCtx context.Context) (done bool, err error) {
	// 1. The head first, the remote after it: in the other order a slow pass could take
	// an old tip for a new one.
	p.run.EnterStep(run.PhasePoll)
	head, tip, err := p.readHeadAndTip(ctx)
	if err != nil {
		return false, err
	}

	// 2. Stop if nothing has changed.
	if nothing, err := p.isUpToDate(ctx, head, tip); err != nil {
		return false, err
	} else if nothing {
		return true, p.replayRecorded(ctx, head)
	}

	// 3. Fetch the new commit.
	p.run.EnterStep(run.PhaseFetch)
	commit, err := p.config.Fetch(ctx, tip)
	if errors.Is(err, gitwire.ErrCommitNotFound) && tip.Commit != p.missingTip {
		p.missingTip = tip.Commit
		return false, nil // the tip moved between the poll and the fetch
	} else if err != nil {
		return false, err
	}
	defer p.config.CloseCommit(commit)
	p.result.Subject = excerpt.Shorten(commit.Subject, maxSubject)
	settings, err := p.config.LoadSettings(commit)
	if err != nil {
		return false, err
	}

	// 4. Adopt the tip.
	p.warnOfDuplicateRecords(ctx, head, commit)
	p.run.EnterStep(run.PhaseAdopt)
	head, err = p.adopt(ctx, head, tip, settings)
	if errors.Is(err, state.ErrConflict) {
		return false, nil
	} else if err != nil {
		return false, fmt.Errorf("adopt %s: %w", commit, err)
	}
	if head.Commit != p.lastTip {
		p.lastTip, p.isTeardownRound, p.result.HasRecord = head.Commit, false, true
	}

	// 5. Find the stale workspaces and their order.
	p.run.EnterStep(run.PhaseDiscover)
	workspaces, err := p.discover(ctx, head, commit, settings)
	if err != nil {
		return false, err
	}
	p.handleRemoved(ctx, killCtx, workspaces)
	if err := workspaces.CheckNotEmpty(); err != nil {
		return false, err
	}

	// 6. Store the snapshot before anything is applied.
	p.run.EnterStep(run.PhaseSnapshot)
	if p.result.Snapshot, err = p.storeSnapshot(ctx, commit); err != nil {
		return false, err
	}

	// 7. Apply the stale workspaces in order, several at once.
	p.run.EnterStep(run.PhaseWorkspaces)
	tipMoved, err := p.applyStale(ctx, killCtx, workspaces)
	if err != nil && ctx.Err() == nil {
		return false, err
	}
	if p.panicErr != nil {
		return false, p.panicErr
	}
	if ctx.Err() != nil {
		return false, p.run.StopError(ctx)
	}
	if p.result.Overtaken {
		return true, nil // another pass takes the new tip
	}

	// 8. Poll again: a tip that moved meanwhile needs another round.
	p.run.EnterStep(run.PhaseSettle)
	if again, err := p.needsAnotherRound(ctx, head, workspaces, tipMoved); again || err != nil {
		return false, err
	}
	if err := p.settle(ctx, head, workspaces); errors.Is(err, state.ErrConflict) {
		return false, nil
	} else if err != nil {
		return false, fmt.Errorf("settle the record: %w", err)
	}
	return true, nil
}

// readHeadAndTip reads the head and then the tip. Approvals in comments that it finds may
// change the head.
func (p *pass) readHeadAndTip(ctx context.Context) (head state.Head, tip source.Tip, err error) {
	if head, err = p.config.ReadHead(ctx); err != nil {
		return head, tip, err
	}
	if err := p.checkRecord(head); err != nil {
		return head, tip, err
	}
	p.result.OutOfSyncSince, p.notifyAt = head.OutOfSyncSince, head.NotifyAt
	// A new record has no head for that note: what the channels were sent says it.
	p.failureNotified = p.failureNotified || head.FailureNotified || head.Rev == 0
	if tip, err = p.pollTip(ctx, head); err != nil {
		return head, tip, err
	}
	if changed, err := p.readComments(ctx, head, tip); err != nil {
		return head, tip, err
	} else if changed {
		if head, err = p.config.ReadHead(ctx); err != nil {
			return head, tip, err
		}
	}
	p.result.SetRange(head, tip)
	return head, tip, nil
}

// discover returns the workspaces at a commit, joined with the record, and warns of what is
// odd in them. The names that the run was given must be among them.
func (p *pass) discover(ctx context.Context, head state.Head, commit *source.Commit, settings *settings.Settings) (*inventory.Inventory, error) {
	workspaces, err := inventory.Discover(ctx, p.config, head, commit, settings)
	if err != nil {
		return nil, err
	}
	for _, text := range workspaces.Warnings() {
		p.run.Warn(text)
	}
	return workspaces, workspaces.CheckNames(p.run.Options.Only)
}

// needsAnotherRound reports whether the tip has moved, or a workspace that waited for its
// readers may go on: it is planned in a round of its own, and its readers after it.
func (p *pass) needsAnotherRound(ctx context.Context, head state.Head, workspaces *inventory.Inventory, tipMoved bool) (bool, error) {
	if tipMoved || workspaces.DidWork() && p.pollAgain(ctx, head) {
		return true, nil
	}
	next, err := p.canTearDown(ctx, workspaces)
	if err != nil || !next || p.teardowns >= len(workspaces.Entries) {
		return false, err
	}
	p.teardowns, p.isTeardownRound = p.teardowns+1, true
	return true, nil
}

func (p *pass) pollTip(ctx context.Context, head state.Head) (source.Tip, error) {
	tip, err := p.config.Source.Tip(ctx, head.Protocol)
	if err != nil {
		return tip, fmt.Errorf("read the tip of %s: %w", p.config.Branch, err)
	}
	p.noteTip(tip)
	return tip, nil
}

// pollIfDue polls the tip again if the last poll is old, and reports whether it has moved: a
// long pass drops what a newer commit replaces.
func (p *pass) pollIfDue(ctx context.Context, head state.Head) bool {
	if p.run.Options.Snapshot != "" || p.config.Now().Sub(p.polledAt) < p.config.TipPoll {
		return false
	}
	return p.pollAgain(ctx, head)
}

// pollAgain polls the tip again and reports whether it has moved. A branch that was deleted counts
// as moved: the next round fails, and says so.
func (p *pass) pollAgain(ctx context.Context, head state.Head) bool {
	tip, err := p.pollTip(ctx, head)
	if errors.Is(err, gitwire.ErrNoBranch) || errors.Is(err, gitwire.ErrEmpty) {
		return true
	}
	if err != nil {
		if !p.pollFailed { // else it is known, and polled again soon
			p.run.Log.Warn("could not read the tip again; continuing with the last known tip", "error", err)
		}
		p.pollFailed = true
		return false
	}
	p.pollFailed = false
	return tip.Commit != head.Commit
}

// noteTip records when this pass first saw the tip.
func (p *pass) noteTip(tip source.Tip) {
	p.polledAt = p.config.Now()
	if p.firstSeenTip != tip.Commit {
		p.firstSeenTip, p.firstSeenAt = tip.Commit, p.polledAt
	}
}

// storeSnapshot stores the commit's tree, with the objects that prove it belongs to the
// commit, and returns the location.
func (p *pass) storeSnapshot(ctx context.Context, commit *source.Commit) (location string, err error) {
	objects, err := commit.Objects(ctx)
	if err == nil {
		location, err = p.config.Snapshots.Put(ctx, commit.ID, commit.CommittedAt, commit.Tree, objects)
	}
	if errors.Is(err, snapshot.ErrDifferentContent) {
		err = failure.WithNextStep(fmt.Sprintf("if `reconcile snapshot fetch %s DIR` says that it is damaged, move it away and run again", commit), err)
	}
	if err != nil {
		return "", fmt.Errorf("store the snapshot of %s (nothing was applied from it): %w", commit, err)
	}
	return location, nil
}

// isUpToDate reports whether the recorded head already answers this pass.
func (p *pass) isUpToDate(ctx context.Context, head state.Head, tip source.Tip) (bool, error) {
	o := p.run.Options
	if len(o.Only) > 0 || o.Replan || o.Adopt || head.Commit != tip.Commit {
		return false, nil
	}
	// An unsettled head is also up to date where other passes of this process do the rest.
	if !head.Settled && !p.claims.coverAllWork(head.Rev) {
		return false, nil
	}
	if !head.NextRetryAt.IsZero() && p.config.IsDue(head.NextRetryAt) {
		return false, nil
	}
	if o.Trigger == run.TriggerManual && head.Exit != run.ExitOK {
		return false, nil // a manual run ignores backoff and checks blocked workspaces again
	}
	hash, err := p.config.HashConfig(ctx, head.EnvVarNames)
	return hash == head.ConfigHash, err
}

// adopt makes the tip the head's commit and the head unsettled. A pass that is killed
// after this leaves the head unsettled, so that the next pass continues.
func (p *pass) adopt(ctx context.Context, head state.Head, tip source.Tip, settings *settings.Settings) (state.Head, error) {
	hash, err := p.config.HashConfig(ctx, settings.Env())
	if err != nil {
		return head, err
	}
	same := head.Commit == tip.Commit && head.ConfigHash == hash
	if hasOwner := head.Repo != "" && head.Environment != nil; same && !head.Settled && hasOwner {
		return head, nil
	}
	next := head
	next.Commit, next.ConfigHash, next.EnvVarNames, next.Protocol = tip.Commit, hash, settings.Env(), tip.Protocol
	next.Settled, next.Repo, next.Branch, next.Run, next.UpdatedAt = false, p.config.Repo, p.config.Branch, p.result.Run, p.config.Now()
	next.Environment = &p.config.Environment
	p.setInSync(&next, false)
	if same {
		return p.config.Record.PutHead(ctx, next)
	}
	if head.Commit != "" && head.Commit != tip.Commit {
		p.warnIfRewritten(ctx, tip.Commit, head.Commit)
	}
	return p.config.Record.Adopt(ctx, next)
}

// warnOfDuplicateRecords warns if the record is new and another record of the store has
// the same branch under another address.
func (p *pass) warnOfDuplicateRecords(ctx context.Context, head state.Head, tip *source.Commit) {
	if head.Commit != "" {
		return
	}
	duplicates, err := p.config.FindDuplicateRecords(ctx, tip)
	if err != nil {
		p.run.Log.Warn("could not check whether another record has this branch", "error", err)
		return
	}
	for _, name := range duplicates {
		text := fmt.Sprintf("the record %s is new, and the record %s has the same commits of branch %s under another address: if it is the same repository, stop and continue with that record (--record %s, after `reconcile distrust --moved --record %[4]s`); otherwise this pass applies everything a second time", p.config.RecordName, name, p.config.Branch, name)
		p.run.Warn(text)
	}
}

// warnIfRewritten warns when the old tip is no ancestor of the new one. A rewritten
// history is applied like any other tip; people only need to know.
func (p *pass) warnIfRewritten(ctx context.Context, tip, old commitid.ID) {
	yes, known, err := p.config.Source.Contains(ctx, tip, old)
	if err != nil {
		p.run.Log.Debug("could not determine whether history was rewritten", "error", err)
		return
	}
	if known && !yes {
		p.result.Rewritten = true
		p.run.Log.Warn("history was rewritten: the last tip is not an ancestor of this one", "last", old, "tip", tip)
	}
}
