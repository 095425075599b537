package remote

import (
	"context"
	"fmt"
	"log/slog"

	"reconcile/reconciler/internal/inventory"
	"reconcile/reconciler/internal/worker"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// Apply applies a stale workspace with `reconcile worker apply NAME KEY` in another
// process, waits for its end and copies the result.
func Apply(ctx context.Context, r *run.Run, workspaces *inventory.Inventory, entry *inventory.Entry) worker.Completion {
	a := &remoteApply{run: r, config: r.Config, inventory: workspaces, log: r.Log.With("workspace", entry.Dir.Name)}
	a.done.Entry, a.done.Result.Name = entry, entry.Dir.Name
	started := r.Config.Now()
	err := a.execute(ctx)
	a.done.Result.DurationMS = r.Config.Now().Sub(started).Milliseconds()
	if err != nil {
		a.done.Result.Outcome, a.done.Result.Error = run.ClassifyError(err), err.Error()
	}
	return a.done
}

// remoteApply is the apply of one workspace in another process.
type remoteApply struct {
	run       *run.Run
	config    *run.Config
	inventory *inventory.Inventory
	log       *slog.Logger
	done      worker.Completion
}

func (a *remoteApply) execute(ctx context.Context) error {
	name := a.done.Entry.Dir.Name
	a.log.Debug("phase", "phase", run.PhaseRemote)
	a.run.Emit(run.Event{Workspace: name, Phase: run.PhaseRemote})
	runner := &Runner{
		Config: a.config, Tasks: a.config.Record, Log: a.log,
		Start: func(ctx context.Context, task state.Task) (string, error) {
			return a.config.Executor.Start(ctx, task.Key, []string{"worker", "apply", task.Name, task.Key})
		},
		Poll: a.pollTask,
	}
	task, err := runner.Run(ctx, newTask(a.run, a.inventory, name))
	var readErr error
	if a.done.Record, _, readErr = a.config.Record.Workspace(context.WithoutCancel(ctx), name); err == nil && readErr != nil {
		err = fmt.Errorf("read the record of %s: %w", name, readErr)
	}
	if err != nil {
		// The record could not be written, so only the head knows when to retry.
		a.done.Record.Name, a.done.Record.RetryAt = name, a.config.Now().Add(a.config.Backoff(max(1, task.TryCount)))
		return err
	}
	a.done.Result, a.done.TipMoved = run.ResultOf(task.Result), task.TipMoved
	a.done.Result.Warnings = task.Warnings
	if task.InternalError {
		a.done.PanicErr = &run.PanicError{Value: task.Result.Error}
	}
	return nil
}

// pollTask reads the task's result from the record.
func (a *remoteApply) pollTask(ctx context.Context, task *state.Task) (bool, error) {
	now, _, err := a.config.Record.Task(ctx, task.Name)
	if err == nil && now.Key != task.Key {
		return false, &run.BlockedError{Reason: fmt.Sprintf("another pass has taken over %s: see its result", task.Name), Retry: true}
	}
	if err == nil && now.Done {
		*task = now
	}
	return now.Done, err
}
