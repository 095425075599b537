package reconciler

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"reconcile/state"
)

// Executor starts the work on one workspace in a process elsewhere: in a build
// of CodeBuild, or a task of ECS. That process calls Reconciler.DoTask. Where
// there is no Executor, the pass does the work itself.
type Executor interface {
	// Start starts `reconcile work NAME KEY` and returns what it is called
	// there. Started again with the same key it is the same one, for as long
	// as the executor remembers keys: minutes at least.
	Start(ctx context.Context, task state.Task) (id string, err error)
	// Ended tells whether what Start started has ended, whatever came of it.
	// Why says how, for people.
	Ended(ctx context.Context, id string) (ended bool, why string, err error)
}

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

// elsewhere gives the work away, waits for its end, and takes over what came
// of it.
func (v *visit) elsewhere(ctx context.Context) (overrun bool, err error) {
	v.phase(PhaseElsewhere)
	task, err := v.entrust(ctx)
	if err == nil {
		task, err = v.await(ctx, task)
	}
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

// entrust finds the task that an earlier pass, which did not live to see its
// end, has given away for the same work; else it makes one and starts it.
func (v *visit) entrust(ctx context.Context) (state.Task, error) {
	old, _, err := v.Record.Task(ctx, v.it.Name)
	if err != nil {
		return old, err
	}
	next := state.Task{
		Name: v.it.Name, Key: rand.Text(), Run: v.options.Run, Trigger: v.options.Trigger,
		Commit: v.work.commit.ID, When: v.work.commit.When, Tree: v.work.commit.Tree.ID("."), Generation: v.work.head.Generation,
		Replan: v.options.Replan, Adopt: v.options.Adopt, At: v.Now(), Tries: 1,
	}
	if !old.Done && old.Same(next) {
		if found, err := v.underWay(ctx, old); found || err != nil {
			return old, err
		}
		next.Tries = old.Tries + 1
	}
	if old.Done || old.ID != "" || !old.Same(next) {
		if err := v.Record.PutTask(ctx, old, next); err != nil {
			return next, err
		}
	} else {
		next = old // it was perhaps not started: the same key finds it, or starts it
	}
	started := next
	if started.ID, err = v.Executor.Start(ctx, next); err != nil {
		return next, fmt.Errorf("start the work on %s elsewhere: %w", v.it.Name, err)
	}
	v.log.Info("started elsewhere", "id", started.ID)
	own, cancel := ownDeadline(ctx) // it runs: whoever comes after us must find it
	defer cancel()
	err = v.Record.PutTask(own, next, started)
	if errors.Is(err, state.ErrConflict) {
		err = nil // it has come to its end already
	}
	return started, err
}

// underWay tells whether a task that was started has not ended yet.
func (v *visit) underWay(ctx context.Context, task state.Task) (bool, error) {
	if task.ID == "" {
		return false, nil
	}
	ended, _, err := v.Executor.Ended(ctx, task.ID)
	if err != nil {
		return false, fmt.Errorf("ask for %s, which works on %s: %w", task.ID, v.it.Name, err)
	}
	if !ended {
		v.log.Info("found at work elsewhere", "id", task.ID, "since", task.At)
	}
	return !ended, nil
}

// await waits until the task has said what came of it, or has ended without a
// word.
func (v *visit) await(ctx context.Context, task state.Task) (state.Task, error) {
	ended, why := false, ""
	for pause := v.TaskPoll / 32; ; pause = min(2*pause, v.TaskPoll) {
		now, _, err := v.Record.Task(ctx, v.it.Name)
		switch {
		case err != nil && ctx.Err() == nil:
			v.log.Warn("could not ask the record for the work done elsewhere; going on", "error", err)
		case err != nil:
		case now.Key != task.Key:
			return task, &waitError{why: fmt.Sprintf("another pass has taken %s over: look at its result", v.it.Name), retry: true}
		case now.Done:
			return now, nil
		case ended:
			return task, fmt.Errorf("%s ended without a word (%s): look at its log; its lease is freed when it is known to be dead, and the next pass tries again", task.ID, why)
		}
		if !ended {
			if ended, why, err = v.Executor.Ended(ctx, task.ID); err != nil && ctx.Err() == nil {
				v.log.Warn("could not ask whether the work elsewhere has ended; going on", "id", task.ID, "error", err)
			} else if ended {
				continue // what it said last may not have been read
			}
		}
		if err := state.Pause(ctx, pause); err != nil {
			return task, fmt.Errorf("%s goes on with %s; the next pass finds it there (%w)", task.ID, v.it.Name, err)
		}
	}
}
