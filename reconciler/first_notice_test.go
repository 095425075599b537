package reconciler_test

import (
	"context"
	"errors"
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"

	"reconcile/reconciler/internal/reconcilertest"
	"reconcile/reconciler/notify"
	"reconcile/reconciler/run"
)

// noticeRecorder is a channel that keeps the outcomes of what it was sent, by workspace.
type noticeRecorder struct {
	sent map[string]string
	said string // of the last one
	err  error
}

func (noticeRecorder) Channel() string { return "recorder" }

func (n *noticeRecorder) Notify(_ context.Context, report *notify.Notification) error {
	for _, e := range report.Events {
		n.sent[e.Name], n.said = e.Outcome, e.Error
	}
	return n.err
}

// A channel that is new hears of what its first pass applies, and of problems that are there
// still, but not of what other passes applied before; also if its first try fails.
func TestFirstNotice(t *testing.T) {
	t.Parallel()
	w := reconcilertest.NewEnv(t, formatQuickWorkspaces("one"))
	w.Commit("-- env/broken/main.tf --\nresource \"terraform_data\" \"this\" {\n  input = file(\"missing\")\n}\n")
	w.RunPass(run.Options{})
	w.Commit(formatSlowWorkspace("/dev/null"))
	n := &noticeRecorder{sent: map[string]string{}, err: errors.New("the channel is down")}
	w.Config.Notifiers = []run.Notifier{n}
	want := map[string]string{"slow": "applied", "broken": "failed"}
	for range 2 {
		w.RunPass(run.Options{})
		if diff := cmp.Diff(want, n.sent); diff != "" {
			t.Error(diff)
		}
		n.err = nil
		clear(n.sent)
	}
	w.RunPass(run.Options{Replan: true})
	if got := maps.Clone(n.sent); len(got) > 0 {
		t.Errorf("sent again: %v", got)
	}
}
