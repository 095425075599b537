package reconciler

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"reconcile/internal/commitid"
	"reconcile/reconciler/run"
	"reconcile/reconciler/source"
	"reconcile/reconciler/workspace/settings"
	"reconcile/state"
	"reconcile/state/snapshot"
)

// RunTask runs in the process that an Executor started: it applies the workspace that a
// pass assigned under key, and records the result. It does not use Git: the tree comes
// from the commit's snapshot. It decides again, under the workspace's lease, whether
// the workspace may be applied.
//
// It returns an error if there is no such task, or if its end could not be recorded.
func (r *Reconciler) RunTask(ctx, killCtx context.Context, name, key string) (run.WorkspaceResult, error) {
	task, found, err := r.config.Record.Task(ctx, name)
	switch {
	case err != nil:
		return run.WorkspaceResult{}, err
	case !found || task.Key != key || task.Done:
		return run.WorkspaceResult{}, fmt.Errorf("there is no task for %s under this key: only a pass with --executor runs this command; run `reconcile now %s` instead", name, name)
	}
	v, moved := r.executeTask(ctx, killCtx, task)
	r.config.Observe(run.Event{Run: task.Run, Workspace: name, Phase: run.PhaseDone, Result: &v.result})
	done := task
	done.Done, done.TipMoved, done.InternalError = true, moved, v.panicErr != nil
	done.Result, done.Warnings = v.result.History(), v.result.Warnings
	own, cancel := run.CleanupContext(ctx)
	defer cancel()
	if err := run.RetryWrite(own, func() error { return r.config.Record.PutTask(own, task, done) }); err != nil {
		return v.result, fmt.Errorf("%s: %s, but the result could not be recorded for the pass that waits for it: %w", name, v.result.Outcome, err)
	}
	return v.result, nil
}

// executeTask applies the task's workspace. An error that prevents this is the
// workspace's result.
func (r *Reconciler) executeTask(ctx, killCtx context.Context, task state.Task) (v *workspaceRun, moved bool) {
	thisRun := run.New(&r.config, run.Options{Run: task.Run, Trigger: task.Trigger, Replan: task.Replan, Adopt: task.Adopt})
	work, err := loadForTask(ctx, &r.config, task)
	if err == nil {
		defer r.config.CloseCommit(work.commit)
		checkout := newCheckout(thisRun, work)
		defer checkout.close()
		return checkout.runLocally(ctx, killCtx, work.entries[task.Name])
	}
	v = &workspaceRun{}
	v.result.Name, v.result.StaleReasons = task.Name, []string{}
	if errors.Is(err, state.ErrTipMoved) {
		return v, true
	}
	v.result.Outcome, v.result.Error = run.ClassifyError(err), err.Error()
	return v, false
}

// loadForTask builds the inventory at the task's commit, if that is still the tip. Only
// the commit id comes from the record; content and signature come from the commit
// itself. The caller closes the commit.
func loadForTask(ctx context.Context, c *run.Config, task state.Task) (_ *inventory, err error) {
	head, err := c.ReadHead(ctx)
	if err != nil {
		return nil, err
	}
	if head.Generation != task.Generation {
		return nil, state.ErrTipMoved
	}
	if head.Commit != task.Commit {
		return nil, fmt.Errorf("the task for %s is for commit %s, but the record has adopted %s: nothing was done; find out who wrote that task", task.Name, task.Commit, head.Commit)
	}
	commit, err := commitFromSnapshot(ctx, c, task.Commit, "", time.Time{}, func(dir string, check snapshot.TreeVerifier) error {
		return c.Snapshots.Fetch(ctx, task.Commit, dir, check)
	})
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			c.CloseCommit(commit)
		}
	}()
	if its := commit.Tree.ID("."); its != task.TreeID {
		return nil, fmt.Errorf("the task for %s is for tree %s, but commit %s has tree %s: nothing was done; find out who wrote that task", task.Name, task.TreeID, task.Commit, its)
	}
	if err := c.Verify(commit); err != nil {
		return nil, err
	}
	settings, err := settings.Load(commit.Tree, c.Environment)
	if err != nil {
		return nil, fmt.Errorf("settings at %s: %w", commitid.Abbrev(commit.ID), err)
	}
	work, err := discover(ctx, c, head, commit, settings)
	if err != nil {
		return nil, err
	}
	return work, work.checkNames([]string{task.Name})
}

// commitFromSnapshot makes a commit from an archived tree, which fetch lays out and
// verifies. The files are deleted when the commit is closed.
func commitFromSnapshot(ctx context.Context, c *run.Config, commit, tree string, when time.Time, fetch func(dir string, check snapshot.TreeVerifier) error) (*source.Commit, error) {
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
