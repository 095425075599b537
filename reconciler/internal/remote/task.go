package remote

import (
	"context"
	"errors"
	"fmt"

	"reconcile/internal/shell"
	"reconcile/reconciler/internal/checkout"
	"reconcile/reconciler/internal/inventory"
	"reconcile/reconciler/internal/worker"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// newTask returns the task to apply a workspace at the inventory's commit.
func newTask(r *run.Run, workspaces *inventory.Inventory, name string) state.Task {
	return state.Task{
		Name: name, Run: r.Options.Run, Trigger: r.Options.Trigger, Replan: r.Options.Replan, Adopt: r.Options.Adopt, AtOnce: r.Options.AtOnce,
		Commit: workspaces.Commit.ID, CommitTime: workspaces.Commit.CommittedAt, TreeID: workspaces.Commit.Tree.ID("."), Generation: workspaces.Head.Generation,
		FromSnapshot: r.Options.Snapshot != "", Values: workspaces.Settings.ValuesOf(name),
		NoTip: workspaces.NoTip,
	}
}

// RunTask runs in the process that an Executor started: it applies the workspace that a
// pass assigned under key, and records the result. It does not use Git: the tree comes
// from the commit's snapshot. It decides again, under the workspace's lease, whether
// the workspace may be applied.
//
// It returns an error if there is no such task, or if its end could not be recorded.
func RunTask(ctx, killCtx context.Context, c *run.Config, name, key string) (run.WorkspaceResult, error) {
	task, found, err := c.Record.Task(ctx, name)
	switch {
	case err != nil:
		return run.WorkspaceResult{}, err
	case !found || task.Key != key || task.Done:
		return run.WorkspaceResult{}, fmt.Errorf("there is no task for %s under this key: only a pass with --executor runs this command; run `reconcile now %s` instead", name, shell.Quote(name))
	}
	done := executeTask(ctx, killCtx, c, task)
	result := done.Result
	c.Observe(run.Event{Run: task.Run, Workspace: name, Phase: run.PhaseDone, Result: &result})
	ended := task
	ended.Done, ended.TipMoved, ended.InternalError = true, done.TipMoved, done.PanicErr != nil
	ended.Result, ended.Warnings = result.History(), result.Warnings
	own, cancel := run.CleanupContext(ctx)
	defer cancel()
	if err := run.RetryWrite(own, func() error { return c.Record.PutTask(own, task, ended) }); err != nil {
		return result, fmt.Errorf("%s: %s, but the result could not be recorded for the pass that waits for it: %w", name, result.Outcome, err)
	}
	return result, nil
}

// executeTask applies the task's workspace. An error that prevents this is the
// workspace's result.
func executeTask(ctx, killCtx context.Context, c *run.Config, task state.Task) worker.Completion {
	options := run.Options{Run: task.Run, Trigger: task.Trigger, Replan: task.Replan, Adopt: task.Adopt, AtOnce: task.AtOnce}
	if task.FromSnapshot {
		options.Snapshot, options.Values = string(task.Commit), task.Values
	}
	thisRun := run.New(c, options)
	workspaces, err := loadForTask(ctx, c, task)
	if err == nil {
		defer c.CloseCommit(workspaces.Commit)
		dir := checkout.New(thisRun, workspaces)
		defer dir.Close()
		return worker.New(thisRun, workspaces, dir).Apply(ctx, killCtx, workspaces.Entries[task.Name])
	}
	done := worker.Completion{Result: run.WorkspaceResult{Name: task.Name, StaleReasons: []string{}}, TipMoved: errors.Is(err, state.ErrTipMoved)}
	if !done.TipMoved {
		done.Result.Outcome, done.Result.Error = run.ClassifyError(err), err.Error()
	}
	return done
}

// loadForTask builds the inventory at the task's commit, if that is still the tip, or if the task
// is from a snapshot that a person named, or takes a rollout back. Only the commit's id comes
// from the record, and content and signature from the commit, which the caller closes.
func loadForTask(ctx context.Context, c *run.Config, task state.Task) (_ *inventory.Inventory, err error) {
	head, err := c.ReadHead(ctx)
	if err != nil {
		return nil, err
	}
	if head.Generation != task.Generation {
		return nil, state.ErrTipMoved
	}
	if head.Commit != task.Commit && !task.FromSnapshot && task.NoTip == "" {
		return nil, fmt.Errorf("the task for %s is for commit %s, but the record has adopted %s: nothing was done; find out who wrote that task", task.Name, task.Commit, head.Commit)
	}
	commit, err := c.FetchSnapshot(ctx, task.Commit)
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
	settings, err := c.LoadSettings(commit)
	if err != nil {
		return nil, err
	}
	settings.AddValues(task.Values, []string{task.Name})
	workspaces, err := inventory.Discover(ctx, c, head, commit, settings)
	if err != nil {
		return nil, err
	}
	workspaces.NoTip = task.NoTip
	return workspaces, workspaces.CheckNames([]string{task.Name})
}
