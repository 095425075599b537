package reconciler

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// PreviewRequest is what a process that makes one preview is asked for.
type PreviewRequest struct {
	PullRequest PullRequest
	// KnownInputs are the Inputs of the preview that is on the pull request already:
	// one that would say the same is not planned. "" plans it in any case.
	KnownInputs string
	// Force: somebody asks for it, so what failed just now is tried again.
	Force bool
}

// PreviewResponse is what came of a PreviewRequest.
type PreviewResponse struct {
	Preview   Preview
	Unchanged bool // Known says it all: nothing was planned
	// Error is why no preview could be made, by no fault of the pull request.
	Error string
	Busy  bool // another run holds what it needs
	// EndsRound: the error is of what other previews need as well.
	EndsRound bool
}

// maxAnalysis is how long merging a pull request and looking through it may take.
const maxAnalysis = 15 * time.Minute

// maxPreview is how long one preview may take as a whole.
const maxPreview = maxAnalysis + remotePlanTimeout

// MakePreview merges a pull request, finds out what that makes stale, and
// plans it. It asks nothing of Backlog, and writes nothing there.
func (r *Reconciler) MakePreview(ctx, killCtx context.Context, request PreviewRequest) *PreviewResponse {
	answer := &PreviewResponse{Preview: request.PullRequest.NewPreview("")}
	_, err := async(func() (any, error) { return nil, r.makePreview(ctx, killCtx, request, answer) })()
	if err != nil {
		var busy *CheckoutBusyError
		answer.Error, answer.Busy = err.Error(), errors.As(err, &busy)
	}
	return answer
}

func (r *Reconciler) makePreview(ctx, killCtx context.Context, request PreviewRequest, answer *PreviewResponse) error {
	tip, err := r.inventoryAtTip(ctx)
	if err != nil {
		answer.EndsRound = true
		return err
	}
	defer r.closeCommit(tip.commit)
	l, err := tip.analyzeInTime(ctx, request.PullRequest)
	if err != nil {
		return err
	}
	defer l.close()
	defer func() { answer.Preview = *l.preview }()
	l.force = request.Force
	if answer.Unchanged = request.KnownInputs != "" && request.KnownInputs == l.preview.Inputs; answer.Unchanged {
		return nil
	}
	planned, err := l.startPlan(ctx, killCtx)
	if err != nil {
		return err
	}
	return planned()
}

// analyzeInTime is look with a bound on its time. What evaluates does not heed a
// context: it is left to itself, and ends with the process.
func (w *inventory) analyzeInTime(ctx context.Context, pr PullRequest) (*pullRequestPlan, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, maxAnalysis, fmt.Errorf("merging and looking through it took longer than %s", maxAnalysis))
	defer cancel()
	type looked struct {
		look *pullRequestPlan
		err  error
	}
	done := make(chan looked, 1)
	go func() {
		l, err := async(func() (*pullRequestPlan, error) { return w.analyzePullRequest(ctx, pr) })()
		done <- looked{l, err}
	}()
	select {
	case found := <-done:
		return found.look, found.err
	case <-ctx.Done():
	}
	err := context.Cause(ctx)
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return nil, err
	}
	preview := pr.NewPreview(w.commit.ID)
	l := &pullRequestPlan{tip: w, preview: &preview}
	return l, l.setError(err)
}

// previewInProcess has a preview made in a process of its own, as far as this
// machine has one, within its time. A process that comes to a bad end is the
// pull request's own failure, and is told there.
func (p *previewRun) previewInProcess(ctx, killCtx context.Context, request PreviewRequest) (*PreviewResponse, error) {
	if p.options.Process == nil {
		return p.reconciler.MakePreview(ctx, killCtx, request), nil
	}
	short, cancel := context.WithTimeoutCause(ctx, maxPreview, fmt.Errorf("it took longer than %s", maxPreview))
	defer cancel()
	answer, err := p.options.Process(short, killCtx, request)
	if ctx.Err() != nil {
		return nil, fmt.Errorf("the preview was stopped: %w", context.Cause(ctx))
	}
	if short.Err() != nil {
		err = context.Cause(short)
	}
	if err == nil {
		return answer, nil
	}
	preview := request.PullRequest.NewPreview(p.round.Tip)
	preview.Outcome = OutcomeFailed
	preview.Error = fmt.Sprintf("the process that made this preview failed: %v; other previews went on", err)
	return &PreviewResponse{Preview: preview}, nil
}
