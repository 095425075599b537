package reconciler_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reconcile/reconciler"
	"reconcile/state"
)

// TestElsewhere runs the tests of the pass again with its work given to
// processes of their own: what a pass comes to must be the same.
func TestElsewhere(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]func(*testing.T){
		"applies what is stale":    TestPassAppliesWhatIsStaleAndNothingElse,
		"failure stops readers":    TestFailureStopsReadersNotNeighboursAndIsRetried,
		"revert of half an apply":  TestRevertAfterHalfAnApplyIsStale,
		"skipped, forced, removed": TestSkippedCommitForcePushAndRemoval,
		"not allowed":              TestWhatIsNotAllowedIsPlannedAndWaits,
		"suspended":                TestSuspendedAltersNoExitCode,
		"adopted":                  TestAnOldEstateIsAdoptedOnlyWhenItsPlanIsEmpty,
		"named alone":              TestNamedWorkspacesAlone,
		"declared variables":       TestDeclaredVariablesAreInputs,
		"broken":                   TestBrokenWorkspaceFailsAlone,
		"taken back":               TestFailureThatWasTakenBackIsForgotten,
		"distrusted":               TestRecordIsDistrusted,
		"renamed":                  TestRenamedWorkspaceKeepsRecordAndState,
		"moved state":              TestStateThatMovedInGitAloneIsNotMadeAnew,
		"previews try again":       TestPreviewsTryAgain,
		"previews, not applied":    TestPreviewsOfWhatIsNotApplied,
		"previews of many":         TestPreviewsOfManyWorkspaces,
		"previews go on":           TestPreviewsGoOn,
		"previews at once":         TestPreviewsAtOnce,
	} {
		t.Run(name, test)
	}
}

// counting counts what an executor starts.
type counting struct {
	processes
	started *[][]string
}

func (c counting) Start(ctx context.Context, key string, command []string) (string, error) {
	*c.started = append(*c.started, command)
	return c.processes.Start(ctx, key, command)
}

func TestElsewhereIsFoundAgainByTheNextPass(t *testing.T) {
	w := newWorld(t, one)
	p := w.processes(0)
	p.order = map[string]string{"solo": orderWait}
	var started [][]string
	ctx, stop := context.WithCancel(t.Context())
	w.config.Executor = stopping{counting{p, &started}, stop}
	if _, err := w.reconciler().Pass(ctx, t.Context(), reconciler.Options{}); !errors.Is(err, context.Canceled) {
		t.Fatalf("the first pass, which ends while its worker waits: %v", err)
	}
	task, found, err := w.record.Task(t.Context(), "solo")
	w.must(err)
	if !found || task.Done || len(started) != 1 {
		t.Fatalf("the task: %+v, started %d", task, len(started))
	}

	w.config.Executor = counting{p, &started}
	done := make(chan map[string]state.Outcome)
	w.config.Observe = func(e reconciler.Event) {
		if e.Phase == reconciler.PhaseElsewhere { // the second pass is about to wait
			go letGo(t, filepath.Join(p.dir, task.Key+".go"))
		}
	}
	go func() { _, got := w.pass(reconciler.Options{}); done <- got }()
	if diff := cmp.Diff(did{"solo": state.Applied}, <-done); diff != "" {
		t.Error(diff)
	}
	if len(started) != 1 {
		t.Errorf("started %d times", len(started))
	}
	rec, _, err := w.record.Workspace(t.Context(), "solo")
	w.must(err)
	if rec.Counter != 1 {
		t.Errorf("applied %d times", rec.Counter)
	}
}

// evasive is an executor that cannot say at first whether what it started runs.
type evasive struct {
	reconciler.Executor
	looks *atomic.Int64
	err   error
	last  func() // is called with the last look that has no answer
}

func (e evasive) Status(ctx context.Context, id string) (reconciler.TaskStatus, string, error) {
	switch n := e.looks.Add(1); {
	case n == lag:
		e.last()
		fallthrough
	case n < lag:
		return reconciler.TaskRunning, "", e.err
	}
	return e.Executor.Status(ctx, id)
}

