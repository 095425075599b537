package reconciler_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reconcile/reconciler/run"
	"reconcile/reconciler/source"
	"reconcile/reconciler/source/gittest"
	"reconcile/state"
)

// tokyoWorkspace is a repository with one workspace.
const tokyoWorkspace = `
-- env/tokyo/main.tf --
resource "terraform_data" "this" {
  input = "hello"
}

output "text" {
  value = terraform_data.this.output
}
`

// recordDump is all that the record holds.
type recordDump struct {
	Head       state.Head
	Workspaces map[string]state.Workspace
	Holds      map[string]state.Hold
	Leases     map[string]state.LeaseItem
	Runs       []state.Run
}

func (w *testEnv) dumpRecord() (e recordDump) {
	w.t.Helper()
	var err error
	e.Head, err = w.record.Head(w.t.Context())
	w.must(err)
	// A pass that fails may record since when there has been a tip that it could not
	// fetch, and that the next pass must check everything; nothing else.
	e.Head.Rev, e.Head.Settled, e.Head.OutOfSyncSince, e.Head.Run, e.Head.UpdatedAt = 0, false, time.Time{}, "", time.Time{}
	e.Workspaces, err = w.record.Workspaces(w.t.Context())
	w.must(err)
	e.Holds, err = w.record.Holds(w.t.Context())
	w.must(err)
	e.Leases, err = w.record.Leases(w.t.Context())
	w.must(err)
	e.Runs, err = w.record.Runs(w.t.Context(), 100)
	w.must(err)
	return e
}

// assertConverges runs two undisturbed passes: the first must give want, the second
// nothing.
func (w *testEnv) assertConverges(want outcomeMap) {
	w.t.Helper()
	result, got := w.runPass(run.Options{Trigger: run.Schedule})
	if diff := cmp.Diff(want, got); diff != "" || result.Exit != run.ExitOK {
		w.t.Errorf("an undisturbed pass: %s\n%+v", diff, result)
	}
	if result, _ = w.runPass(run.Options{Trigger: run.Schedule}); result.Outcome != run.OutcomeInSync || result.Snapshot != "" {
		w.t.Errorf("the pass after it: %+v", result)
	}
}

// assertPassFails runs a pass that must fail as a whole and change nothing.
func (w *testEnv) assertPassFails() error {
	w.t.Helper()
	before := w.dumpRecord()
	result, err := w.reconciler().Pass(w.t.Context(), w.t.Context(), run.Options{Trigger: run.Schedule})
	if err == nil || result.Exit != run.ExitFailed {
		w.t.Errorf("the pass ends with %v: %+v", err, result)
	}
	if diff := cmp.Diff(before, w.dumpRecord()); diff != "" {
		w.t.Errorf("it has changed the record: %s", diff)
	}
	return err
}

// A Git server that fails, in any way, changes nothing except the recorded out-of-sync
// time. The next pass asks the server again.
func TestFaultyGit(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t, tokyoWorkspace)
	sound := w.config
	for _, name := range []string{"without a record", "with a record"} {
		t.Run(name, func(t *testing.T) {
			for _, fault := range gitFaults {
				t.Run(fault.name, func(t *testing.T) {
					t.Parallel() // none writes anything
					w := *w
					w.t = t
					w.config.Terraform = func(context.Context) (run.Terraform, error) {
						return nil, errors.New("nothing is to be planned")
					}
					w.config.Source = fault.openSource(t, w.Repo)
					w.assertPassFails()
				})
			}
		})
		w.config = sound
		head, err := w.record.Head(t.Context())
		w.must(err)
		if head.Rev != 0 && head.OutOfSyncSince.IsZero() {
			t.Error("it is not recorded since when the tip could not be fetched")
		}
		w.assertConverges(outcomeMap{"tokyo": state.Applied})
		w.commit("-- env/tokyo/more.tf --\nresource \"terraform_data\" \"more\" {}\n")
	}
}

// gitFault is the fault that a server injects into every request, or into those after the
// first, which asks for the tip.
type gitFault struct {
	name       string
	afterFirst bool
	fault      gittest.Fault
	cutAfter   int64
	timeout    time.Duration
}

var gitFaults = []gitFault{
	{name: "500 for the tip", fault: gittest.RespondStatus(http.StatusInternalServerError)},
	{name: "500 for the commit", afterFirst: true, fault: gittest.RespondStatus(http.StatusInternalServerError)},
	{name: "a page for the tip", fault: gittest.RespondLoginPage},
	{name: "a page for the commit", afterFirst: true, fault: gittest.RespondLoginPage},
	{name: "hangs for the tip", fault: gittest.NeverAnswer, timeout: 100 * time.Millisecond},
	{name: "hangs for the commit", afterFirst: true, fault: gittest.NeverAnswer, timeout: time.Second},
	{name: "cut in mid-pack", cutAfter: 400},
}

// openSource returns a repository behind a server with the fault.
func (f gitFault) openSource(t *testing.T, repo *gittest.Repo) run.Source {
	server := gittest.ServeHTTP(t, repo)
	server.CutAfter = f.cutAfter
	server.Fault = func(rw http.ResponseWriter, r *http.Request, requests int) bool {
		return f.fault != nil && (requests > 1 || !f.afterFirst) && f.fault(rw, r, requests)
	}
	opened, err := source.Open(t.Context(), source.Options{URL: server.URL, Branch: "main", CacheDir: t.TempDir(), Timeout: f.timeout})
	if err != nil {
		t.Fatal(err)
	}
	return opened
}
