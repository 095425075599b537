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
	// Known are the Inputs of the preview that is on the pull request already:
	// one that would say the same is not planned. "" plans it in any case.
	Known string
	// Insist: somebody asks for it, so what failed just now is tried again.
	Insist bool
}

// PreviewAnswer is what came of a PreviewRequest.
type PreviewAnswer struct {
	Preview Preview
	Same    bool // Known says it all: nothing was planned
	// Error is why no preview could be made, by no fault of the pull request.
	Error string
	Busy  bool // another run holds what it needs
	// EndsRound: the error is of what other previews need as well.
	EndsRound bool
}

// maxLook is how long merging a pull request and looking through it may take.
const maxLook = 15 * time.Minute

// maxPreview is how long one preview may take as a whole.
const maxPreview = maxLook + longestAll

// MakePreview merges a pull request, finds out what that makes stale, and
// plans it. It asks nothing of Backlog, and writes nothing there.
func (r *Reconciler) MakePreview(ctx, hard context.Context, request PreviewRequest) *PreviewAnswer {
	answer := &PreviewAnswer{Preview: Preview{PullRequest: request.PullRequest, Workspaces: []WorkspaceResult{}}}
	_, err := beside(func() (any, error) { return nil, r.makePreview(ctx, hard, request, answer) })()
	if err != nil {
		var busy *CheckoutBusyError
		answer.Error, answer.Busy = err.Error(), errors.As(err, &busy)
	}
	return answer
}

func (r *Reconciler) makePreview(ctx, hard context.Context, request PreviewRequest, answer *PreviewAnswer) error {
	tip, err := r.atTip(ctx)
	if err != nil {
		answer.EndsRound = true
		return err
	}
	defer r.closing(tip.commit)
	l, err := tip.lookInTime(ctx, request.PullRequest)
	if err != nil {
		return err
	}
	defer l.close()
	defer func() { answer.Preview = *l.preview }()
	l.insist = request.Insist
	if answer.Same = request.Known != "" && request.Known == l.preview.Inputs; answer.Same {
		return nil
	}
	planned, err := l.plan(ctx, hard)
	if err != nil {
		return err
	}
	return planned()
}

// lookInTime is look with a bound on its time. What evaluates does not heed a
// context: it is left to itself, and ends with the process.
func (w *work) lookInTime(ctx context.Context, pr PullRequest) (*look, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, maxLook, fmt.Errorf("merging and looking through it took longer than %s", maxLook))
	defer cancel()
	type looked struct {
		look *look
		err  error
	}
	done := make(chan looked, 1)
	go func() {
		l, err := beside(func() (*look, error) { return w.look(ctx, pr) })()
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
	l := &look{work: w, preview: &Preview{PullRequest: pr, Tip: w.commit.ID}}
	return l, l.fails(err)
}

// previewApart has a preview made in a process of its own, as far as this
// machine has one, within its time. A process that comes to a bad end is the
// pull request's own failure, and is told there.
func (p *previewer) previewApart(ctx, hard context.Context, request PreviewRequest) (*PreviewAnswer, error) {
	if p.PreviewProcess == nil {
		return p.MakePreview(ctx, hard, request), nil
	}
	short, cancel := context.WithTimeoutCause(ctx, maxPreview, fmt.Errorf("it took longer than %s", maxPreview))
	defer cancel()
	answer, err := p.PreviewProcess(short, hard, request)
	if ctx.Err() != nil {
		return nil, fmt.Errorf("the preview was stopped: %w", context.Cause(ctx))
	}
	if short.Err() != nil {
		err = context.Cause(short)
	}
	if err == nil {
		return answer, nil
	}
	return &PreviewAnswer{Preview: Preview{
		PullRequest: request.PullRequest, Tip: p.round.Tip, Workspaces: []WorkspaceResult{}, Outcome: OutcomeFailed,
		Error: fmt.Sprintf("the process that made this preview came to a bad end, and other previews went on: %v", err),
	}}, nil
}
