package reconciler_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reconcile/internal/commitid"
	"reconcile/internal/testtier"
	"reconcile/internal/waittest"
	"reconcile/reconciler"
	"reconcile/reconciler/internal/reconcilertest"
	"reconcile/reconciler/run"
	"reconcile/reconciler/source"
	"reconcile/reconciler/source/gittest"
	"reconcile/state"
)

// movingTip is an environment in which the tip moves to another commit and back while a pass
// plans or applies its first workspace.
type movingTip struct {
	*reconcilertest.Env
	tip, other commitid.ID
	log        string        // what was applied, a line each
	reading    chan struct{} // closed when Terraform reads for the first workspace
	release    func()        // lets it go on
}

// newMovingTip returns the environment at the tip. Terraform waits for the test while it plans the
// first workspace, or while it applies it.
func newMovingTip(t *testing.T, step run.Phase, unrelated bool) *movingTip {
	w := reconcilertest.NewEnv(t, "")
	m := &movingTip{Env: w, log: filepath.Join(t.TempDir(), "log"), reading: make(chan struct{})}
	goOn := make(chan struct{})
	m.release = sync.OnceFunc(func() { close(goOn) })
	read := sync.OnceFunc(func() { close(m.reading) })
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		read()
		<-goOn
		fmt.Fprint(w, `{"version":4,"serial":1,"lineage":"other","outputs":{},"resources":[]}`)
	}))
	t.Cleanup(server.Close)
	t.Cleanup(m.release)
	deferred := ""
	if step == run.PhaseApply {
		deferred = "depends_on = [terraform_data.first]\n  "
	}
	formatAll := func(word string) string {
		return m.formatWorkspace("first", word) + `
data "terraform_remote_state" "held" {
  ` + deferred + `backend = "http"
  config = {
    address = "` + server.URL + `"
  }
}
` + m.formatWorkspace("early", word) + m.formatWorkspace("quick", word) + m.formatWorkspace("last", word) + `
-- env/reconcile.hcl --
workspace "last" {
  depends_on = ["early", "first"]
}
`
	}
	w.Commit(m.formatWorkspace("quick", "zero"))
	w.RunPass(run.Options{})
	w.Commit(formatAll("one"))
	m.tip = commitid.ID(w.Repo.Git("rev-parse", "HEAD"))
	w.Commit(formatAll("two") + m.formatWorkspace("extra", "two"))
	m.other = commitid.ID(w.Repo.Git("rev-parse", "HEAD"))
	if unrelated {
		m.other = commitid.ID(w.Repo.Git("commit-tree", "-m", "another history", "HEAD^{tree}"))
	}
	w.Repo.Reset(m.tip)
	w.Config.Parallelism, w.Config.TipPoll = 1, time.Nanosecond // early is applied first, quick and last at the end
	return m
}

// formatWorkspace returns a workspace whose applies are logged.
func (m *movingTip) formatWorkspace(name, word string) string {
	return `
-- env/` + name + `/main.tf --
resource "terraform_data" "` + name + `" {
  triggers_replace = "` + word + `"
  provisioner "local-exec" {
    command = "echo ` + word + ` >>'` + m.log + `.` + name + `'"
  }
}
`
}

// useHTTP makes the next passes fetch the repository from a server.
func (m *movingTip) useHTTP() {
	m.T.Helper()
	var err error
	m.Config.Source, err = source.Open(source.Options{
		URL: gittest.ServeHTTP(m.T, m.Repo).URL, Branch: "main", CacheDir: filepath.Join(m.Spec.Work, "git"),
	})
	m.Must(err)
}

// runBeside runs a pass of another process.
func (m *movingTip) runBeside() {
	m.T.Helper()
	config := m.Config
	config.Wait = time.Millisecond // for the first workspace, whose lease the pass at the tip holds
	result, err := reconciler.New(config).Pass(m.T.Context(), m.T.Context(), run.Options{Trigger: run.TriggerSchedule, CheckoutNumber: 1})
	m.Must(err)
	if got := reconcilertest.Outcomes(result); got["early"] != state.Applied || got["first"] != state.Busy || got["quick"] != state.Applied || got["last"] != state.Skipped {
		m.T.Errorf("beside the pass at the tip: %+v", result)
	}
}

// startPass starts a pass at the tip, and waits until Terraform reads for its first workspace.
func (m *movingTip) startPass() *waittest.Task[*run.Result] {
	pass := waittest.Go(func() *run.Result {
		result, err := m.Reconciler().Pass(m.T.Context(), m.T.Context(), run.Options{Trigger: run.TriggerSchedule})
		if err != nil {
			m.T.Error(err)
		}
		return result
	})
	waittest.Receive(m.T, m.reading, pass)
	return pass
}

// readApplied returns the words of a workspace that were applied, in order.
func (m *movingTip) readApplied(name string) []string {
	text, err := os.ReadFile(m.log + "." + name)
	if err != nil {
		return nil
	}
	return strings.Fields(string(text))
}

