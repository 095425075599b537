package reconciler_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reconcile/reconciler"
	"reconcile/reconciler/source"
	"reconcile/reconciler/source/gittest"
	"reconcile/state"
)

// oneWorkspace is a repository.
const oneWorkspace = `
-- env/tokyo/main.tf --
resource "terraform_data" "this" {
  input = "hello"
}

output "text" {
  value = terraform_data.this.output
}
`

// everything is all that the record holds.
type everything struct {
	Head       state.Head
	Workspaces map[string]state.Workspace
	Holds      map[string]state.Hold
	Leases     map[string]state.LeaseItem
	Runs       []state.Run
}

func (w *world) everything() (e everything) {
	w.t.Helper()
	var err error
	e.Head, err = w.record.Head(w.t.Context())
	w.must(err)
	// A pass that fails may note since when there has been a tip that it could
	// not get, and that somebody must look; nothing else.
	e.Head.Rev, e.Head.Settled, e.Head.BehindSince, e.Head.Run, e.Head.UpdatedAt = 0, false, time.Time{}, "", time.Time{}
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

// converges runs undisturbed passes: the first does this, the second nothing.
func (w *world) converges(want did) {
	w.t.Helper()
	result, got := w.pass(reconciler.Options{Trigger: reconciler.Schedule})
	if diff := cmp.Diff(want, got); diff != "" || result.Exit != reconciler.ExitOK {
		w.t.Errorf("an undisturbed pass: %s\n%+v", diff, result)
	}
	if result, _ = w.pass(reconciler.Options{Trigger: reconciler.Schedule}); result.Outcome != reconciler.OutcomeInSync || result.Snapshot != "" {
		w.t.Errorf("the pass after it: %+v", result)
	}
}

// fails runs a pass that must fail as a whole, and leave no trace of itself.
func (w *world) fails() error {
	w.t.Helper()
	before := w.everything()
	result, err := w.reconciler().Pass(w.t.Context(), w.t.Context(), reconciler.Options{Trigger: reconciler.Schedule})
	if err == nil || result.Exit != reconciler.ExitFailed {
		w.t.Errorf("the pass ends with %v: %+v", err, result)
	}
	if diff := cmp.Diff(before, w.everything()); diff != "" {
		w.t.Errorf("it has changed the record: %s", diff)
	}
	return err
}

// A Git server that fails, in whichever way, changes nothing but since when the
// branch is known to be ahead, and is asked again by the next pass.
func TestFaultyGit(t *testing.T) {
	w := newWorld(t, oneWorkspace)
	sound := w.config
	for _, name := range []string{"without a record", "with a record"} {
		t.Run(name, func(t *testing.T) {
			for _, fault := range gitFaults {
				t.Run(fault.name, func(t *testing.T) {
					t.Parallel() // none writes anything
					w := *w
					w.t = t
					w.config.Terraform = func(context.Context) (reconciler.Terraform, error) {
						return nil, errors.New("nothing is to be planned")
					}
					w.config.Source = fault.source(t, w.Repo)
					w.fails()
				})
			}
		})
		w.config = sound
		head, err := w.record.Head(t.Context())
		w.must(err)
		if head.Rev != 0 && head.BehindSince.IsZero() {
			t.Error("nobody can tell since when the tip could not be got")
		}
		w.converges(did{"tokyo": state.Applied})
		w.commit("-- env/tokyo/more.tf --\nresource \"terraform_data\" \"more\" {}\n")
	}
}

// gitFault is what a server does to every request, or to those after the
// first, which asks for the tip.
type gitFault struct {
	name    string
	later   bool
	fault   gittest.Fault
	cut     int64
	timeout time.Duration
}

var gitFaults = []gitFault{
	{name: "500 for the tip", fault: gittest.Status(http.StatusInternalServerError)},
	{name: "500 for the commit", later: true, fault: gittest.Status(http.StatusInternalServerError)},
	{name: "a page for the tip", fault: gittest.Page},
	{name: "a page for the commit", later: true, fault: gittest.Page},
	{name: "hangs for the tip", fault: gittest.Hang, timeout: 100 * time.Millisecond},
	{name: "hangs for the commit", later: true, fault: gittest.Hang, timeout: time.Second},
	{name: "cut in mid-pack", cut: 400},
}

// source is a repository behind a server with the fault.
func (f gitFault) source(t *testing.T, repo *gittest.Repo) reconciler.Source {
	server := gittest.ServeHTTP(t, repo)
	server.CutAfter = f.cut
	server.Fault = func(rw http.ResponseWriter, r *http.Request, requests int) bool {
		return f.fault != nil && (requests > 1 || !f.later) && f.fault(rw, r, requests)
	}
	opened, err := source.Open(t.Context(), source.Options{URL: server.URL, Branch: "main", Cache: t.TempDir(), Timeout: f.timeout})
	if err != nil {
		t.Fatal(err)
	}
	return opened
}
