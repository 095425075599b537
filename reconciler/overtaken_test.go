package reconciler_test

import (
	"context"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reconcile/internal/waittest"
	"reconcile/reconciler/internal/reconcilertest"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// formatSlowWorkspace returns a workspace whose apply ends when the file has been read.
func formatSlowWorkspace(file string) string {
	return `
-- env/slow/main.tf --
resource "terraform_data" "this" {
  provisioner "local-exec" {
    command = "cat '` + file + `'"
  }
}
`
}

// formatQuickWorkspaces returns two workspaces. The plan of the first mentions the path of
// the checkout.
func formatQuickWorkspaces(word string) string {
	return `
-- env/quick/main.tf --
resource "terraform_data" "this" {
  input = "` + word + `"
}
-- env/rooted/main.tf --
resource "terraform_data" "this" {
  input = "` + word + ` ${path.cwd}"
}
`
}

// overtakablePasses returns a function that runs a pass of one reconciler. A pass sends to the
// channel when it was overtaken.
func overtakablePasses(w *reconcilertest.Env, overtaken chan<- struct{}) func(place int) *run.Result {
	w.Config.TipPoll, w.Config.Parallelism = time.Millisecond, 4
	w.Config.Observe = func(e run.Event) {
		if e.Phase == run.PhaseOvertaken {
			overtaken <- struct{}{}
		}
	}
	r := w.Reconciler()
	return func(place int) *run.Result {
		result, err := r.Pass(w.T.Context(), w.T.Context(), run.Options{HandOver: true, Trigger: run.TriggerSchedule, CheckoutNumber: place})
		if err != nil {
			w.T.Error(err)
			return &run.Result{}
		}
		return result
	}
}

// While an apply takes long, another pass of the process begins what is free at a newer tip. It
// leaves alone what the first works on, and a plan that depends on the path of the checkout.
func TestOvertakenWhileAnApplyTakesLong(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	w := reconcilertest.NewEnv(t, formatQuickWorkspaces("one"))
	w.RunPass(run.Options{})
	w.Commit(formatSlowWorkspace(pipe))
	w.Config.Wait = time.Millisecond // for the checkout that the pass has
	overtaken := make(chan struct{}, 1)
	pass := overtakablePasses(w, overtaken)
	long := waittest.Go(func() *run.Result { return pass(0) })
	held := waittest.OpenForReader(t, pipe, long)
	w.Commit(formatQuickWorkspaces("two"))
	waittest.Receive(t, overtaken, long)

	second := pass(1)
	if diff := cmp.Diff(outcomeMap{"slow": state.Busy, "quick": state.Applied, "rooted": state.Busy}, reconcilertest.Outcomes(second)); diff != "" {
		t.Errorf("beside the long apply: %s", diff)
	}
	for i, text := range []string{"mentions the path of the checkout", "works on it"} {
		if got := second.Workspaces[i+1].Error; !strings.Contains(got, text) {
			t.Errorf("%s: %s", second.Workspaces[i+1].Name, got)
		}
	}
	third := pass(1)
	if third.Exit != run.ExitBusy || third.Snapshot != "" {
		t.Errorf("nothing is free, and yet: %+v", third)
	}
	plan, err := w.Reconciler().Plan(t.Context(), t.Context(), run.Options{})
	w.Must(err)
	if why := plan.Workspaces[len(plan.Workspaces)-1].Error; plan.Exit != run.ExitBusy || !strings.Contains(why, "is applying it") {
		t.Errorf("a plan beside it: %+v", plan)
	}
	w.Must(held.Close())
	first := long.Wait()
	if got := reconcilertest.Outcomes(first); !first.Overtaken || first.Exit != run.ExitOK || got["slow"] != state.Applied {
		t.Errorf("the first pass: %+v", first)
	}
	rec, _, err := w.Record.Workspace(t.Context(), "slow")
	w.Must(err)
	if rec.Attempt != nil || rec.Commit != first.To || first.To == second.To {
		t.Errorf("the long apply is recorded as %+v", rec)
	}
	if last := pass(0); last.Exit != run.ExitOK || reconcilertest.Outcomes(last)["rooted"] != state.Applied {
		t.Errorf("after it: %+v", last)
	}
}

// A task that never starts holds up nobody else, and is not started a second time.
func TestOvertakenWhileATaskDoesNotStart(t *testing.T) {
	t.Parallel()
	w := reconcilertest.NewEnv(t, formatQuickWorkspaces("one"))
	p := w.NewProcessExecutor(0)
	p.Behaviors = map[string]string{"slow": reconcilertest.WorkerWaits}
	waiting := make(chan string, 1)
	w.Config.TaskPoll = 20 * time.Millisecond
	w.Config.Executor = watchedExecutor{p, "slow", waiting}
	w.RunPass(run.Options{})
	w.Commit(formatSlowWorkspace("/dev/null"))
	overtaken := make(chan struct{}, 1)
	pass := overtakablePasses(w, overtaken)
	waits := waittest.Go(func() *run.Result { return pass(0) })
	key := waittest.Receive(t, waiting, waits)
	w.Commit(formatQuickWorkspaces("two"))
	waittest.Receive(t, overtaken, waits)
	second := pass(1)
	got := reconcilertest.Outcomes(second)
	if got["slow"] != state.Busy || got["quick"] != state.Applied {
		t.Errorf("beside the task that does not start: %+v", second)
	}
	w.Must(waittest.OpenForReader(t, filepath.Join(p.Dir, key+".go"), waits).Close())
	if first := waits.Wait(); !first.Overtaken || reconcilertest.Outcomes(first)["slow"] != "" {
		t.Errorf("the first pass, whose task began after the tip had moved: %+v", first)
	}
	delete(p.Behaviors, "slow")
	if last := pass(0); last.Exit != run.ExitOK || reconcilertest.Outcomes(last)["slow"] != state.Applied {
		t.Errorf("after it: %+v", last)
	}
}

// watchedExecutor tells the key of each task that it starts for a workspace.
type watchedExecutor struct {
	reconcilertest.ProcessExecutor
	workspace string
	started   chan string
}

func (e watchedExecutor) Start(ctx context.Context, key string, command []string) (string, error) {
	id, err := e.ProcessExecutor.Start(ctx, key, command)
	if command[len(command)-2] == e.workspace {
		e.started <- key
	}
	return id, err
}
