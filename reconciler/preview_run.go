package reconciler

import (
	"context"
	"errors"
	"fmt"

	"reconcile/reconciler/notify"
)

// previewRun makes the previews of one round.
type previewRun struct {
	reconciler *Reconciler
	config     *Config
	pulls      PullRequests
	options    PreviewOptions
	round      *Previews
	started    []*pendingPreview
}

// concurrency returns how many previews run at once. Local previews share one checkout.
func (p *previewRun) concurrency() int {
	if p.config.Executor == nil {
		return 1
	}
	return p.config.Parallelism
}

// collect waits for the oldest started preview and adds it to the round. It returns an
// error only if the error also affects other previews.
func (p *previewRun) collect() error {
	one := p.started[0]
	p.started = p.started[1:]
	err := one.err
	if one.finish != nil {
		err = one.finish()
	}
	result := one.result
	p.round.PullRequests = append(p.round.PullRequests, result)
	if p.options.OnResult != nil {
		p.options.OnResult(result)
	}
	switch {
	case err != nil:
		return err
	case result.Action != ActionFailed:
	case !result.busy:
		p.round.Exit = ExitFailed
	case p.round.Exit == ExitOK:
		p.round.Exit = ExitBusy
	}
	return nil
}

// pendingPreview is a preview that was started.
type pendingPreview struct {
	result Preview
	err    error        // affects other previews too
	finish func() error // waits for the response and writes the comment; nil if nothing is left to do
}

// start starts the preview of one pull request if the preview is due.
func (p *previewRun) start(ctx, killCtx context.Context, pr PullRequest) *pendingPreview {
	o := &pendingPreview{result: pr.NewPreview(p.round.Tip)}
	o.result.Action = ActionFailed
	if pr.Head == "" {
		o.result.Error = fmt.Sprintf("Git has neither %s nor %s", pullRef(pr), branchRef(pr))
		return o
	}
	before, err := p.pulls.Comment(ctx, pr.Number, p.isOwnComment)
	if err != nil {
		o.result.Error, o.err = err.Error(), fmt.Errorf("read the comments on pull request %d: %w", pr.Number, err)
		return o
	}
	last, _ := notify.ReadMarker(before.Text)
	force := p.options.Force || p.options.DryRun
	due := force || last.Failed && p.config.Now().Sub(before.At) >= retryFailedAfter
	if !due && last.Head == pr.Head && last.Tip == p.round.Tip {
		o.result.Action = ActionUnchanged
		return o
	}
	request := PreviewRequest{PullRequest: pr, Force: force}
	if !due && !last.Failed {
		request.KnownInputs = last.Inputs
	}
	answered := async(func() (*PreviewResponse, error) { return p.previewInProcess(ctx, killCtx, request) })
	o.finish = func() error {
		answer, err := answered()
		if err != nil {
			o.result.Error = err.Error() // an internal error on one pull request does not affect the others
			return nil
		}
		if err := o.setPreview(answer); err != nil || answer.Error != "" {
			return err
		}
		if err := p.writeComment(ctx, &o.result, before, last, answer.Unchanged); err != nil {
			o.result.Error = err.Error()
			return fmt.Errorf("comment on pull request %d: %w", pr.Number, err)
		}
		return nil
	}
	return o
}

// setPreview copies the response. It returns an error only if the error also affects
// other previews.
func (o *pendingPreview) setPreview(answer *PreviewResponse) error {
	o.result = answer.Preview
	o.result.Action = ActionFailed
	if answer.Unchanged {
		o.result.Outcome = ""
	}
	if o.result.Workspaces == nil {
		o.result.Workspaces = []WorkspaceResult{}
	}
	if answer.Error == "" {
		return nil
	}
	o.result.Error, o.result.busy = answer.Error, answer.Busy
	if answer.EndsRound {
		return errors.New(answer.Error)
	}
	return nil
}

// isOwnComment reports whether text is a preview comment of this environment.
func (p *previewRun) isOwnComment(text string) bool {
	m, ok := notify.ReadMarker(text)
	return ok && m.Environment == p.config.Environment
}

// writeComment writes the comment, or updates only its marker if the preview is the
// same.
func (p *previewRun) writeComment(ctx context.Context, result *Preview, before Comment, last notify.Marker, same bool) error {
	if same {
		result.Comment = notify.UpdateMarker(before.Text, result.Head, result.Tip)
	} else {
		writer, err := p.options.Writer(ctx)
		if err == nil {
			result.Comment, err = writer.WritePreview(result.toNotification(p.config.Branch, p.config.Environment), last)
		}
		if err != nil {
			return err
		}
	}
	if p.options.DryRun {
		result.Action = ActionPrinted
		return nil
	}
	// Planning takes time; another round may have written the comment meanwhile.
	now, err := p.pulls.Comment(ctx, result.Number, p.isOwnComment)
	if err != nil {
		return err
	}
	if m, _ := notify.ReadMarker(now.Text); now.Text != before.Text && m.Head == result.Head && m.Tip == result.Tip {
		result.Action = ActionUnchanged
		return nil
	}
	if err := p.pulls.Put(ctx, result.Number, now.ID, result.Comment); err != nil {
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
