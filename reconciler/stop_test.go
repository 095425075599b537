package reconciler_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"reconcile/internal/waittest"
	"reconcile/reconciler/internal/reconcilertest"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// A pass that is told to stop ends by itself and releases every lease. It leaves no lock
// of Terraform's and no process, and the next pass completes its work.
func (f *fixture) testStops(t *testing.T) {
	t.Run("at a crash point", f.testStopAtPoints)
	t.Run("within an apply", f.testStopWithinApply)
}

func (f *fixture) testStopAtPoints(t *testing.T) {
	for _, n := range f.chooseStopPoints() {
		t.Run(fmt.Sprintf("%02d %s", n, f.crashPoints[n-1]), func(t *testing.T) {
			t.Parallel()
			p := f.copy(t)
			c := childSpec{Spec: p, Parallelism: 1, SignalAt: n, Signal: syscall.SIGTERM}.startChild(t)
			report := c.wait()
			if report == nil {
				t.Fatal("the child was killed")
			}
			if name, ok := strings.CutPrefix(f.crashPoints[n-1], "outputs "); ok && reconcilertest.Outcomes(report.Result)[name] != state.Applied {
				t.Errorf("the apply of %s was done, and not recorded: %+v", name, report.Result)
			}
			checkStopped(t, p)
			f.checkConverged(t, p)
		})
	}
}

// chooseStopPoints returns the crash points at which to stop a pass: each kind of step,
// in a workspace that the seed chooses. In the cloud it is the later half of them.
// Outside of `make check` it is the earlier half with files.
func (f *fixture) chooseStopPoints() []int {
	var all []int
	for i := range f.crashPoints {
		all = append(all, i+1)
	}
	chosen := f.chooseOfEachKind(rand.New(rand.NewPCG(crashSeed, 2)), all)
	switch {
	case os.Getenv(allCrashesVariable) != "":
		return chosen
	case f.kind == reconcilertest.Cloud:
		return chosen[len(chosen)/2:]
	case !f.whole:
		return chosen[:len(chosen)/2]
	}
	return chosen
}

// checkStopped checks what must hold as soon as a stopped pass has ended.
func checkStopped(t *testing.T, p reconcilertest.Spec) {
	t.Helper()
	for identity, lease := range readLeases(t, p) {
		if lease.Owner != "" {
			t.Errorf("the lease on %s was not given back", identity)
		}
	}
	if locks := readResidue(t, p).Locks; len(locks) > 0 {
		t.Errorf("Terraform's locks are left: %v", locks)
	}
}

func (f *fixture) testStopWithinApply(t *testing.T) {
	t.Parallel()
	p := f.copy(t)
	held := holdApply(t, p, "kyoto")
	c := childSpec{Spec: p, Parallelism: 1}.startChild(t)
	waittest.Receive(t, held.started, c.end)
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	report := c.wait()
	if report == nil || report.Result.Exit != run.ExitFailed || !strings.Contains(report.Error, "stopped") {
		t.Errorf("result of the stopped pass: %+v", report)
	}
	// Nothing would release a process that still ran, so it would hold the pipe open.
	waitWithin(t, "nothing that the apply had started is left", held.allExited)
	held.removeHook()
	checkStopped(t, p)
	checkFailedAttempt(t, p, report)
	f.checkConverged(t, p)
}

// checkFailedAttempt checks that the stopped apply of kyoto is in the record, and in the
// history.
func checkFailedAttempt(t *testing.T, p reconcilertest.Spec, r *childReport) {
	t.Helper()
	record := openRecord(t, p)
	kyoto, _, err := record.Workspace(t.Context(), "kyoto")
	if err != nil {
		t.Fatal(err)
	}
	if kyoto.Outcome != state.Failed || kyoto.Attempt == nil || kyoto.Trace != nil {
		t.Errorf("the record of kyoto: %+v", kyoto)
	}
	history, err := record.FindRun(t.Context(), string(r.Result.Run))
	if err != nil {
		t.Fatal(err)
	}
	failed := func(w state.RunWorkspace) bool { return w.Name == "kyoto" && w.Outcome == state.Failed }
	if history.Outcome != run.OutcomeFailed || !slices.ContainsFunc(history.Workspaces, failed) {
		t.Errorf("the history: %+v", history)
	}
}
