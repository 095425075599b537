package reconciler_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"reconcile/reconciler"
	"reconcile/reconciler/source/gittest"
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

// A pass at an older tip applies nothing after one at a newer tip has begun:
// it goes over to that.
func TestTogetherAtTwoTips(t *testing.T) {
	for _, kind := range []placeKind{files, cloud} {
		for _, apart := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, apart=%t", kind, apart), func(t *testing.T) {
				t.Parallel()
				twoTips(t, kind, apart)
			})
		}
	}
}

func twoTips(t *testing.T, kind placeKind, apart bool) {
	repo := gittest.New(t)
	repo.CommitTxtar("first", estate(kind)+workspaceFile(kind, "kyoto"))
	p := newPlace(t, kind, repo.Dir)
	p.converge(t)
	tips := []string{reword(repo, "hello", "good day")}
	held := p.holdApply(t, "tokyo")
	// One after the other: kyoto is still to come when tokyo is let go.
	o := orders{place: p, Parallelism: 1, Applies: filepath.Join(p.Home, "applies")}
	older := o.run(t)
	within(t, "the apply of tokyo at the older tip begins", held.entered)
	tips = append(tips, reword(repo, "good day", "good night"))
	o.Parallelism = 4
	until := "at snapshot" // it waits for the checkout
	if apart {
		o.Work += "-2"
		until = "at log of kyoto" // it has applied that
	}
	newer := o.run(t)
	newer.says(until)
	held.letGo()
	for _, c := range []*child{older, newer} {
		if r := c.wait(); r == nil || r.Error != "" || r.Result.Exit != reconciler.ExitOK || r.Result.To != tips[1] {
			t.Errorf("a pass says %+v", r)
		}
	}
	applies := readApplies(t, o.Applies)
	checkOrder(t, applies, tips)
	for _, a := range applies {
		if a.commit == tips[0] && a.workspace != "tokyo" {
			t.Errorf("%s was applied at the older tip although a newer one was adopted", a.workspace)
		}
	}
	p.converge(t)
}

// reword changes the module of the estate.
func reword(repo *gittest.Repo, from, to string) (commit string) {
	module := repo.Git("show", "HEAD:modules/greeting/main.tf")
	return repo.Commit(to, map[string]string{"modules/greeting/main.tf": strings.ReplaceAll(module, from, to) + "\n"})
}

// checkOrder checks that no workspace was applied at an older tip after a
// newer, and at none by two at once.
func checkOrder(t *testing.T, applies []apply, tips []string) {
	t.Helper()
	last := map[string]int{}
	by := map[string]string{}
	for _, a := range applies {
		at := slices.Index(tips, a.commit)
		if at < last[a.workspace] {
			t.Errorf("%s was applied at an older tip after a newer: %v", a.workspace, applies)
		}
		last[a.workspace] = at
		if a.what == "begin" {
			if by[a.workspace] != "" {
				t.Errorf("%s was applied by two at once: %v", a.workspace, applies)
			}
			by[a.workspace] = a.process
		} else {
			by[a.workspace] = ""
		}
	}
}

// The tip moves again and again under several passes at once.
func TestTogetherWhileTheTipMoves(t *testing.T) {
	for _, kind := range []placeKind{files, cloud} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			repo := gittest.New(t)
			repo.CommitTxtar("first", estate(kind)+workspaceFile(kind, "kyoto"))
			p := newPlace(t, kind, repo.Dir)
			p.converge(t)
			tips := []string{reword(repo, "hello", "hello 0")}
			o := orders{place: p, Parallelism: 2, Applies: filepath.Join(p.Home, "applies")}
			var children []*child
			for i := range 4 {
				o.Work = filepath.Join(p.Home, fmt.Sprintf("work-%d", i/2))
				c := o.run(t)
				children = append(children, c)
				c.says("at ") // it has read the head, and asked for the tip
				tips = append(tips, reword(repo, fmt.Sprintf("hello %d", i), fmt.Sprintf("hello %d", i+1)))
			}
			for _, c := range children {
				r := c.wait()
				if r == nil || r.Error != "" || r.Result.Exit != reconciler.ExitOK && r.Result.Exit != reconciler.ExitBusy {
					t.Errorf("a pass says %+v", r)
				}
			}
			checkOrder(t, readApplies(t, o.Applies), tips)
			p.converge(t)
		})
	}
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

// A workspace that is renamed while another run holds its state is left alone
// until its record, and its state, can be moved.
func TestTogetherRenamed(t *testing.T) {
	repo := gittest.New(t)
	repo.CommitTxtar("first", atPath(files, "old"))
	p := newPlace(t, files, repo.Dir)
	p.converge(t)
	lease, err := p.record(t).Acquire(t.Context(), state.Claim{Identity: "local:test/states/it.tfstate", Workspace: "old", Run: "other"})
	if err != nil {
		t.Fatal(err)
	}
	repo.Git("rm", "-q", "-r", "env/old")
	repo.CommitTxtar("second", atPath(files, "new"))
	store, err := p.store()
	if err != nil {
		t.Fatal(err)
	}
	config, err := p.config(t.Context(), store, testLogger(t), state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	config.Wait = time.Millisecond
	config.Observe = func(e reconciler.Event) {
		if e.Phase == reconciler.PhaseLease {
			t.Errorf("%s is worked on without its record", e.Workspace)
			release(t, lease) // so that it need not wait
		}
	}
	if result, err := passOf(t, config); err != nil || result.Exit != reconciler.ExitBusy {
		t.Errorf("the pass ends with %v: %+v", err, result)
	}
	release(t, lease)
	p.converge(t)
	workspaces, err := p.record(t).Workspaces(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// Its one apply was under the old name: nothing was made anew.
	if len(workspaces) != 1 || workspaces["new"].Counter != 1 {
		t.Errorf("the record: %+v", workspaces)
	}
}

func release(t *testing.T, lease *state.Lease) {
	if err := lease.Release(t.Context()); err != nil {
		t.Error(err)
	}
}

// atPath is a workspace whose state does not lie in its own directory.
func atPath(kind placeKind, name string) string {
	where := backend(kind, "it")
	if kind == files {
		where = `terraform {
  backend "local" {
    path = "../../states/it.tfstate"
  }
}
`
	}
	return "-- env/" + name + "/main.tf --\n" + where + `
resource "terraform_data" "this" {}
`
}
