package reconciler_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reconcile/internal/testtier"
	"reconcile/internal/waittest"
	"reconcile/reconciler/internal/reconcilertest"
	"reconcile/reconciler/run"
	"reconcile/reconciler/source/gittest"
)

// allCrashesVariable makes the tests try every crash point everywhere. Without it, they
// try a seeded selection where each costs more; outside of `make check`, one of each kind.
const allCrashesVariable = "RECONCILE_TEST_ALL_CRASHES"

// crashSeed makes the choices of these tests; set another to try other points.
const crashSeed = 20261123

// fixture is the repository, applied at its first commit, with the second waiting. Each
// crash test starts from a copy.
type fixture struct {
	reconcilertest.Spec
	kind         reconcilertest.Kind
	repo         *gittest.Repo
	whole        bool     // all that `make check` tries is tried
	crashPoints  []string // of a pass that is not disturbed, one workspace at a time
	passDuration time.Duration
	wantResidue  residue // of that pass
}

func newFixture(t *testing.T, kind reconcilertest.Kind) *fixture {
	t.Helper()
	return newFixtureOf(t, kind, fixtureFiles(kind), func(repo *gittest.Repo) { commitFixtureChange(repo, kind) })
}

// newFixtureOf makes a fixture of any repository and a change to it.
func newFixtureOf(t *testing.T, kind reconcilertest.Kind, first string, change func(*gittest.Repo)) *fixture {
	t.Helper()
	repo := gittest.New(t)
	repo.CommitTxtar("first", first)
	tpl := &fixture{kind: kind, repo: repo, Spec: reconcilertest.NewSpec(t, kind, repo.Dir), whole: testtier.IsWhole(t)}
	converge(t, tpl.Spec)
	change(repo)

	undisturbed := tpl.copy(t)
	b := &crashPoints{}
	o := childSpec{Spec: undisturbed, Parallelism: 1}
	config, err := o.newCrashConfig(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	started := time.Now()
	if result, err := runPassWith(t, config); err != nil || result.Exit != 0 {
		t.Fatalf("the undisturbed pass: %v, %+v", err, result)
	}
	tpl.passDuration = time.Since(started)
	tpl.crashPoints = b.names
	converge(t, undisturbed)
	tpl.wantResidue = readResidue(t, undisturbed)
	return tpl
}

// copy makes a separate environment in which a pass can be killed.
func (f *fixture) copy(t *testing.T) reconcilertest.Spec {
	t.Helper()
	p := reconcilertest.NewSpec(t, f.kind, f.Repo)
	copyEnv(t, f.Spec, p)
	return p
}

// checkConverged runs undisturbed passes, and compares the result with that of an
// environment in which no pass was killed.
func (f *fixture) checkConverged(t *testing.T, p reconcilertest.Spec) {
	t.Helper()
	converge(t, p)
	if diff := cmp.Diff(f.wantResidue, readResidue(t, p)); diff != "" {
		t.Errorf("it is not as if nothing had been killed (-undisturbed +killed):\n%s", diff)
	}
}

// TestDisturbed kills and stops passes over one repository, takes their leases away and
// runs them concurrently, with files and in the cloud. Each time the result must be that
// of undisturbed passes.
func TestDisturbed(t *testing.T) {
	t.Parallel()
	for _, kind := range []reconcilertest.Kind{reconcilertest.Files, reconcilertest.Cloud} {
		t.Run(string(kind), func(t *testing.T) {
			tpl := newFixture(t, kind)
			t.Run("crashes", tpl.testCrashes)
			t.Run("stops", tpl.testStops)
			t.Run("lease loss", tpl.testLeaseLoss)
			t.Run("concurrent passes", tpl.testConcurrentPasses)
		})
	}
}

func (f *fixture) testCrashes(t *testing.T) {
	t.Run("at a crash point", func(t *testing.T) { f.testCrashAtPoints(t, 10) })
	t.Run("at any time", f.testCrashAtAnyTime)
	t.Run("within an apply", f.testCrashWithinApply)
	if f.kind == reconcilertest.Cloud {
		t.Run("within a plan", f.testCrashWithinPlan)
		t.Run("lock of a person", f.testManualLockStays)
	}
}

// testCrashAtPoints kills passes at each crash point; in the cloud at some of them.
func (f *fixture) testCrashAtPoints(t *testing.T, some int) {
	t.Logf("%d crash points: %s", len(f.crashPoints), strings.Join(f.crashPoints, " | "))
	for _, n := range f.chooseCrashPoints(some) {
		t.Run(fmt.Sprintf("%02d %s", n, f.crashPoints[n-1]), func(t *testing.T) {
			t.Parallel()
			p := f.copy(t)
			c := childSpec{Spec: p, Parallelism: 1, SignalAt: n, Signal: syscall.SIGKILL}.startChild(t)
			if r := c.wait(); r != nil {
				t.Fatalf("the child was not killed: %+v", r)
			}
			f.checkConverged(t, p)
		})
	}
}

// chooseCrashPoints returns the crash points to try, counted from 1: all of them with
// files, some in the cloud. Fewer outside of `make check`: one of each kind, and half of
// the some.
func (f *fixture) chooseCrashPoints(some int) []int {
	var all []int
	for i, name := range f.crashPoints {
		// Nothing lasting happens between the previous point and these.
		if !strings.HasPrefix(name, "lease ") && !strings.HasPrefix(name, "close ") || os.Getenv(allCrashesVariable) != "" {
			all = append(all, i+1)
		}
	}
	random := rand.New(rand.NewPCG(crashSeed, uint64(len(f.crashPoints))))
	switch {
	case os.Getenv(allCrashesVariable) != "", f.kind == reconcilertest.Files && f.whole:
		return all
	case f.kind == reconcilertest.Files:
		return f.chooseOfEachKind(random, all)
	case !f.whole:
		some /= 2
	}
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return slices.Sorted(slices.Values(all[:some]))
}

// chooseOfEachKind returns one of the crash points for each kind of step.
func (f *fixture) chooseOfEachKind(random *rand.Rand, points []int) []int {
	kinds := map[string][]int{}
	for _, n := range points {
		verb, object, _ := strings.Cut(f.crashPoints[n-1], " ")
		if verb == "put" { // which partition of the record, and whether alone
			verb += object[:min(3, len(object))] + fmt.Sprint(strings.Count(object, ", "))
		}
		kinds[verb] = append(kinds[verb], n)
	}
	var chosen []int
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		of := kinds[kind]
		chosen = append(chosen, of[random.IntN(len(of))])
	}
	return slices.Sorted(slices.Values(chosen))
}

