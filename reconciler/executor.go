package reconciler

import (
	"context"
	"fmt"

	"reconcile/reconciler/run"
	"reconcile/state"
)

// runWorkspace applies a stale workspace, in this process or remotely. overrun reports
// that the tip has moved and nothing was done.
func (s *checkout) runWorkspace(ctx, killCtx context.Context, entry *workspaceEntry) (v *workspaceRun, overrun bool) {
	if s.config.Executor == nil {
		return s.runLocally(ctx, killCtx, entry)
	}
	v = s.newWorkspaceRun(entry)
	started := s.config.Now()
	overrun, err := v.runRemotely(ctx)
	v.result.DurationMS = s.config.Now().Sub(started).Milliseconds()
	if err != nil {
		v.result.Outcome, v.result.Error = run.ClassifyError(err), err.Error()
	}
	return v, overrun
}

// runRemotely starts `reconcile worker apply NAME KEY` in another process, waits for its end
// and copies the result.
func (v *workspaceRun) runRemotely(ctx context.Context) (overrun bool, err error) {
	v.enterPhase(run.PhaseRemote)
	e := &remoteTask{
		config: v.config, tasks: v.config.Record, log: v.log,
		start: func(ctx context.Context, task state.Task) (string, error) {
			return v.config.Executor.Start(ctx, task.Key, []string{"worker", "apply", task.Name, task.Key})
		},
		poll: v.pollTask,
	}
	task, err := e.run(ctx, state.Task{
		Name: v.entry.dir.Name, Run: v.run.Options.Run, Trigger: v.run.Options.Trigger,
		Commit: v.checkout.inventory.commit.ID, CommitTime: v.checkout.inventory.commit.When, TreeID: v.checkout.inventory.commit.Tree.ID("."), Generation: v.checkout.inventory.head.Generation,
		Replan: v.run.Options.Replan, Adopt: v.run.Options.Adopt,
	})
	var readErr error
	if v.record, _, readErr = v.config.Record.Workspace(context.WithoutCancel(ctx), v.entry.dir.Name); err == nil && readErr != nil {
		err = fmt.Errorf("read the record of %s: %w", v.entry.dir.Name, readErr)
	}
	if err != nil {
		// The record could not be written, so only the head knows when to retry.
		v.record.Name, v.record.RetryAt = v.entry.dir.Name, v.config.Now().Add(v.config.Backoff(max(1, task.TryCount)))
		return false, err
	}
	v.result = run.ResultOf(task.Result)
	v.result.Warnings = task.Warnings
	if task.InternalError {
		v.panicErr = &run.PanicError{Value: task.Result.Error}
	}
	return task.TipMoved, nil
}

// pollTask reads the task's result from the record.
func (v *workspaceRun) pollTask(ctx context.Context, task *state.Task) (bool, error) {
	now, _, err := v.config.Record.Task(ctx, task.Name)
	if err == nil && now.Key != task.Key {
		return false, &run.BlockedError{Reason: fmt.Sprintf("another pass has taken over %s: see its result", task.Name), Retry: true}
	}
	if err == nil && now.Done {
		*task = now
	}
	return now.Done, err
}
