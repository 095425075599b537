package reconciler_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"reconcile/reconciler/inspect"
	"reconcile/reconciler/internal/reconcilertest"
	"reconcile/reconciler/run"
	"reconcile/state"
)

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
			done, r := make(chan error, 1), w.Reconciler()
			go func() {
				_, err := r.Pass(t.Context(), t.Context(), run.Options{})
				done <- err
			}()
			held, err := os.OpenFile(pipe, os.O_WRONLY, 0) // waits until the provisioner reads
			w.Must(err)
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
			w.Must(<-done)
			if n.sent["slow"] != "applied" {
				t.Errorf("notified at the end: %v", n.sent)
			}
		})
	}
}

// A directory that was renamed in Git after its apply had failed is known by the files of that
// apply: what it has made is not made a second time.
func TestRenamedAfterAFailedApply(t *testing.T) {
	t.Parallel()
	for _, isFirst := range []bool{false, true} {
		w := reconcilertest.NewEnv(t, cleanFiles)
		if !isFirst {
			w.Commit(soloFiles)
		}
		w.RunPass(run.Options{})
		w.Commit(failingSolo)
		if _, got := w.RunPass(run.Options{}); got["solo"] != state.Failed {
			t.Fatalf("the scene: %v", got)
		}
		w.Repo.Git("mv", "env/solo", "env/renamed")
		w.Repo.CommitStaged("renamed")
		w.Repo.Push()
		result, got := w.RunPass(run.Options{})
		renamed, _ := result.Find("renamed")
		if got["renamed"] != state.Blocked || !strings.Contains(renamed.Error, "solo.tfstate") {
			t.Errorf("first %t: %+v", isFirst, renamed)
		}
	}
}

// A failure that was recorded where the clock was a year ahead is tried again by itself.
func TestRetryAfterAWrongClock(t *testing.T) {
	t.Parallel()
	flag := filepath.Join(t.TempDir(), "flag")
	w := reconcilertest.NewEnv(t, formatSlowWorkspace(flag))
	w.Config.Now = func() time.Time { return time.Now().AddDate(1, 0, 0) }
	schedule := run.Options{Trigger: run.Schedule}
	if _, got := w.RunPass(schedule); got["slow"] != state.Failed {
		t.Fatalf("the scene: %v", got)
	}
	w.Config.Now = time.Now
	w.Must(os.WriteFile(flag, nil, 0o600))
	if _, got := w.RunPass(schedule); got["slow"] != state.Applied {
		t.Errorf("with the right clock: %v", got)
	}
}
