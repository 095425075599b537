package reconciler_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"reconcile/internal/commitid"
	"reconcile/internal/testtier"
	"reconcile/internal/waittest"
	"reconcile/reconciler/internal/reconcilertest"
	"reconcile/reconciler/run"
	"reconcile/reconciler/source/gittest"
	"reconcile/state"
)

// A pass at an older tip applies nothing after one at a newer tip has started: it
// continues with the newer tip. Outside of `make check` the passes share a work directory
// with files, and have two in the cloud.
func TestConcurrentAtTwoTips(t *testing.T) {
	t.Parallel()
	whole := testtier.IsWhole(t)
	for _, kind := range []reconcilertest.Kind{reconcilertest.Files, reconcilertest.Cloud} {
		for _, separateWork := range []bool{false, true} {
			if !whole && separateWork != (kind == reconcilertest.Cloud) {
				continue
			}
			t.Run(fmt.Sprintf("%s, separate=%t", kind, separateWork), func(t *testing.T) {
				t.Parallel()
				testTwoTips(t, kind, separateWork)
			})
		}
	}
}

func testTwoTips(t *testing.T, kind reconcilertest.Kind, separateWork bool) {
	repo := gittest.New(t)
	repo.CommitTxtar("first", fixtureFiles(kind)+workspaceFile(kind, "kyoto"))
	p := reconcilertest.NewSpec(t, kind, repo.Dir)
	converge(t, p)
	tips := []commitid.ID{rewordModule(repo, "hello", "good day")}
	held := holdApply(t, p, "tokyo")
	// One after the other: kyoto is still to come when tokyo is released.
	o := childSpec{Spec: p, Parallelism: 1, ApplyLog: filepath.Join(p.Home, "applies")}
	older := o.startChild(t)
	waittest.Receive(t, held.started, older.end)
	tips = append(tips, rewordModule(repo, "good day", "good night"))
	o.Parallelism = 4
	until := "at snapshot" // it waits for the checkout
	if separateWork {
		o.Work += "-2"
		until = "at log of kyoto" // it has applied that
	}
	newer := o.startChild(t)
	newer.waitForLine(until)
	held.release()
	for _, c := range []*child{older, newer} {
		r := c.wait()
		if r == nil || r.Error != "" || r.Result.To != tips[1] {
			t.Errorf("result of a pass: %+v", r)
			continue
		}
		for _, w := range r.Result.Workspaces {
			// What replaces may wait for a reader that the other pass is applying.
			if isOK := w.Outcome == state.Applied || w.Outcome == state.NoChanges || w.Outcome == state.Unchanged; !isOK && !w.WaitsForOthers() {
				t.Errorf("%s: %s: %s", w.Name, w.Outcome, w.Error)
			}
		}
	}
	applies := readApplyLog(t, o.ApplyLog)
	checkApplyOrder(t, applies, tips)
	for _, a := range applies {
		if a.commit == tips[0] && a.workspace != "tokyo" {
			t.Errorf("%s was applied at the older tip although a newer one was adopted", a.workspace)
		}
	}
	converge(t, p)
}

// rewordModule changes the module of the repository.
func rewordModule(repo *gittest.Repo, from, to string) (commit commitid.ID) {
	module := repo.Git("show", "HEAD:modules/greeting/main.tf")
	return repo.Commit(to, map[string]string{"modules/greeting/main.tf": strings.ReplaceAll(module, from, to) + "\n"})
}

// checkApplyOrder checks that no workspace was applied at an older tip after a newer one,
// and that no workspace was applied twice at one tip.
func checkApplyOrder(t *testing.T, applies []applyLine, tips []commitid.ID) {
	t.Helper()
	last := map[string]int{}
	by := map[string]string{}
	for _, a := range applies {
		at := slices.Index(tips, a.commit)
		if at < last[a.workspace] {
			t.Errorf("%s was applied at an older tip after a newer: %v", a.workspace, applies)
		}
		last[a.workspace] = at
		if a.event == "begin" {
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
func TestConcurrentWhileTheTipMoves(t *testing.T) {
	t.Parallel()
	for _, kind := range []reconcilertest.Kind{reconcilertest.Files, reconcilertest.Cloud} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			repo := gittest.New(t)
			repo.CommitTxtar("first", fixtureFiles(kind)+workspaceFile(kind, "kyoto"))
			p := reconcilertest.NewSpec(t, kind, repo.Dir)
			converge(t, p)
			tips := []commitid.ID{rewordModule(repo, "hello", "hello 0")}
			o := childSpec{Spec: p, Parallelism: 2, ApplyLog: filepath.Join(p.Home, "applies")}
			var children []*child
			for i := range 4 {
				o.Work = filepath.Join(p.Home, fmt.Sprintf("work-%d", i/2))
				c := o.startChild(t)
				children = append(children, c)
				c.waitForLine("at ") // it has read the head, and asked for the tip
				tips = append(tips, rewordModule(repo, fmt.Sprintf("hello %d", i), fmt.Sprintf("hello %d", i+1)))
			}
			for _, c := range children {
				r := c.wait()
				if r == nil || r.Error != "" || r.Result.Exit != run.ExitOK && r.Result.Exit != run.ExitBusy {
					t.Errorf("result of a pass: %+v", r)
				}
			}
			checkApplyOrder(t, readApplyLog(t, o.ApplyLog), tips)
			converge(t, p)
		})
	}
}
