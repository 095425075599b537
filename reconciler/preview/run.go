package preview

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"reconcile/reconciler/approval"
	"reconcile/reconciler/internal/comments"
	"reconcile/reconciler/internal/gate"
	"reconcile/reconciler/notify"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// roundRun makes the previews of one round.
type roundRun struct {
	config  *run.Config
	pulls   PullRequests
	options Options

	backlog sync.Mutex // Backlog gets one request at a time
	mu      sync.Mutex // guards round
	round   *Round
}

// previewAll makes one preview for each pull request, several at once. An error that
// also affects other previews ends the round.
func (r *roundRun) previewAll(ctx, killCtx context.Context, open []PullRequest) error {
	group, roundCtx := errgroup.WithContext(ctx)
	group.SetLimit(r.concurrency())
	for _, pr := range open {
		group.Go(func() error {
			if ctx.Err() != nil {
				return fmt.Errorf("the previews were stopped: %w", context.Cause(ctx))
			}
			if roundCtx.Err() != nil {
				return nil // another preview has ended the round
			}
			result, err := r.previewOne(roundCtx, killCtx, pr)
			if err == nil && ctx.Err() == nil && roundCtx.Err() != nil {
				return nil // it was stopped by the end of the round
			}
			r.addResult(result)
			return err
		})
	}
	return group.Wait()
}

// concurrency returns how many previews run at once. Local previews share one checkout.
func (r *roundRun) concurrency() int {
	if r.config.Executor == nil {
		return 1
	}
	return r.config.Parallelism
}

func (r *roundRun) addResult(result Preview) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.round.PullRequests = append(r.round.PullRequests, result)
	if r.options.OnResult != nil {
		r.options.OnResult(result)
	}
	switch {
	case result.Action != ActionFailed:
	case !result.busy:
		r.round.Exit = run.ExitFailed
	case r.round.Exit == run.ExitOK:
		r.round.Exit = run.ExitBusy
	}
}

// previewOne makes the preview of one pull request if it is due, and writes the
// comment. It returns an error only if the error also affects other previews.
func (r *roundRun) previewOne(ctx, killCtx context.Context, pr PullRequest) (Preview, error) {
	result := pr.NewPreview(r.round.Tip)
	result.Action = ActionFailed
	if pr.Head == "" {
		result.Error = fmt.Sprintf("Git has neither %s nor %s", pullRef(pr), branchRef(pr))
		return result, nil
	}
	before, err := r.readComments(ctx, pr)
	if err != nil {
		result.Error = err.Error()
		return result, fmt.Errorf("read the comments on pull request %d: %w", pr.Number, err)
	}
	last, _ := notify.ReadMarker(before.Text)
	force := r.options.Force || r.options.DryRun
	due := force || last.Failed && r.config.Now().Sub(before.UpdatedAt) >= retryFailedAfter
	if !due && last.Head == pr.Head && last.Tip == r.round.Tip {
		result.Action = ActionUnchanged
		return result, nil
	}
	request := Request{PullRequest: pr, Force: force}
	if !due && !last.Failed {
		request.KnownInputs = last.Inputs
	}
	var response *Response
	err = run.CatchPanic(func() (err error) { response, err = r.previewInProcess(ctx, killCtx, request); return err })
	if err != nil {
		result.Error = err.Error() // an internal error on one pull request does not affect the others
		return result, nil
	}
	result, err = resultOf(response)
	if err != nil || response.Error != "" {
		return result, err
	}
	if err := r.offerPlans(ctx, result, response.Unchanged); err != nil {
		return result, err
	}
	if err := r.writeComment(ctx, pr, &result, before, last, response.Unchanged); err != nil {
		result.Error = err.Error()
		return result, fmt.Errorf("comment on pull request %d: %w", pr.Number, err)
	}
	return result, nil
}

// offerRetention is how long a plan that a preview offered can be approved.
const offerRetention = 30 * 24 * time.Hour

// offerPlans stores the plans that would wait after the merge, so that people can approve
// them before it. With a planner's plan it stores the changes to approve that the comment
// shows: an approval counts for nothing else.
func (r *roundRun) offerPlans(ctx context.Context, result Preview, isUnchanged bool) error {
	if r.options.DryRun {
		return nil
	}
	if isUnchanged {
		return r.renewOffers(ctx, result)
	}
	for _, w := range result.Workspaces {
		if w.Difference == nil || w.Outcome != state.Pending || w.IsForeign && len(w.ChangesToApprove) == 0 {
			continue
		}
		plan := state.OfferedPlan{
			Workspace: w.Name, PullRequest: result.Number, Digest: w.PlanDigest, Risk: w.Risk, Why: w.Why,
			Head: result.Head, OfferedAt: r.config.Now(), Difference: *w.Difference, ExpiresAt: r.config.Now().Add(offerRetention).Unix(),
		}
		for _, change := range w.ChangesToApprove {
			if w.IsForeign {
				plan.Changes = append(plan.Changes, gate.NewChangeToApprove(change))
			}
		}
		if err := r.config.Record.OfferPreviewPlan(ctx, plan); err != nil {
			return err
		}
	}
	return nil
}

