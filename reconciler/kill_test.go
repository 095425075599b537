package reconciler_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reconcile/reconciler"
	"reconcile/reconciler/source/gittest"
)

// allKills has every boundary tried everywhere; without it, a seeded few of
// them where each costs more.
const allKills = "RECONCILE_TEST_ALL_KILLS"

// killSeed makes the choices of these tests; set another to look elsewhere.
const killSeed = 20261123

// template is the estate applied at its first commit, with the second
// waiting: what each kill starts from.
type template struct {
	place
	kind       placeKind
	repo       *gittest.Repo
	boundaries []string // of a pass that is not disturbed, one workspace at a time
	took       time.Duration
	want       remains // of that pass
}

func newTemplate(t *testing.T, kind placeKind) *template {
	t.Helper()
	return newTemplateOf(t, kind, estate(kind), func(repo *gittest.Repo) { change(repo, kind) })
}

// newTemplateOf makes a template of any repository, and a change to it.
func newTemplateOf(t *testing.T, kind placeKind, first string, change func(*gittest.Repo)) *template {
	t.Helper()
	repo := gittest.New(t)
	repo.CommitTxtar("first", first)
	tpl := &template{kind: kind, repo: repo, place: newPlace(t, kind, repo.Dir)}
	tpl.converge(t)
	change(repo)

	undisturbed := tpl.copy(t)
	b := &boundaries{}
	o := orders{place: undisturbed, Parallelism: 1}
	config, err := o.disturbed(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	started := time.Now()
	if result, err := passOf(t, config); err != nil || result.Exit != 0 {
		t.Fatalf("the undisturbed pass: %v, %+v", err, result)
	}
	tpl.took = time.Since(started)
	tpl.boundaries = b.names
	undisturbed.converge(t)
	tpl.want = undisturbed.remains(t)
	return tpl
}

// copy makes a place of its own to be killed in.
func (tpl *template) copy(t *testing.T) place {
	t.Helper()
	p := newPlace(t, tpl.kind, tpl.Repo)
	tpl.copyTo(t, p)
	return p
}

// check lets undisturbed passes follow, and compares with a place in which
// nothing was ever killed.
func (tpl *template) check(t *testing.T, p place) {
	t.Helper()
	p.converge(t)
	if diff := cmp.Diff(tpl.want, p.remains(t)); diff != "" {
		t.Errorf("it is not as if nothing had been killed (-undisturbed +killed):\n%s", diff)
	}
}

// TestDisturbed has passes of one estate killed, told to stop, robbed of their
// leases and run together, with files and in the cloud: each time all must end
// as after passes that were left alone.
func TestDisturbed(t *testing.T) {
	for _, kind := range []placeKind{files, cloud} {
		t.Run(string(kind), func(t *testing.T) {
			tpl := newTemplate(t, kind)
			t.Run("killed", tpl.killed)
			t.Run("stopped", tpl.stopped)
			t.Run("lease", tpl.lease)
			t.Run("together", tpl.together)
		})
	}
}

func (tpl *template) killed(t *testing.T) {
	t.Run("at a boundary", func(t *testing.T) { tpl.killedAtBoundaries(t, 10) })
	t.Run("at any time", tpl.killedAtAnyTime)
	t.Run("within an apply", tpl.killedWithinAnApply)
	if tpl.kind == cloud {
		t.Run("within a plan", tpl.killedWithinAPlan)
		t.Run("lock of a person", tpl.lockOfAPersonStays)
	}
}

// killedAtBoundaries kills passes at each boundary; in the cloud at some.
func (tpl *template) killedAtBoundaries(t *testing.T, some int) {
	t.Logf("%d boundaries: %s", len(tpl.boundaries), strings.Join(tpl.boundaries, " | "))
	for _, n := range tpl.choose(some) {
		t.Run(fmt.Sprintf("%02d %s", n, tpl.boundaries[n-1]), func(t *testing.T) {
			t.Parallel()
			p := tpl.copy(t)
			c := orders{place: p, Parallelism: 1, At: n, Signal: syscall.SIGKILL}.run(t)
			if r := c.wait(); r != nil {
				t.Fatalf("the child was not killed: %+v", r)
			}
			tpl.check(t, p)
		})
	}
}

// choose returns the boundaries to be tried, counted from 1: all of them with
// files, some in the cloud.
func (tpl *template) choose(some int) []int {
	var all []int
	for i, name := range tpl.boundaries {
		// Nothing that lasts has happened since the boundary before these.
		if !strings.HasPrefix(name, "lease ") && !strings.HasPrefix(name, "close ") || os.Getenv(allKills) != "" {
			all = append(all, i+1)
		}
	}
	if tpl.kind == files || os.Getenv(allKills) != "" {
		return all
	}
	random := rand.New(rand.NewPCG(killSeed, uint64(len(tpl.boundaries))))
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return slices.Sorted(slices.Values(all[:some]))
}

func (tpl *template) killedAtAnyTime(t *testing.T) {
	for seed := range uint64(tpl.seeds()) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			p := tpl.copy(t)
			random := rand.New(rand.NewPCG(killSeed, seed))
			for range 1 + random.IntN(3) {
				tpl.killOnce(t, p, random)
			}
			tpl.check(t, p)
		})
	}
}

