package reconciler

import (
	"context"
	"errors"
	"fmt"

	"reconcile/state"
)

// Executor starts work in a process elsewhere: in a build of CodeBuild, or a
// task of ECS. Where there is no Executor, the work is done here.
type Executor interface {
	// Start starts `reconcile COMMAND…` and returns what it is called there.
	// Started again with the same key it is the same one, for as long as the
	// executor remembers keys: minutes at least.
	Start(ctx context.Context, key string, command []string) (id string, err error)
	// Status reports whether what Start started has ended, whatever came of it.
	// Why says how, for people. The error is ErrTransient where another try may
	// have an answer.
	Status(ctx context.Context, id string) (status TaskStatus, why string, err error)
}

// ErrTransient is an Executor's error that may pass by itself, as of one that
// is throttled: it says nothing of what was asked for.
var ErrTransient = errors.New("it could not be asked just now")

// TaskStatus is what an executor says of something that it was to start.
type TaskStatus int

// Statuses of tasks.
const (
	TaskRunning  TaskStatus = iota // or about to
	TaskEnded                      // nothing of it runs any more
	TaskNotFound                   // it is not known yet, or not any more
)

// do works on a stale workspace, here or elsewhere. Overrun: the tip has moved
// under it, and nothing was done.
func (s *site) do(ctx, hard context.Context, it *item) (v *visit, overrun bool) {
	if s.Executor == nil {
		return s.visit(ctx, hard, it)
	}
	v = &visit{site: s, it: it, log: s.log.With("workspace", it.Name)}
	v.result.Name = it.Name
	started := s.Now()
	overrun, err := v.elsewhere(ctx)
	v.result.DurationMS = s.Now().Sub(started).Milliseconds()
	if err != nil {
		v.result.Outcome, v.result.Error = madeOf(err), err.Error()
	}
	return v, overrun
}

// elsewhere gives the work away, to `reconcile work NAME KEY`, waits for its
// end, and takes over what came of it.
func (v *visit) elsewhere(ctx context.Context) (overrun bool, err error) {
	v.phase(PhaseElsewhere)
	e := &errand{
		Reconciler: v.Reconciler, ledger: v.Record, log: v.log,
		start: func(ctx context.Context, task state.Task) (string, error) {
			return v.Executor.Start(ctx, task.Key, []string{"work", task.Name, task.Key})
		},
		done: v.done,
	}
	task, err := e.run(ctx, state.Task{
		Name: v.it.Name, Run: v.options.Run, Trigger: v.options.Trigger,
		Commit: v.work.commit.ID, When: v.work.commit.When, Tree: v.work.commit.Tree.ID("."), Generation: v.work.head.Generation,
		Replan: v.options.Replan, Adopt: v.options.Adopt,
	})
	var readErr error
	if v.record, _, readErr = v.Record.Workspace(context.WithoutCancel(ctx), v.it.Name); err == nil && readErr != nil {
		err = fmt.Errorf("read the record of %s: %w", v.it.Name, readErr)
	}
	if err != nil {
		// Nothing could be recorded of it: when to try again is known to the
		// head alone.
		v.record.Name, v.record.RetryAt = v.it.Name, v.Now().Add(v.backoff(max(1, task.Tries)))
		return false, err
	}
	v.result.RunWorkspace, v.result.Warnings = task.Result, task.Warnings
	if task.Fault {
		v.fault = &FaultError{Value: task.Result.Error}
	}
	return task.Moved, nil
}

// done looks in the record whether the task has said what came of it.
func (v *visit) done(ctx context.Context, task *state.Task) (bool, error) {
	now, _, err := v.Record.Task(ctx, task.Name)
	if err == nil && now.Key != task.Key {
		return false, &waitError{why: fmt.Sprintf("another pass has taken %s over: look at its result", task.Name), retry: true}
	}
	if err == nil && now.Done {
		*task = now
	}
	return now.Done, err
}