// renewOffers notes that the plans that were offered are also those of a newer head.
func (r *roundRun) renewOffers(ctx context.Context, result Preview) error {
	if r.config.Approvers == nil {
		return nil
	}
	plans, err := r.config.Record.OfferedPlans(ctx)
	for _, plan := range plans {
		if err == nil && plan.PullRequest == result.Number && plan.Head != result.Head {
			plan.Head = result.Head
			err = r.config.Record.OfferPreviewPlan(ctx, plan)
		}
	}
	return err
}

// resultOf returns the preview of a response. The error also affects other previews.
func resultOf(response *Response) (Preview, error) {
	result := response.Preview
	result.Action = ActionFailed
	if response.Unchanged {
		result.Outcome = ""
	}
	if result.Workspaces == nil {
		result.Workspaces = []run.WorkspaceResult{}
	}
	if response.Error == "" {
		return result, nil
	}
	result.Error, result.busy = response.Error, response.Busy
	if response.EndsRound {
		return result, errors.New(response.Error)
	}
	return result, nil
}

// readComments reads the approvals among the comments on a pull request, and returns the
// newest preview of this environment. Its ID is 0 if there is none.
func (r *roundRun) readComments(ctx context.Context, pr PullRequest) (preview approval.Comment, err error) {
	r.backlog.Lock()
	defer r.backlog.Unlock()
	return r.readCommentsLocked(ctx, pr)
}

func (r *roundRun) readCommentsLocked(ctx context.Context, pr PullRequest) (preview approval.Comment, err error) {
	list, err := r.pulls.Comments(ctx, pr.Number)
	if err != nil {
		return preview, err
	}
	for _, c := range list {
		if m, ok := notify.ReadMarker(c.Text); c.IsOwn && ok && m.Environment == r.config.Environment {
			preview = c
		}
	}
	if r.options.DryRun || r.config.Approvers == nil {
		return preview, nil
	}
	approvers, err := r.config.Approvers(ctx)
	if err != nil {
		return preview, fmt.Errorf("read who may approve: %w", err)
	}
	reader := &comments.Reader{
		Config: r.config, Approvers: approvers, Writer: r.options.Writer,
		Answer: func(ctx context.Context, number int, text string) error { return r.pulls.Put(ctx, number, 0, text) },
	}
	pull := approval.PullRequest{Number: pr.Number, OpenerID: pr.OpenerID, IsOpen: true, Head: pr.Head}
	return preview, reader.Read(ctx, comments.Thread{PullRequest: pull, Comments: list})
}

// writeComment writes the comment, or updates only its marker if the preview is the
// same.
func (r *roundRun) writeComment(ctx context.Context, pr PullRequest, result *Preview, before approval.Comment, last notify.Marker, same bool) error {
	r.backlog.Lock()
	defer r.backlog.Unlock()
	if same {
		result.Comment = notify.UpdateMarker(before.Text, result.Head, result.Tip)
	} else {
		writer, err := r.options.Writer(ctx)
		if err == nil {
			result.Comment, err = writer.WritePreview(result.toNotification(r.config.Branch, r.config.Environment, r.config.Approvers != nil), last)
		}
		if err != nil {
			return err
		}
	}
	if r.options.DryRun {
		result.Action = ActionPrinted
		return nil
	}
	// Planning takes time; another round may have written the comment meanwhile, and people
	// may have approved what the last preview offered.
	now, err := r.readCommentsLocked(ctx, pr)
	if err != nil {
		return err
	}
	if m, _ := notify.ReadMarker(now.Text); now.Text != before.Text && m.Head == result.Head && m.Tip == result.Tip {
		result.Action = ActionUnchanged
		return nil
	}
	if err := r.pulls.Put(ctx, result.Number, now.ID, result.Comment); err != nil {
		return err
	}
	switch {
	case same:
		result.Action = ActionMoved
	case now.ID == 0:
		result.Action = ActionAdded
	default:
		result.Action = ActionEdited
	}
	return nil
}