func (tpl *template) seeds() int {
	switch {
	case os.Getenv(allKills) != "":
		return 60
	case tpl.kind == files:
		return 5
	}
	return 3
}

// killOnce starts a pass and kills it after a time of its own choice: it
// alone, or at once with all that it has started.
func (tpl *template) killOnce(t *testing.T, p place, random *rand.Rand) {
	t.Helper()
	c := orders{place: p}.run(t)
	timer := time.NewTimer(time.Duration(random.Int64N(int64(tpl.took))))
	defer timer.Stop()
	power := random.IntN(2) == 0
	select {
	case <-c.done:
		return // it was faster
	case <-timer.C:
	}
	if power {
		killAll(t, c.Process.Pid)
	} else if err := c.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
	c.wait()
}

// Killed in the middle of an apply, Terraform's own lock stays behind in S3;
// and what the apply had started can live on.
func (tpl *template) killedWithinAnApply(t *testing.T) {
	for _, c := range []struct {
		name  string
		power bool // all that it had started is killed with it
		apart bool // the next pass has another work folder
		lives bool // Terraform alone is killed, as where there is no memory left
	}{{name: "alone"}, {name: "alone, then from elsewhere", apart: true}, {name: "with all", power: true}, {name: "Terraform alone", lives: true}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			power, apart, lives := c.power, c.apart, c.lives
			p := tpl.copy(t)
			held := p.holdApply(t, "kyoto")
			c := orders{place: p, Parallelism: 1}.run(t)
			within(t, "the apply of kyoto begins", held.entered)
			switch {
			case lives:
				for _, terraform := range childrenOf(t, c.Process.Pid) {
					_ = syscall.Kill(terraform, syscall.SIGKILL)
				}
			case power:
				killAll(t, c.Process.Pid)
			default:
				_ = c.Process.Kill()
			}
			if r := c.wait(); lives != (r != nil && strings.Contains(failure(r.Result, "kyoto"), "terraform was killed")) {
				t.Fatalf("what the pass came to: %+v", r)
			}
			held.forget()
			if apart {
				p.Work += "-2"
			}
			if locks := p.remains(t).Locks; tpl.kind == cloud && !slices.Contains(locks, "kyoto.tfstate.tflock") {
				t.Errorf("no lock of Terraform's was left behind, so that nothing is tried here: %v", locks)
			}
			if lives { // it waits out its backoff after the failure, but for a person
				if result, err := p.pass(t, reconciler.Manual); err != nil || result.Exit != reconciler.ExitOK {
					t.Errorf("the next pass: %v, %+v", err, result)
				}
			}
			tpl.check(t, p)
			within(t, "what the killed apply had started is ended by the next pass", held.gone)
		})
	}
}

// failure is why a workspace failed.
func failure(result *reconciler.Result, name string) string {
	for _, w := range result.Workspaces {
		if w.Name == name {
			return w.Error
		}
	}
	return ""
}
