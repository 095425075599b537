package reconciler

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"reconcile/internal/commitid"
	"reconcile/reconciler/source"
	"reconcile/reconciler/workspace"
	"reconcile/state"
	"reconcile/state/snapshot"
)

// RunTask runs in the process that an Executor started: it applies the workspace that a
// pass assigned under key, and records the result. It does not use Git: the tree comes
// from the commit's snapshot. It decides again, under the workspace's lease, whether
// the workspace may be applied.
//
// It returns an error if there is no such task, or if its end could not be recorded.
func (r *Reconciler) RunTask(ctx, killCtx context.Context, name, key string) (WorkspaceResult, error) {
	task, found, err := r.config.Record.Task(ctx, name)
	switch {
	case err != nil:
		return WorkspaceResult{}, err
	case !found || task.Key != key || task.Done:
		return WorkspaceResult{}, fmt.Errorf("there is no task for %s under this key: only a pass with --executor runs this command; run `reconcile now %s` instead", name, name)
	}
	v, moved := r.executeTask(ctx, killCtx, task)
	r.config.Observe(Event{Run: task.Run, Workspace: name, Phase: PhaseDone, Result: &v.result})
	done := task
	done.Done, done.TipMoved, done.InternalError = true, moved, v.panicErr != nil
	done.Result, done.Warnings = v.result.history(), v.result.Warnings
	own, cancel := cleanupContext(ctx)
	defer cancel()
	if err := retryWrite(own, func() error { return r.config.Record.PutTask(own, task, done) }); err != nil {
		return v.result, fmt.Errorf("%s: %s, but the result could not be recorded for the pass that waits for it: %w", name, v.result.Outcome, err)
	}
	return v.result, nil
}

// executeTask applies the task's workspace. An error that prevents this is the
// workspace's result.
func (r *Reconciler) executeTask(ctx, killCtx context.Context, task state.Task) (v *workspaceRun, moved bool) {
	run := r.newRun(Options{Run: task.Run, Trigger: task.Trigger, Replan: task.Replan, Adopt: task.Adopt})
	work, err := r.loadForTask(ctx, task)
	if err == nil {
		defer r.closeCommit(work.commit)
		checkout := run.newCheckout(work)
		defer checkout.close()
		return checkout.runLocally(ctx, killCtx, work.entries[task.Name])
	}
	v = &workspaceRun{}
	v.result.Name, v.result.StaleReasons = task.Name, []string{}
	if errors.Is(err, state.ErrTipMoved) {
		return v, true
	}
	v.result.Outcome, v.result.Error = outcomeOf(err), err.Error()
	return v, false
}

// loadForTask builds the inventory at the task's commit, if that is still the tip. Only
// the commit id comes from the record; content and signature come from the commit
// itself. The caller closes the commit.
func (r *Reconciler) loadForTask(ctx context.Context, task state.Task) (_ *inventory, err error) {
	head, err := r.readHead(ctx)
	if err != nil {
		return nil, err
	}
	if head.Generation != task.Generation {
		return nil, state.ErrTipMoved
	}
	if head.Commit != task.Commit {
		return nil, fmt.Errorf("the task for %s is for commit %s, but the record has adopted %s: nothing was done; find out who wrote that task", task.Name, task.Commit, head.Commit)
	}
	commit, err := r.commitFromSnapshot(ctx, task.Commit, "", time.Time{}, func(dir string, check snapshot.TreeVerifier) error {
		return r.config.Snapshots.Fetch(ctx, task.Commit, dir, check)
	})
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			r.closeCommit(commit)
		}
	}()
	if its := commit.Tree.ID("."); its != task.TreeID {
		return nil, fmt.Errorf("the task for %s is for tree %s, but commit %s has tree %s: nothing was done; find out who wrote that task", task.Name, task.TreeID, task.Commit, its)
	}
	if err := r.verify(commit); err != nil {
		return nil, err
	}
	settings, err := workspace.LoadSettings(commit.Tree, r.config.Environment)
	if err != nil {
		return nil, fmt.Errorf("settings at %s: %w", commitid.Abbrev(commit.ID), err)
	}
	work, err := r.discover(ctx, head, commit, settings)
	if err != nil {
		return nil, err
	}
	return work, work.checkNames([]string{task.Name})
}

// commitFromSnapshot makes a commit from an archived tree, which fetch lays out and
// verifies. The files are deleted when the commit is closed.
func (r *Reconciler) commitFromSnapshot(ctx context.Context, commit, tree string, when time.Time, fetch func(dir string, check snapshot.TreeVerifier) error) (*source.Commit, error) {
	if err := os.MkdirAll(r.config.WorkDir, 0o700); err != nil {
		return nil, fmt.Errorf("create a directory for the snapshot: %w", err)
	}
	home, err := os.MkdirTemp(r.config.WorkDir, "snapshot-")
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
