package reconciler_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"reconcile/internal/commitid"
	"reconcile/internal/stateid"
	"reconcile/internal/waittest"
	"reconcile/reconciler/internal/reconcilertest"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// testConcurrentPasses runs passes at once. Outside of `make check` half of the cases are
// tried with files, and the other half in the cloud.
func (f *fixture) testConcurrentPasses(t *testing.T) {
	files := f.kind == reconcilertest.Files
	for _, processes := range []int{2, 5} {
		for _, separateWork := range []bool{false, true} {
			if !f.whole && files == (separateWork == (processes == 2)) {
				continue // with the other kind of environment
			}
			t.Run(fmt.Sprintf("%d processes, separate=%t", processes, separateWork), func(t *testing.T) {
				f.testConcurrent(t, processes, separateWork)
			})
		}
	}
	if files || f.whole {
		t.Run("busy", func(t *testing.T) { f.testBusy(t, false) })
	}
	if !files || f.whole {
		t.Run("busy, separate", func(t *testing.T) { f.testBusy(t, true) })
	}
	t.Run("the same failure once", f.testSameFailureOnce)
	if files {
		t.Run("waits once", f.testWaitsOnce)
	}
}

// Several passes at once on one record, each with a work directory of its own or not,
// apply each workspace once. They end as one pass alone would.
func (f *fixture) testConcurrent(t *testing.T, processes int, separateWork bool) {
	t.Parallel()
	p := f.copy(t)
	o := childSpec{Spec: p, ApplyLog: filepath.Join(p.Home, "applies"), WaitForStdin: true}
	var children []*child
	for i := range processes {
		if separateWork {
			o.Work = filepath.Join(p.Home, fmt.Sprintf("work-%d", i))
		}
		children = append(children, o.startChild(t))
	}
	for _, c := range children {
		c.waitForLine("ready")
	}
	for _, c := range children {
		c.releaseStart()
	}
	for _, c := range children {
		r := c.wait()
		if r == nil || r.Error != "" || r.Result.Exit != run.ExitOK && r.Result.Exit != run.ExitBusy {
			t.Errorf("result of one of %d processes: %+v", processes, r)
			continue
		}
		for _, w := range r.Result.Workspaces {
			if w.Outcome == state.NoChanges {
				t.Errorf("%s was planned again although another had applied it: %+v", w.Name, r.Result)
			}
		}
	}
	checkAppliedOnce(t, readApplyLog(t, o.ApplyLog), "tokyo", "kyoto", "reader")
	f.checkConverged(t, p)
}

// applyLine is a line that a child wrote about an apply.
type applyLine struct {
	event, workspace string
	commit           commitid.ID
	process          string
}

func readApplyLog(t *testing.T, file string) []applyLine {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var applies []applyLine
	for line := range strings.Lines(string(content)) {
		fields := strings.Fields(line)
		if len(fields) != 4 {
			t.Fatalf("a line about an apply: %q", line)
		}
		applies = append(applies, applyLine{fields[0], fields[1], commitid.ID(fields[2]), fields[3]})
	}
	return applies
}

// checkAppliedOnce checks that exactly these workspaces were applied, each once.
func checkAppliedOnce(t *testing.T, applies []applyLine, workspaces ...string) {
	t.Helper()
	begun := map[string]int{}
	for _, a := range applies {
		if a.event == "begin" {
			begun[a.workspace]++
		}
	}
	for _, name := range workspaces {
		if begun[name] != 1 {
			t.Errorf("%s was applied %d times: %v", name, begun[name], applies)
		}
		delete(begun, name)
	}
	if len(begun) > 0 {
		t.Errorf("applied for no reason: %v", begun)
	}
}

// A pass waits for another no longer than its limit, and says so.
func (f *fixture) testBusy(t *testing.T, separateWork bool) {
	t.Parallel()
	p := f.copy(t)
	held := holdApply(t, p, "tokyo")
	first := childSpec{Spec: p}.startChild(t)
	waittest.Receive(t, held.started, first.end)
	second := childSpec{Spec: p, Wait: 50 * time.Millisecond}
	if separateWork {
		second.Work += "-2"
	}
	// The first resumes only after the second has ended.
	r := second.startChild(t).wait()
	if r == nil || r.Error != "" || r.Result.Exit != run.ExitBusy {
		t.Errorf("result of the second pass: %+v", r)
	}
	held.release()
	if r := first.wait(); r == nil || r.Result.Exit != run.ExitOK {
		t.Errorf("result of the first pass: %+v", r)
	}
	f.checkConverged(t, p)
}

// A pass that waited for another does not retry at once what the other tried without
// success.
func (f *fixture) testSameFailureOnce(t *testing.T) {
	t.Parallel()
	p := f.copy(t)
	held := holdApply(t, p, "kyoto")
	o := childSpec{Spec: p, ApplyLog: filepath.Join(p.Home, "applies")}
	first := o.startChild(t)
	waittest.Receive(t, held.started, first.end)
	o.Work += "-2"
	second := o.startChild(t)
	second.waitForLine("at lease kyoto")
	held.fail()
	for _, c := range []*child{first, second} {
		r := c.wait()
		if r == nil || r.Error != "" || r.Result.Exit != run.ExitFailed {
			t.Errorf("result of a pass: %+v", r)
		}
	}
	checkAppliedOnce(t, readApplyLog(t, o.ApplyLog), "tokyo", "kyoto", "reader")
	// Not before the retry time, except in a manual run.
	if result, err := runPassIn(t, p, run.TriggerManual); err != nil || result.Exit != run.ExitOK {
		t.Errorf("the next pass ends with %v: %+v", err, result)
	}
	f.checkConverged(t, p)
}

// However many workspaces other runs hold, a pass waits only once.
func (f *fixture) testWaitsOnce(t *testing.T) {
	t.Parallel()
	p := f.copy(t)
	clock := &manualClock{step: time.Second} // one second passes at each reading
	store, err := p.OpenStore()
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := state.Options{Process: state.Process{Host: "elsewhere"}, LeaseDuration: 24 * time.Hour}
	other := state.New(store, "test", elsewhere)
	for _, name := range []string{"tokyo", "kyoto"} {
		_, err := other.Acquire(t.Context(), state.LeaseRequest{
			Identity: stateid.ID("local:test/env/" + name + "/terraform.tfstate"), Workspace: name, Run: "other",
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	config, err := p.NewConfig(t.Context(), store, reconcilertest.NewLogger(t), clock.options())
	if err != nil {
		t.Fatal(err)
	}
	config.Parallelism, config.Wait = 1, time.Minute
	result, err := runPassWith(t, config)
	if err != nil || result.Exit != run.ExitBusy {
		t.Fatalf("the pass ends with %v: %+v", err, result)
	}
	busy := 0
	for _, w := range result.Workspaces {
		if w.Outcome == state.Busy {
			busy++
		}
	}
	if waited := clock.monotonicNow(); busy != 2 || waited < config.Wait || waited >= 2*config.Wait {
		t.Errorf("for %d workspaces it waited %s", busy, waited)
	}
}