func (f *fixture) testCrashAtAnyTime(t *testing.T) {
	for seed := range uint64(f.seedCount()) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			p := f.copy(t)
			random := rand.New(rand.NewPCG(crashSeed, seed))
			for range 1 + random.IntN(3) {
				f.crashOnce(t, p, random)
			}
			f.checkConverged(t, p)
		})
	}
}

func (f *fixture) seedCount() int {
	switch {
	case os.Getenv(allCrashesVariable) != "":
		return 60
	case !f.whole && f.kind == reconcilertest.Files:
		return 2
	case !f.whole:
		return 1
	case f.kind == reconcilertest.Files:
		return 5
	}
	return 3
}

// crashOnce starts a pass and kills it after a random time: the pass alone, or with all
// its child processes at once.
func (f *fixture) crashOnce(t *testing.T, p reconcilertest.Spec, random *rand.Rand) {
	t.Helper()
	c := childSpec{Spec: p}.startChild(t)
	timer := time.NewTimer(time.Duration(random.Int64N(int64(f.passDuration))))
	defer timer.Stop()
	power := random.IntN(2) == 0
	select {
	case <-c.end.Ended():
		return // it was faster
	case <-timer.C:
	}
	if power {
		killTree(t, c.Process.Pid)
	} else if err := c.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
	c.wait()
}

// A pass is killed in the middle of an apply. Terraform's own lock then stays in S3, and
// processes that the apply started can live on. With files there is no such lock: some
// cases are for `make check` alone there.
func (f *fixture) testCrashWithinApply(t *testing.T) {
	for _, c := range []struct {
		name         string
		power        bool // all its child processes are killed with it
		separateWork bool // the next pass has another work directory
		lives        bool // Terraform alone is killed, as when memory runs out
	}{{name: "alone"}, {name: "alone, then in another work directory", separateWork: true}, {name: "with all", power: true}, {name: "Terraform alone", lives: true}} {
		if !f.whole && f.kind == reconcilertest.Files && (c.power || c.separateWork) {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			power, separateWork, lives := c.power, c.separateWork, c.lives
			p := f.copy(t)
			held := holdApply(t, p, "kyoto")
			c := childSpec{Spec: p, Parallelism: 1}.startChild(t)
			waittest.Receive(t, held.started, c.end)
			switch {
			case lives:
				for _, terraform := range childrenOf(t, c.Process.Pid) {
					_ = syscall.Kill(terraform, syscall.SIGKILL)
				}
			case power:
				killTree(t, c.Process.Pid)
			default:
				_ = c.Process.Kill()
			}
			if r := c.wait(); lives != (r != nil && strings.Contains(failureOf(r.Result, "kyoto"), "terraform was killed")) {
				t.Fatalf("result of the pass: %+v", r)
			}
			held.removeHook()
			if separateWork {
				p.Work += "-2"
			}
			if locks := readResidue(t, p).Locks; f.kind == reconcilertest.Cloud && !slices.Contains(locks, "kyoto.tfstate.tflock") {
				t.Errorf("Terraform left no lock, so this tests nothing: %v", locks)
			}
			if lives { // it waits for its backoff after the failure, except in a manual run
				if result, err := runPassIn(t, p, run.TriggerManual); err != nil || result.Exit != run.ExitOK {
					t.Errorf("the next pass: %v, %+v", err, result)
				}
			}
			f.checkConverged(t, p)
			waitWithin(t, "what the killed apply had started is ended by the next pass", held.allExited)
		})
	}
}

// failureOf returns why a workspace failed.
func failureOf(result *run.Result, name string) string {
	for _, w := range result.Workspaces {
		if w.Name == name {
			return w.Error
		}
	}
	return ""
}
