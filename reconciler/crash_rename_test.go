package reconciler_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"reconcile/reconciler/internal/reconcilertest"
	"reconcile/reconciler/source/gittest"
)

// A workspace is renamed, and its state, which is outside its directory, stays. Wherever
// the pass is killed, nothing is created again.
func TestCrashWhileRenaming(t *testing.T) {
	t.Parallel()
	for _, kind := range []reconcilertest.Kind{reconcilertest.Files, reconcilertest.Cloud} {
		t.Run(string(kind), func(t *testing.T) {
			tpl := newFixtureOf(t, kind, outsideStateWorkspace(kind, "old"), func(repo *gittest.Repo) {
				repo.Git("rm", "-q", "-r", "env/old")
				repo.CommitTxtar("second", outsideStateWorkspace(kind, "new"))
			})
			tpl.testCrashAtPoints(t, 5)
			t.Run("and renamed back", tpl.testCrashThenRenameBack)
		})
	}
}

// testCrashThenRenameBack kills a pass at each crash point of the renaming. Then the
// workspace gets its old name back, and one more resource. Outside of `make check` it is
// one of the points in the cloud, and all of them with files.
func (f *fixture) testCrashThenRenameBack(t *testing.T) {
	f.repo.Git("checkout", "-q", "-b", "back", "HEAD~1")
	more := "-- env/old/more.tf --\nresource \"terraform_data\" \"more\" {}\n"
	back := f.repo.CommitTxtar("third", outsideStateWorkspace(f.kind, "old")+more)
	points := f.crashPoints[:slices.Index(f.crashPoints, "snapshot")]
	only := rand.New(rand.NewPCG(crashSeed, 3)).IntN(len(points))
	for n, name := range points {
		if f.kind == reconcilertest.Cloud && !f.whole && n != only {
			continue
		}
		t.Run(fmt.Sprintf("%02d %s", n+1, name), func(t *testing.T) {
			t.Parallel()
			// A repository of its own, in which the tip can be moved.
			p := f.copy(t)
			p.Repo = filepath.Join(t.TempDir(), "repo.git")
			gittest.Git(t, ".", "clone", "-q", "--bare", f.Repo, p.Repo)
			before := resourceIDs(t, p)
			c := childSpec{Spec: p, Parallelism: 1, SignalAt: n + 1, Signal: syscall.SIGKILL}.startChild(t)
			if r := c.wait(); r != nil {
				t.Fatalf("the child was not killed: %+v", r)
			}
			gittest.Git(t, p.Repo, "update-ref", "refs/heads/main", string(back))
			converge(t, p)
			if after := resourceIDs(t, p); after["this"] != before["this"] || after["more"] == "" {
				t.Errorf("created again: before %v, after %v", before, after)
			}
		})
	}
}

// resourceIDs returns the ids of the resources in the only state of an environment that
// has any.
func resourceIDs(t *testing.T, p reconcilertest.Spec) map[string]string {
	t.Helper()
	ids := map[string]string{}
	for name, content := range readStates(t, p) {
		if content == "" {
			continue
		}
		var now struct {
			Resources []struct {
				Name      string
				Instances []struct{ Attributes struct{ ID string } }
			}
		}
		if err := json.Unmarshal([]byte(content), &now); err != nil {
			t.Fatal(err)
		}
		for _, r := range now.Resources {
			if ids[r.Name] != "" && ids[r.Name] != r.Instances[0].Attributes.ID {
				t.Errorf("%s: %s is in two states", name, r.Name)
			}
			ids[r.Name] = r.Instances[0].Attributes.ID
		}
	}
	return ids
}
