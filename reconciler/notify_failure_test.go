package reconciler_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"reconcile/reconciler"
	"reconcile/reconciler/internal/reconcilertest"
	"reconcile/reconciler/notify"
	"reconcile/reconciler/run"
)

// A pass that fails as a whole is notified once, whatever later ones say, and so is the first one
// that works again. A channel that was down hears of it when it is back. A channel that is
// new hears no more of what was applied before.
func TestFailedPassIsNotified(t *testing.T) {
	t.Parallel()
	w := reconcilertest.NewEnv(t, formatQuickWorkspaces("one"))
	w.RunPass(run.Options{})
	n := &noticeRecorder{sent: map[string]string{}}
	w.Config.Notifiers = []run.Notifier{n}
	pass := func(failed bool, want map[string]string) {
		t.Helper()
		clear(n.sent)
		_, err := reconciler.New(w.Config).Pass(t.Context(), t.Context(), run.Options{})
		if (err != nil) != failed {
			t.Fatalf("the pass failed: %v", err)
		}
		if diff := cmp.Diff(want, n.sent); diff != "" {
			t.Error(diff)
		}
	}
	failed, works := map[string]string{notify.PassName: "failed"}, map[string]string{notify.PassName: "unchanged"}
	nothing := map[string]string{}
	pass(false, nothing)
	w.Commit("-- env/reconcile.hcl --\nnonsense = 1\n")
	n.err = errors.New("the channel is down")
	pass(true, failed)
	n.err = nil
	pass(true, failed)
	pass(true, nothing)
	w.Commit("-- env/reconcile.hcl --\nother = 1\n")
	pass(true, nothing)
	w.Commit("-- env/reconcile.hcl --\n")
	pass(false, works)
	pass(false, nothing)
	w.Commit("-- env/reconcile.hcl --\nnonsense = 1\n")
	pass(true, failed)
}

// A name that no workspace has is the mistake of who asked: nobody is notified that passes fail, and
// status does not say so.
func TestMisspeltNameIsNoFailureOfPasses(t *testing.T) {
	t.Parallel()
	w := reconcilertest.NewEnv(t, formatQuickWorkspaces("one"))
	w.RunPass(run.Options{})
	n := &noticeRecorder{sent: map[string]string{}}
	w.Config.Notifiers = []run.Notifier{n}
	var unknown *run.UnknownWorkspaceError
	if _, err := w.Reconciler().Pass(t.Context(), t.Context(), run.Options{Only: []string{"onee"}}); !errors.As(err, &unknown) {
		t.Fatal(err)
	}
	head, err := w.Record.Head(t.Context())
	w.Must(err)
	if head.Error != "" || len(n.sent) > 0 {
		t.Errorf("error %q, sent %v", head.Error, n.sent)
	}
}

// The very first pass may fail, too: then there is no head yet.
func TestFirstFailedPassIsNotified(t *testing.T) {
	t.Parallel()
	w := reconcilertest.NewEnv(t, formatQuickWorkspaces("one"))
	n := &noticeRecorder{sent: map[string]string{}}
	w.Config.Notifiers = []run.Notifier{n}
	w.Commit("-- env/reconcile.hcl --\nnonsense = 1\n")
	for _, want := range []string{"failed", ""} {
		clear(n.sent)
		if _, err := reconciler.New(w.Config).Pass(t.Context(), t.Context(), run.Options{}); err == nil || n.sent[notify.PassName] != want {
			t.Errorf("%v, sent %v", err, n.sent)
		}
	}
	w.Commit("-- env/reconcile.hcl --\n")
	clear(n.sent)
	if w.RunPass(run.Options{}); n.sent[notify.PassName] != "unchanged" || n.sent["quick"] != "applied" {
		t.Errorf("sent %v", n.sent)
	}
}