// A pass that finds a task of an earlier one asks for it until there is an answer:
// one that may come later decides nothing, and one that stays refused does.
func TestElsewhereIsFoundThoughNobodySays(t *testing.T) {
	refused := errors.New("access denied")
	for name, c := range map[string]struct {
		order   string
		err     error
		outcome state.Outcome
		started int
		says    string
	}{
		"it runs": {orderWait, reconciler.ErrTransient, state.Applied, 1, ""},
		"it died": {orderDie, reconciler.ErrTransient, state.Applied, 2, ""},
		"refused": {orderDie, refused, state.Failed, 1, "access denied"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, one)
			p := w.processes(0)
			p.order = map[string]string{"solo": c.order}
			var started [][]string
			ctx, stop := context.WithCancel(t.Context())
			w.config.TaskPoll = 20 * time.Millisecond
			w.config.Executor = stopping{counting{p, &started}, stop}
			if _, err := w.reconciler().Pass(ctx, t.Context(), reconciler.Options{}); !errors.Is(err, context.Canceled) {
				t.Fatalf("the first pass, which ends while its worker is there: %v", err)
			}
			task, _, err := w.record.Task(t.Context(), "solo")
			w.must(err)
			p.order = nil
			w.config.Executor = evasive{counting{p, &started}, new(atomic.Int64), c.err, func() {
				if c.order == orderWait {
					go letGo(t, filepath.Join(p.dir, task.Key+".go"))
				}
			}}
			result, got := w.pass(reconciler.Options{})
			if diff := cmp.Diff(did{"solo": c.outcome}, got); diff != "" {
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

// stopping ends a pass when its work has been started.
type stopping struct {
	reconciler.Executor
	stop context.CancelFunc
}

func (s stopping) Start(ctx context.Context, key string, command []string) (string, error) {
	defer s.stop()
	return s.Executor.Start(ctx, key, command)
}

func TestElsewhereEndsWithoutAWord(t *testing.T) {
	for _, order := range []string{orderDie, orderKill} {
		t.Run(order, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, small)
			p := w.processes(0)
			p.order = map[string]string{"tokyo": order}
			w.config.Executor = p
			result, got := w.pass(reconciler.Options{})
			if diff := cmp.Diff(did{"tokyo": state.Failed, "osaka": state.Applied, "reader": state.Skipped}, got); diff != "" {
				t.Error(diff)
			}
			if why := result.Workspaces[2].Error; !strings.Contains(why, "ended without a word") {
				t.Errorf("error: %s", why)
			}
			head, err := w.record.Head(t.Context())
			w.must(err)
			if head.NextAt.IsZero() {
				t.Error("it is not tried again")
			}
			p.order = nil
			w.config.Executor = p
			_, got = w.pass(reconciler.Options{})
			if diff := cmp.Diff(did{"tokyo": state.Applied, "reader": state.Applied}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// lagging is an executor whose list of tasks lags behind: a task is not in it
// for the first looks, is there once, and is not there any more when it has
// ended.
type lagging struct {
	processes
	looks *sync.Map
}

const lag = 4

func (l lagging) Status(ctx context.Context, id string) (reconciler.TaskStatus, string, error) {
	looks, _ := l.looks.LoadOrStore(id, new(atomic.Int64))
	n := looks.(*atomic.Int64).Add(1)
	status, why, err := l.processes.Status(ctx, id)
	switch {
	case n == lag+1:
		return reconciler.TaskRunning, "", err
	case n <= lag || status == reconciler.TaskEnded:
		return reconciler.TaskNotFound, "it is not in the list", err
	}
	return status, why, err
}

// A task that its executor does not know yet has not ended; one that it does
// not know any more has.
func TestElsewhereNotKnownYet(t *testing.T) {
	w := newWorld(t, small)
	p := w.processes(0)
	p.order = map[string]string{"osaka": orderDie}
	w.config.Executor, w.config.TaskPoll = lagging{p, &sync.Map{}}, 20*time.Millisecond
	result, got := w.pass(reconciler.Options{})
	if diff := cmp.Diff(did{"tokyo": state.Applied, "osaka": state.Failed, "reader": state.Applied}, got); diff != "" {
		t.Errorf("%s%+v", diff, result)
	}
}

func TestElsewhereNotWithoutAPass(t *testing.T) {
	w := newWorld(t, one)
	if _, err := w.reconciler().DoTask(t.Context(), t.Context(), "solo", "key"); err == nil || !strings.Contains(err.Error(), "reconcile now solo") {
		t.Errorf("a task that nobody gave away: %v", err)
	}
}

// letGo opens and closes a worker's pipe.
func letGo(t *testing.T, pipe string) {
	f, err := os.OpenFile(pipe, os.O_WRONLY, 0)
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		t.Error(err)
	}
}
