package preview_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"reconcile/reconciler/internal/reconcilertest"
	"reconcile/reconciler/preview"
	"reconcile/reconciler/run"
)

// A planner process that dies over one pull request is reported there and tried again
// later. The other pull requests get their previews.
func TestPreviewProcessDies(t *testing.T) {
	t.Parallel()
	w := newPreviewEnv(t, reconcilertest.SmallFiles)
	w.openPullRequest(1, "evil", "-- README.md --\nevil\n")
	w.openPullRequest(2, "good", "-- README.md --\ngood\n")
	w.options.Process = func(ctx, killCtx context.Context, request preview.Request) (*preview.Response, error) {
		if request.PullRequest.Branch == "evil" {
			return nil, errors.New("it was killed")
		}
		return w.previewer().Make(ctx, killCtx, request), nil
	}
	round, err := w.runPreviews()
	w.Must(err)
	evil, good := round.PullRequests[0], round.PullRequests[1]
	if evil.Action != preview.ActionAdded || evil.Outcome != run.OutcomeFailed || good.Outcome != run.OutcomeInSync || round.Exit != run.ExitOK {
		t.Errorf("%s: %s; %s: %s; exit %d", evil.Action, evil.Outcome, good.Action, good.Outcome, round.Exit)
	}
	if text := w.board.comments[1].Text; !strings.Contains(text, "it was killed") {
		t.Errorf("not in the comment: %s", text)
	}
	w.assertActions(w.previewActions(), map[string]string{"evil": "unchanged", "good": "unchanged"})
	w.options.Process = nil
	w.board.now = w.board.now.Add(31 * time.Minute)
	w.assertActions(w.previewActions(), map[string]string{"evil": "edited", "good": "unchanged"})
}

// A process that ends because the run was stopped is no failure of a pull request.
func TestPreviewProcessIsStopped(t *testing.T) {
	t.Parallel()
	w := newPreviewEnv(t, reconcilertest.SmallFiles)
	w.openPullRequest(1, "topic", "-- README.md --\nhello\n")
	ctx, stop := context.WithCancel(t.Context())
	w.options.Process = func(ctx, _ context.Context, _ preview.Request) (*preview.Response, error) {
		stop()
		<-ctx.Done()
		return nil, errors.New("it was killed")
	}
	round, err := w.previewer().RunRound(ctx, t.Context(), w.board, w.options)
	w.Must(err)
	if pr := round.PullRequests[0]; pr.Action != preview.ActionFailed || !strings.Contains(pr.Error, "stopped") || len(w.board.comments) > 0 {
		t.Errorf("%s: %s; %+v", pr.Action, pr.Error, w.board.comments)
	}
}
