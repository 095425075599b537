package reconciler_test

import (
	"context"
	"errors"
	"maps"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reconcile/internal/testtier"
	"reconcile/reconciler/internal/reconcilertest"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// TestRemote runs the tests of the pass again with remote work in separate processes. The
// results of the pass must be the same. Outside of `make check` it runs some of them.
func TestRemote(t *testing.T) {
	t.Parallel()
	tests := map[string]func(*testing.T){
		"applies what is stale": TestPassAppliesWhatIsStaleAndNothingElse,
		"failure stops readers": TestFailureStopsReadersNotNeighboursAndIsRetried,
		"not allowed":           TestWhatIsNotAllowedIsPlannedAndWaits,
		"renamed":               TestRenamedWorkspaceKeepsRecordAndState,
		"rollout":               TestRolloutNewerCommit,
	}
	if testtier.IsWhole(t) {
		maps.Copy(tests, map[string]func(*testing.T){
			"skipped, forced, removed": TestSkippedCommitForcePushAndRemoval,
			"suspended":                TestSuspendedAltersNoExitCode,
			"distrusted":               TestRecordIsDistrusted,
			"rollout without tip":      TestRolloutWithoutTip,
			"revert of half an apply":  TestRevertAfterHalfAnApplyIsStale,
			"adopted":                  TestAnOldEstateIsAdoptedOnlyWhenItsPlanIsEmpty,
			"named alone":              TestNamedWorkspacesAlone,
			"declared variables":       TestDeclaredVariablesAreInputs,
			"broken":                   TestBrokenWorkspaceFailsAlone,
			"taken back":               TestFailureThatWasTakenBackIsForgotten,
			"moved state":              TestStateThatMovedInGitAloneIsNotMadeAgain,
		})
	}
	for name, test := range tests {
		t.Run(name, test)
	}
}

func TestRemoteTaskIsFoundByTheNextPass(t *testing.T) {
	t.Parallel()
	w := reconcilertest.NewEnv(t, soloFiles)
	p := w.NewProcessExecutor(0)
	p.Behaviors = map[string]string{"solo": reconcilertest.WorkerWaits}
	var started [][]string
	ctx, stop := context.WithCancel(t.Context())
	w.Config.Executor = reconcilertest.StoppingExecutor{Executor: reconcilertest.CountingExecutor{ProcessExecutor: p, Started: &started}, Stop: stop}
	if _, err := w.Reconciler().Pass(ctx, t.Context(), run.Options{}); !errors.Is(err, context.Canceled) {
		t.Fatalf("the first pass, which ends while its worker waits: %v", err)
	}
	task, found, err := w.Record.Task(t.Context(), "solo")
	w.Must(err)
	if !found || task.Done || len(started) != 1 {
		t.Fatalf("the task: %+v, started %d", task, len(started))
	}

	w.Config.Executor = reconcilertest.CountingExecutor{ProcessExecutor: p, Started: &started}
	w.Config.Observe = func(e run.Event) {
		if e.Phase == run.PhaseRemote { // the second pass is about to wait
			go reconcilertest.ReleaseWorker(t, filepath.Join(p.Dir, task.Key+".go"))
		}
	}
	_, got := w.RunPass(run.Options{})
	if diff := cmp.Diff(outcomeMap{"solo": state.Applied}, got); diff != "" {
		t.Error(diff)
	}
	if len(started) != 1 {
		t.Errorf("started %d times", len(started))
	}
	rec, _, err := w.Record.Workspace(t.Context(), "solo")
	w.Must(err)
	if rec.ApplyCount != 1 {
		t.Errorf("applied %d times", rec.ApplyCount)
	}
}

// unansweringExecutor is an executor that at first cannot say whether the task that it
// started runs.
type unansweringExecutor struct {
	run.Executor
	polls      *atomic.Int64
	err        error
	onLastPoll func() // is called at the last poll without an answer
}

func (e unansweringExecutor) Status(ctx context.Context, id string) (run.TaskStatus, string, error) {
	switch n := e.polls.Add(1); {
	case n == lagPolls:
		e.onLastPoll()
		fallthrough
	case n < lagPolls:
		return run.TaskRunning, "", e.err
	}
	return e.Executor.Status(ctx, id)
}

// A pass that finds a task of an earlier pass polls it until there is an answer. A
// temporary error decides nothing; a lasting refusal does.
func TestRemoteTaskIsFoundWithoutAnswer(t *testing.T) {
	t.Parallel()
	refused := errors.New("access denied")
	for name, c := range map[string]struct {
		order   string
		err     error
		outcome state.Outcome
		started int
		says    string
	}{
		"it runs": {reconcilertest.WorkerWaits, run.ErrTransient, state.Applied, 1, ""},
		"it died": {reconcilertest.WorkerDies, run.ErrTransient, state.Applied, 2, ""},
		"refused": {reconcilertest.WorkerDies, refused, state.Failed, 1, "access denied"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := reconcilertest.NewEnv(t, soloFiles)
			p := w.NewProcessExecutor(0)
			p.Behaviors = map[string]string{"solo": c.order}
			var started [][]string
			ctx, stop := context.WithCancel(t.Context())
			w.Config.TaskPoll = 20 * time.Millisecond
			w.Config.Executor = reconcilertest.StoppingExecutor{Executor: reconcilertest.CountingExecutor{ProcessExecutor: p, Started: &started}, Stop: stop}
			if _, err := w.Reconciler().Pass(ctx, t.Context(), run.Options{}); !errors.Is(err, context.Canceled) {
				t.Fatalf("the first pass, which ends while its worker is there: %v", err)
			}
			task, _, err := w.Record.Task(t.Context(), "solo")
			w.Must(err)
			p.Behaviors = nil
			w.Config.Executor = unansweringExecutor{reconcilertest.CountingExecutor{ProcessExecutor: p, Started: &started}, new(atomic.Int64), c.err, func() {
				if c.order == reconcilertest.WorkerWaits {
					go reconcilertest.ReleaseWorker(t, filepath.Join(p.Dir, task.Key+".go"))
				}
			}}
			result, got := w.RunPass(run.Options{})
			if diff := cmp.Diff(outcomeMap{"solo": c.outcome}, got); diff != "" {
				t.Error(diff)
			}
			if len(started) != c.started {
				t.Errorf("started %d times", len(started))
			}
			if why := result.Workspaces[0].Error; !strings.Contains(why, c.says) {
				t.Errorf("error: %s", why)
			}
		})
	}
}