// checkApplied checks that all is applied at the tip and recorded so, and what was applied before.
func (m *movingTip) checkApplied(want map[string][]string) {
	m.T.Helper()
	for _, name := range []string{"early", "first", "quick", "last", "extra"} {
		if diff := cmp.Diff(want[name], m.readApplied(name)); diff != "" {
			m.T.Errorf("what was applied to %s: %s", name, diff)
		}
	}
	records, err := m.Record.Workspaces(m.T.Context())
	m.Must(err)
	for name, rec := range records {
		if isExtra := name == "extra"; rec.Removed != isExtra || rec.Commit != m.tip && !isExtra || rec.Attempt != nil {
			m.T.Errorf("the record of %s: %+v", name, rec)
		}
	}
	head, err := m.Record.Head(m.T.Context())
	m.Must(err)
	if head.Commit != m.tip || !head.Settled {
		m.T.Errorf("the head: %+v", head)
	}
	if result, _ := m.RunPass(run.Options{Trigger: run.TriggerSchedule}); result.Outcome != run.OutcomeInSync || result.Snapshot != "" {
		m.T.Errorf("the next pass: %+v", result)
	}
}

// The tip moves to another commit, or to another history, and back while a workspace is planned or
// applied. Meanwhile no other pass sees that, or one adopts the other tip, or both tips. In the end
// all is applied at the tip, once since it came back, and nothing of the other tip after it.
func TestTipThatMovesAndComesBack(t *testing.T) {
	t.Parallel()
	whole := testtier.IsWhole(t)
	for n, step := range []run.Phase{run.PhasePlan, run.PhaseApply} {
		for passesBeside := range 3 {
			for _, unrelated := range []bool{false, true} {
				if !whole && unrelated != ((n+passesBeside)%2 == 0) {
					continue
				}
				t.Run(fmt.Sprintf("%s, unrelated=%t, %d passes beside", step, unrelated, passesBeside), func(t *testing.T) {
					t.Parallel()
					testTipThatComesBack(t, step, unrelated, passesBeside)
				})
			}
		}
	}
}

func testTipThatComesBack(t *testing.T, step run.Phase, unrelated bool, passesBeside int) {
	m := newMovingTip(t, step, unrelated)
	if unrelated {
		m.useHTTP()
	}
	want := map[string][]string{"early": {"one"}, "first": {"one"}, "quick": {"zero", "one"}, "last": {"one"}}
	pass := m.startPass()
	m.Repo.Reset(m.other)
	if passesBeside > 0 {
		m.runBeside()
		want["early"], want["quick"], want["extra"] = []string{"one", "two", "one"}, []string{"zero", "two", "one"}, []string{"two"}
	}
	m.Repo.Reset(m.tip)
	if passesBeside > 1 {
		m.runBeside()
	}
	m.release()
	result := pass.Wait()
	if result.Exit != run.ExitOK || result.To != m.tip {
		t.Errorf("the pass at the tip: %+v", result)
	}
	m.checkApplied(want)
}

// The same under passes of one process, as watch runs them: the first ends what it has begun, and
// the next take the rest, at the other tip or when it is the first tip again.
func TestOvertakenByATipThatComesBack(t *testing.T) {
	t.Parallel()
	for _, step := range []run.Phase{run.PhasePlan, run.PhaseApply} {
		for _, seesOther := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, a pass at the other tip=%t", step, seesOther), func(t *testing.T) {
				t.Parallel()
				testOvertakenByTipThatComesBack(t, step, seesOther)
			})
		}
	}
}

func testOvertakenByTipThatComesBack(t *testing.T, step run.Phase, seesOther bool) {
	m := newMovingTip(t, step, true)
	m.useHTTP()
	overtaken := make(chan struct{}, 1)
	m.Config.TipPoll = time.Millisecond
	m.Config.Observe = func(e run.Event) {
		if e.Phase == run.PhaseOvertaken {
			overtaken <- struct{}{}
		}
	}
	r := m.Reconciler()
	pass := func(number int) *run.Result {
		result, err := r.Pass(t.Context(), t.Context(), run.Options{HandOver: true, Trigger: run.TriggerSchedule, CheckoutNumber: number})
		if err != nil {
			t.Error(err)
		}
		return result
	}
	long := waittest.Go(func() *run.Result { return pass(0) })
	waittest.Receive(t, m.reading, long)
	m.Repo.Reset(m.other)
	waittest.Receive(t, overtaken, long)
	want := map[string][]string{"early": {"one"}, "first": {"one"}, "quick": {"zero", "one"}, "last": {"one"}}
	besides := outcomeMap{"first": state.Busy, "quick": state.Applied, "last": state.Skipped}
	if seesOther {
		want["early"], want["quick"], want["extra"] = []string{"one", "two", "one"}, []string{"zero", "two", "one"}, []string{"two"}
		besides["early"], besides["extra"] = state.Applied, state.Applied
		if diff := cmp.Diff(besides, reconcilertest.Outcomes(pass(1))); diff != "" {
			t.Errorf("at the other tip: %s", diff)
		}
		besides["extra"] = state.Removed
	}
	m.Repo.Reset(m.tip)
	if diff := cmp.Diff(besides, reconcilertest.Outcomes(pass(1))); diff != "" {
		t.Errorf("back at the tip: %s", diff)
	}
	if again := pass(1); again.Exit != run.ExitBusy || again.Snapshot != "" {
		t.Errorf("nothing is free, and yet: %+v", again)
	}
	m.release()
	if first := long.Wait(); !first.Overtaken {
		t.Errorf("the first pass: %+v", first)
	}
	if last := pass(0); last.Exit != run.ExitOK {
		t.Errorf("the last pass: %+v", last)
	}
	m.checkApplied(want)
}
