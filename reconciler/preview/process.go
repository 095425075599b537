package preview

import (
	"context"
	"errors"
	"fmt"
	"time"

	"reconcile/reconciler/internal/inventory"
	"reconcile/reconciler/run"
)

// Request is the request to a process that makes one preview.
type Request struct {
	PullRequest PullRequest
	// KnownInputs are the Inputs of the preview that the pull request already has: a
	// preview with the same Inputs is not planned. "" always plans.
	KnownInputs string
	// Force: a person requested it, so a recent failure is tried again.
	Force bool
}

// Response is the response to a Request.
type Response struct {
	Preview   Preview
	Unchanged bool // the Inputs equal KnownInputs: nothing was planned
	// Error is why no preview could be made, if the pull request is not the cause.
	Error string
	Busy  bool // another run holds a required lease or lock
	// EndsRound: the error affects other previews too.
	EndsRound bool
}

// maxAnalysis limits the time to merge and analyze a pull request.
const maxAnalysis = 15 * time.Minute

// maxPreview limits the time of one preview.
const maxPreview = maxAnalysis + remotePlanTimeout

// Make merges a pull request, finds the workspaces that it makes stale, and
// plans them. It neither reads nor writes Backlog.
func (p *Previewer) Make(ctx, killCtx context.Context, request Request) *Response {
	return makeRecovered(ctx, killCtx, &p.config, request)
}

// makeRecovered turns an error and a panic into the response.
func makeRecovered(ctx, killCtx context.Context, c *run.Config, request Request) *Response {
	response := &Response{Preview: request.PullRequest.NewPreview("")}
	err := run.CatchPanic(func() error { return makePreview(ctx, killCtx, c, request, response) })
	if err != nil {
		var busy *run.CheckoutBusyError
		response.Error, response.Busy = err.Error(), errors.As(err, &busy)
	}
	return response
}

func makePreview(ctx, killCtx context.Context, c *run.Config, request Request, response *Response) error {
	tip, err := inventory.NewAtTip(ctx, c)
	if err != nil {
		response.EndsRound = true
		return err
	}
	defer c.CloseCommit(tip.Commit)
	p, err := analyzeInTime(ctx, tip, request.PullRequest)
	if err != nil {
		return err
	}
	defer p.close()
	defer func() { response.Preview = *p.preview }()
	p.force = request.Force
	if response.Unchanged = request.KnownInputs != "" && request.KnownInputs == p.preview.Inputs; response.Unchanged {
		return nil
	}
	return p.plan(ctx, killCtx)
}

// analyzeInTime calls analyzePullRequest with a time limit. The evaluation does not
// check ctx, so after the limit its goroutine runs on until the process ends.
func analyzeInTime(ctx context.Context, workspaces *inventory.Inventory, pr PullRequest) (*pullRequestPlan, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, maxAnalysis, fmt.Errorf("merging and analyzing it took longer than %s", maxAnalysis))
	defer cancel()
	var p *pullRequestPlan
	done := make(chan error, 1)
	go func() {
		done <- run.CatchPanic(func() (err error) { p, err = analyzePullRequest(ctx, workspaces, pr); return err })
	}()
	select {
	case err := <-done:
		return p, err
	case <-ctx.Done():
	}
	err := context.Cause(ctx)
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return nil, err
	}
	preview := pr.NewPreview(workspaces.Commit.ID)
	late := &pullRequestPlan{tip: workspaces, preview: &preview}
	return late, late.setError(err)
}

// previewInProcess makes a preview in a separate process, if configured, within a time
// limit. If that process fails, the failure belongs to this pull request alone.
func (r *roundRun) previewInProcess(ctx, killCtx context.Context, request Request) (*Response, error) {
	if r.options.Process == nil {
		return makeRecovered(ctx, killCtx, r.config, request), nil
	}
	short, cancel := context.WithTimeoutCause(ctx, maxPreview, fmt.Errorf("it took longer than %s", maxPreview))
	defer cancel()
	response, err := r.options.Process(short, killCtx, request)
	if ctx.Err() != nil {
		return nil, fmt.Errorf("the preview was stopped: %w", context.Cause(ctx))
	}
	if short.Err() != nil {
		err = context.Cause(short)
	}
	if err == nil {
		return response, nil
	}
	preview := request.PullRequest.NewPreview(r.round.Tip)
	preview.Outcome = run.OutcomeFailed
	preview.Error = fmt.Sprintf("the process that made this preview failed: %v; other previews continued", err)
	return &Response{Preview: preview}, nil
}
