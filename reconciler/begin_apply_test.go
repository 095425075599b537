package reconciler_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"reconcile/internal/waittest"
	"reconcile/reconciler/inspect"
	"reconcile/reconciler/internal/reconcilertest"
	"reconcile/reconciler/run"
	"reconcile/reconciler/terraform"
	"reconcile/reconciler/terraform/roles"
	"reconcile/state"
	"reconcile/state/statetest"
)

// A pass obtains what an apply and its record need before it writes the attempt. If it
// cannot, nothing is applied and no attempt stays.
func TestApplyBeginsWithAllThatItNeeds(t *testing.T) {
	t.Parallel()
	denied := errors.New("AccessDenied: not you")
	for name, breaks := range map[string]func(w *reconcilertest.Env){
		"no digest key": func(w *reconcilertest.Env) {
			w.Config.DigestKey = func(context.Context) (string, []byte, error) { return "", nil, denied }
		},
		"no apply role": func(w *reconcilertest.Env) {
			w.Config.Terraform = func(ctx context.Context) (run.Terraform, error) {
				tf, err := terraform.New(ctx, terraform.Options{
					WorkDir: filepath.Join(w.Spec.Home, "work"),
					AssumeRole: func(_ context.Context, role, _ string) (roles.Credentials, error) {
						if strings.HasSuffix(role, "/apply") {
							return roles.Credentials{}, denied
						}
						return roles.Credentials{}, nil
					},
				})
				if err != nil {
					return nil, err
				}
				return run.AdaptTerraform(tf), nil
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := reconcilertest.NewEnv(t, soloFiles+`-- env/reconcile.hcl --
defaults {
  apply      = "always"
  apply_role = "arn:aws:iam::123456789012:role/apply"
}
`)
			breaks(w)
			result, got := w.RunPass(run.Options{})
			if diff := cmp.Diff(outcomeMap{"solo": state.Failed}, got); diff != "" {
				t.Fatal(diff)
			}
			if why := result.Workspaces[0].Error; !strings.Contains(why, "nothing was applied") || !strings.Contains(why, denied.Error()) {
				t.Errorf("error: %s", why)
			}
			rec, _, err := w.Record.Workspace(t.Context(), "solo")
			w.Must(err)
			if rec.Attempt != nil || rec.Outcome != state.Failed {
				t.Errorf("the record is %+v", rec)
			}
			if state, err := os.ReadFile(filepath.Join(w.Config.LocalState, "solo.tfstate")); err == nil && bytes.Contains(state, []byte("terraform_data")) {
				t.Errorf("it was applied: %s", state)
			}
		})
	}
}

// The result of an apply is recorded as long as there is time for it, however often the
// store refuses. An attempt that could not be written leaves nothing.
func TestRecordThatRefusesForAWhile(t *testing.T) {
	t.Parallel()
	runScenario(t, func(m *model) {
		refusals := map[string]int{"begin": 5, "end": 8}
		p := m.processes[0]
		p.store.Inject(func(c statetest.Call) statetest.Fault {
			what := ""
			for _, op := range c.Ops {
				switch {
				case op.Key.SK != "WS#w0":
				case bytes.Contains(op.Put, []byte(`"outcome":"applied"`)):
					what = "end"
				case bytes.Contains(op.Put, []byte(`"attempt":{`)):
					what = "begin"
				}
			}
			if refusals[what] == 0 {
				return statetest.NoFault
			}
			refusals[what]--
			return statetest.FailBefore
		})
		f := m.startPass(p, run.Options{}, "")
		p.store.Inject(nil)
		if got := reconcilertest.Outcomes(f.result); got["w0"] != state.Applied || refusals["begin"]+refusals["end"] != 0 {
			m.t.Fatalf("outcomes of the pass: %v; %v refusals were left", got, refusals)
		}
		m.converge()
	})
}

// An attempt whose write fails for good does not stay in the record, where it would count
// as an interrupted apply.
func TestAttemptThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	runScenario(t, func(m *model) {
		p := m.processes[0]
		p.store.Inject(func(c statetest.Call) statetest.Fault {
			for _, op := range c.Ops {
				if op.Key.SK == "WS#w0" && bytes.Contains(op.Put, []byte(`"attempt":{`)) {
					return statetest.FailBefore
				}
			}
			return statetest.NoFault
		})
		f := m.startPass(p, run.Options{}, "")
		p.store.Inject(nil)
		rec, _, err := m.observer.record.Workspace(m.ctx, "w0")
		if err != nil || rec.Attempt != nil || rec.Outcome != state.Failed || !strings.Contains(rec.Error, "nothing was applied") {
			m.t.Fatalf("the record is %+v, %v; outcomes of the pass: %v", rec, err, reconcilertest.Outcomes(f.result))
		}
		m.converge()
	})
}

// An apply that has begun ends what the record said of the last one: nobody is notified once
// more, by a pass beside it, of a failure or a wait that is over.
func TestBegunApplyEndsTheLastOutcome(t *testing.T) {
	t.Parallel()
	settings := func(mode string) string {
		return "-- env/reconcile.hcl --\ndefaults {\n  apply = \"always\"\n}\nworkspace \"slow\" {\n  apply = \"" + mode + "\"\n}\n"
	}
	for name, c := range map[string]struct {
		first  string
		second func(pipe string) string
		was    state.Outcome
	}{
		"it failed": {formatSlowWorkspace("no such file"), formatSlowWorkspace, state.Failed},
		"it waited": {formatSlowWorkspace("/dev/null") + settings("plan-only"), func(pipe string) string {
			return formatSlowWorkspace(pipe) + settings("always")
		}, state.Blocked},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pipe := filepath.Join(t.TempDir(), "pipe")
			if err := syscall.Mkfifo(pipe, 0o600); err != nil {
				t.Fatal(err)
			}
			w := reconcilertest.NewEnv(t, formatQuickWorkspaces("one"))
			n := &noticeRecorder{sent: map[string]string{}}
			w.Config.Notifiers = []run.Notifier{n}
			w.Commit(c.first)
			if _, got := w.RunPass(run.Options{}); got["slow"] != c.was || n.sent["slow"] != string(c.was) {
				t.Fatalf("the scene: %v, notified of %v", got, n.sent)
			}
			w.Commit(c.second(pipe))
			r := w.Reconciler()
			pass := waittest.Go(func() error {
				_, err := r.Pass(t.Context(), t.Context(), run.Options{})
				return err
			})
			held := waittest.OpenForReader(t, pipe, pass)
			clear(n.sent)
			w.RunPass(run.Options{Only: []string{"quick"}})
			if len(n.sent) > 0 {
				t.Errorf("notified while the apply runs: %v", n.sent)
			}
			status, err := inspect.ReadStatus(t.Context(), w.Config)
			w.Must(err)
			for _, ws := range status.Workspaces {
				if ws.Name == "slow" && (ws.Outcome == c.was || ws.Error != "" || ws.Attempt == nil) {
					t.Errorf("status while the apply runs: %+v", ws)
				}
			}
			w.Must(held.Close())
			w.Must(pass.Wait())
			if n.sent["slow"] != "applied" {
				t.Errorf("notified at the end: %v", n.sent)
			}
		})
	}
}
