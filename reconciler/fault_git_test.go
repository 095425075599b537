package reconciler_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reconcile/internal/stateid"
	"reconcile/reconciler/internal/reconcilertest"
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
	Leases     map[stateid.ID]state.LeaseItem
	Runs       []state.Run
}

func dumpRecord(w *reconcilertest.Env) (e recordDump) {
	w.T.Helper()
	var err error
	e.Head, err = w.Record.Head(w.T.Context())
	w.Must(err)
	// A pass that fails may record why, since when there has been a tip that it could not
	// fetch, and that the next pass must check everything; nothing else.
	e.Head.Rev, e.Head.Settled, e.Head.OutOfSyncSince, e.Head.Run, e.Head.UpdatedAt, e.Head.Error = 0, false, time.Time{}, "", time.Time{}, ""
	e.Workspaces, err = w.Record.Workspaces(w.T.Context())
	w.Must(err)
	e.Holds, err = w.Record.Holds(w.T.Context())
	w.Must(err)
	e.Leases, err = w.Record.Leases(w.T.Context())
	w.Must(err)
	e.Runs, err = w.Record.Runs(w.T.Context(), 100)
	w.Must(err)
	return e
}

// assertConverges runs two undisturbed passes: the first must give want, the second
// nothing.
func assertConverges(w *reconcilertest.Env, want outcomeMap) {
	w.T.Helper()
	result, got := w.RunPass(run.Options{Trigger: run.TriggerSchedule})
	if diff := cmp.Diff(want, got); diff != "" || result.Exit != run.ExitOK {
		w.T.Errorf("an undisturbed pass: %s\n%+v", diff, result)
	}
	if result, _ = w.RunPass(run.Options{Trigger: run.TriggerSchedule}); result.Outcome != run.OutcomeInSync || result.Snapshot != "" {
		w.T.Errorf("the pass after it: %+v", result)
	}
}

// assertPassFails runs a pass that must fail as a whole and change nothing.
func assertPassFails(w *reconcilertest.Env) error {
	w.T.Helper()
	before := dumpRecord(w)
	result, err := w.Reconciler().Pass(w.T.Context(), w.T.Context(), run.Options{Trigger: run.TriggerSchedule})
	if err == nil || result.Exit != run.ExitFailed {
		w.T.Errorf("the pass ends with %v: %+v", err, result)
	}
	if diff := cmp.Diff(before, dumpRecord(w)); diff != "" {
		w.T.Errorf("it has changed the record: %s", diff)
	}
	return err
}

// A Git server that fails, in any way, changes nothing except the recorded reason and
// out-of-sync time. The next pass asks the server again.
func TestFaultyGit(t *testing.T) {
	t.Parallel()
	w := reconcilertest.NewEnv(t, tokyoWorkspace)
	sound := w.Config
	for _, name := range []string{"without a record", "with a record"} {
		t.Run(name, func(t *testing.T) {
			for _, fault := range gitFaults {
				t.Run(fault.name, func(t *testing.T) {
					t.Parallel() // none writes anything
					w := *w
					w.T = t
					w.Config.Terraform = func(context.Context) (run.Terraform, error) {
						return nil, errors.New("nothing is to be planned")
					}
					w.Config.Source = fault.openSource(t, w.Repo)
					if err := assertPassFails(&w); err != nil && !strings.Contains(err.Error(), "http://127.0.0.1") {
						t.Errorf("the error does not name the server: %v", err)
					}
				})
			}
		})
		w.Config = sound
		head, err := w.Record.Head(t.Context())
		w.Must(err)
		if head.Rev != 0 && head.OutOfSyncSince.IsZero() {
			t.Error("it is not recorded since when the tip could not be fetched")
		}
		if head.Rev != 0 && !strings.Contains(head.Error, "fetch ") {
			t.Errorf("the recorded reason is %q", head.Error)
		}
		assertConverges(w, outcomeMap{"tokyo": state.Applied})
		if head, err = w.Record.Head(t.Context()); err != nil || head.Error != "" {
			t.Errorf("a pass that ends well leaves the reason %q, %v", head.Error, err)
		}
		w.Commit("-- env/tokyo/more.tf --\nresource \"terraform_data\" \"more\" {}\n")
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
	{name: "names a commit that it does not have", fault: nameUnknownCommit},
}

// nameUnknownCommit answers the question for the tip with a commit that is nowhere.
func nameUnknownCommit(rw http.ResponseWriter, r *http.Request, _ int) bool {
	body, err := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	if err != nil || !bytes.Contains(body, []byte("command=ls-refs")) {
		return false
	}
	line := strings.Repeat("a", 40) + " refs/heads/main\n"
	rw.Header().Set("Content-Type", "application/x-git-upload-pack-result")
	fmt.Fprintf(rw, "%04x%s0000", len(line)+4, line)
	return true
}

// openSource returns a repository behind a server with the fault.
func (f gitFault) openSource(t *testing.T, repo *gittest.Repo) run.Source {
	server := gittest.ServeHTTP(t, repo)
	server.CutAfter = f.cutAfter
	server.Fault = func(rw http.ResponseWriter, r *http.Request, requests int) bool {
		return f.fault != nil && (requests > 1 || !f.afterFirst) && f.fault(rw, r, requests)
	}
	opened, err := source.Open(source.Options{URL: server.URL, Branch: "main", CacheDir: t.TempDir(), Timeout: f.timeout})
	if err != nil {
		t.Fatal(err)
	}
	return opened
}