func TestRemoteTaskWithoutResult(t *testing.T) {
	t.Parallel()
	for _, order := range []string{reconcilertest.WorkerDies, reconcilertest.WorkerKillsItself} {
		t.Run(order, func(t *testing.T) {
			t.Parallel()
			w := reconcilertest.NewEnv(t, reconcilertest.SmallFiles)
			p := w.NewProcessExecutor(0)
			p.Behaviors = map[string]string{"tokyo": order}
			w.Config.Executor = p
			result, got := w.RunPass(run.Options{})
			if diff := cmp.Diff(outcomeMap{"tokyo": state.Failed, "osaka": state.Applied, "reader": state.Skipped}, got); diff != "" {
				t.Error(diff)
			}
			if why := result.Workspaces[2].Error; !strings.Contains(why, "exited without a result") {
				t.Errorf("error: %s", why)
			}
			head, err := w.Record.Head(t.Context())
			w.Must(err)
			if head.NextRetryAt.IsZero() {
				t.Error("it is not tried again")
			}
			p.Behaviors = nil
			w.Config.Executor = p
			_, got = w.RunPass(run.Options{})
			if diff := cmp.Diff(outcomeMap{"tokyo": state.Applied, "reader": state.Applied}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// laggingExecutor is an executor whose list of tasks lags behind. A task is missing at
// the first polls, is listed once, and is missing again when it has ended.
type laggingExecutor struct {
	executor reconcilertest.ProcessExecutor
	polls    *sync.Map
}

const lagPolls = 4

func (l laggingExecutor) Start(ctx context.Context, key string, command []string) (string, error) {
	return l.executor.Start(ctx, key, command)
}

func (l laggingExecutor) Status(ctx context.Context, id string) (run.TaskStatus, string, error) {
	looks, _ := l.polls.LoadOrStore(id, new(atomic.Int64))
	n := looks.(*atomic.Int64).Add(1)
	status, why, err := l.executor.Status(ctx, id)
	switch {
	case n == lagPolls+1:
		return run.TaskRunning, "", err
	case n <= lagPolls || status == run.TaskEnded:
		return run.TaskNotFound, "it is not in the list", err
	}
	return status, why, err
}

// A task that its executor does not list yet has not ended; one that it does not list any
// more has.
func TestRemoteTaskNotListedYet(t *testing.T) {
	t.Parallel()
	w := reconcilertest.NewEnv(t, reconcilertest.SmallFiles)
	p := w.NewProcessExecutor(0)
	p.Behaviors = map[string]string{"osaka": reconcilertest.WorkerDies}
	w.Config.Executor, w.Config.TaskPoll = laggingExecutor{p, &sync.Map{}}, 20*time.Millisecond
	result, got := w.RunPass(run.Options{})
	if diff := cmp.Diff(outcomeMap{"tokyo": state.Applied, "osaka": state.Failed, "reader": state.Applied}, got); diff != "" {
		t.Errorf("%s%+v", diff, result)
	}
}

func TestRemoteTaskNeedsAPass(t *testing.T) {
	t.Parallel()
	w := reconcilertest.NewEnv(t, soloFiles)
	if _, err := w.Reconciler().RunTask(t.Context(), t.Context(), "solo", "key"); err == nil || !strings.Contains(err.Error(), "reconcile now solo") {
		t.Errorf("a task that was not dispatched: %v", err)
	}
}
