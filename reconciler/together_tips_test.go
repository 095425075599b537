package reconciler_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"reconcile/reconciler"
	"reconcile/reconciler/source/gittest"
)

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
