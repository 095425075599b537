package reconciler_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"reconcile/reconciler"
	"reconcile/state"
)

func (tpl *template) together(t *testing.T) {
	for _, processes := range []int{2, 5} {
		for _, apart := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d processes, apart=%t", processes, apart), func(t *testing.T) {
				tpl.crowd(t, processes, apart)
			})
		}
	}
	t.Run("busy", func(t *testing.T) { tpl.busy(t, false) })
	t.Run("busy, apart", func(t *testing.T) { tpl.busy(t, true) })
	t.Run("the same failure once", tpl.sameFailureOnce)
	if tpl.kind == files {
		t.Run("waits in vain but once", tpl.waitsOnce)
	}
}

// Several passes at once on one record, each with a work folder of its own or
// not, apply each workspace once, and end as one alone would.
func (tpl *template) crowd(t *testing.T, processes int, apart bool) {
	t.Parallel()
	p := tpl.copy(t)
	o := orders{place: p, Applies: filepath.Join(p.Home, "applies"), Ready: true}
	var children []*child
	for i := range processes {
		if apart {
			o.Work = filepath.Join(p.Home, fmt.Sprintf("work-%d", i))
		}
		children = append(children, o.run(t))
	}
	for _, c := range children {
		c.says("ready")
	}
	for _, c := range children {
		c.begin()
	}
	for _, c := range children {
		r := c.wait()
		if r == nil || r.Error != "" || r.Result.Exit != reconciler.ExitOK && r.Result.Exit != reconciler.ExitBusy {
			t.Errorf("one of %d processes says %+v", processes, r)
			continue
		}
		for _, w := range r.Result.Workspaces {
			if w.Outcome == state.NoChanges {
				t.Errorf("%s was planned again although another had applied it: %+v", w.Name, r.Result)
			}
		}
	}
	checkOnce(t, readApplies(t, o.Applies), "tokyo", "kyoto", "reader")
	tpl.check(t, p)
}

// apply is a line that a child wrote about an apply.
type apply struct{ what, workspace, commit, process string }

func readApplies(t *testing.T, file string) []apply {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var applies []apply
	for line := range strings.Lines(string(content)) {
		fields := strings.Fields(line)
		if len(fields) != 4 {
			t.Fatalf("a line about an apply: %q", line)
		}
		applies = append(applies, apply{fields[0], fields[1], fields[2], fields[3]})
	}
	return applies
}

// checkOnce checks that these workspaces were applied, each once, and no others.
func checkOnce(t *testing.T, applies []apply, workspaces ...string) {
	t.Helper()
	begun := map[string]int{}
	for _, a := range applies {
		if a.what == "begin" {
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

// A pass waits for another no longer than it was told, and says so.
func (tpl *template) busy(t *testing.T, apart bool) {
	t.Parallel()
	p := tpl.copy(t)
	held := p.holdApply(t, "tokyo")
	first := orders{place: p}.run(t)
	within(t, "the apply of tokyo begins", held.entered)
	second := orders{place: p, Wait: 50 * time.Millisecond}
	if apart {
		second.Work += "-2"
	}
	// The first goes on only after the second has ended.
	r := second.run(t).wait()
	if r == nil || r.Error != "" || r.Result.Exit != reconciler.ExitBusy {
		t.Errorf("the second pass says %+v", r)
	}
	held.letGo()
	if r := first.wait(); r == nil || r.Result.Exit != reconciler.ExitOK {
		t.Errorf("the first pass says %+v", r)
	}
	tpl.check(t, p)
}

// What one pass has tried in vain, another that waited for it does not try
// again at once.
func (tpl *template) sameFailureOnce(t *testing.T) {
	t.Parallel()
	p := tpl.copy(t)
	held := p.holdApply(t, "kyoto")
	o := orders{place: p, Applies: filepath.Join(p.Home, "applies")}
	first := o.run(t)
	within(t, "the apply of kyoto begins", held.entered)
	o.Work += "-2"
	second := o.run(t)
	second.says("at lease kyoto")
	held.fail()
	for _, c := range []*child{first, second} {
		r := c.wait()
		if r == nil || r.Error != "" || r.Result.Exit != reconciler.ExitFailed {
			t.Errorf("a pass says %+v", r)
		}
	}
	checkOnce(t, readApplies(t, o.Applies), "tokyo", "kyoto", "reader")
	// Not before its time, but for a person.
	if result, err := p.pass(t, reconciler.Manual); err != nil || result.Exit != reconciler.ExitOK {
		t.Errorf("the next pass ends with %v: %+v", err, result)
	}
	tpl.check(t, p)
}

// However many workspaces others hold, a pass waits in vain but once.
func (tpl *template) waitsOnce(t *testing.T) {
	t.Parallel()
	p := tpl.copy(t)
	clock := &handClock{step: time.Second} // a second passes at each look
	store, err := p.store()
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := state.Options{Self: state.Process{Host: "elsewhere"}, Lease: 24 * time.Hour}
	other := state.New(store, "test", elsewhere)
	for _, name := range []string{"tokyo", "kyoto"} {
		_, err := other.Acquire(t.Context(), state.Claim{
			Identity: "local:test/env/" + name + "/terraform.tfstate", Workspace: name, Run: "other",
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	config, err := p.config(t.Context(), store, testLogger(t), clock.options())
	if err != nil {
		t.Fatal(err)
	}
	config.Parallelism, config.Wait = 1, time.Minute
	result, err := passOf(t, config)
	if err != nil || result.Exit != reconciler.ExitBusy {
		t.Fatalf("the pass ends with %v: %+v", err, result)
	}
	busy := 0
	for _, w := range result.Workspaces {
		if w.Outcome == state.Busy {
			busy++
		}
	}
	if waited := clock.mono(); busy != 2 || waited < config.Wait || waited >= 2*config.Wait {
		t.Errorf("for %d workspaces it waited %s", busy, waited)
	}
}
