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

// concurrency is how many previews are under way at once: here there is one
// checkout for all.
func (p *previewRun) concurrency() int {
	if p.config.Executor == nil {
		return 1
	}
	return p.config.Parallelism
}

// collect waits for the preview that was begun first, and adds it to the round.
// The error is of what other previews need as well.
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

// pendingPreview is a preview that was begun.
type pendingPreview struct {
	result Preview
	err    error        // of what other previews need as well
	finish func() error // waits for the answer and writes; nil: there is nothing more to do
}

// start begins one preview, as far as there is need.
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
	insist := p.options.Force || p.options.DryRun
	due := insist || last.Failed && p.config.Now().Sub(before.At) >= retryFailedAfter
	if !due && last.Head == pr.Head && last.Tip == p.round.Tip {
		o.result.Action = ActionUnchanged
		return o
	}
	request := PreviewRequest{PullRequest: pr, Force: insist}
	if !due && !last.Failed {
		request.KnownInputs = last.Inputs
	}
	answered := async(func() (*PreviewResponse, error) { return p.previewInProcess(ctx, killCtx, request) })
	o.finish = func() error {
		answer, err := answered()
		if err != nil {
			o.result.Error = err.Error() // a fault of ours over one pull request is no other's
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

// setPreview takes the answer over. The error is of what other previews need as well.
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

// isOwnComment tells whether a comment is a preview of ours: that of another
// environment is another.
func (p *previewRun) isOwnComment(text string) bool {
	m, ok := notify.ReadMarker(text)
	return ok && m.Environment == p.config.Environment
}

// writeComment writes the comment, if that is wanted.
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
	// Plans take their time: another round may have written meanwhile.
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
