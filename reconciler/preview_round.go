package reconciler

import (
	"context"
	"errors"
	"fmt"

	"reconcile/reconciler/notify"
)

// previewer makes the previews of one round.
type previewer struct {
	*Reconciler
	pulls   PullRequests
	options PreviewOptions
	round   *Previews
	begun   []*one
}

// atOnce is how many previews are under way at once: here there is one
// checkout for all.
func (p *previewer) atOnce() int {
	if p.Executor == nil {
		return 1
	}
	return p.Parallelism
}

// finish waits for the preview that was begun first, and adds it to the round.
// The error is of what other previews need as well.
func (p *previewer) finish() error {
	one := p.begun[0]
	p.begun = p.begun[1:]
	err := one.err
	if one.finish != nil {
		err = one.finish()
	}
	result := one.result
	p.round.PullRequests = append(p.round.PullRequests, result)
	if p.options.Told != nil {
		p.options.Told(result)
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

// one is a preview that was begun.
type one struct {
	result PreviewResult
	err    error        // of what other previews need as well
	finish func() error // waits for the answer and writes; nil: there is nothing more to do
}

// begin begins one preview, as far as there is need.
func (p *previewer) begin(ctx, hard context.Context, pr PullRequest) *one {
	o := &one{result: PreviewResult{Preview: Preview{PullRequest: pr, Tip: p.round.Tip, Workspaces: []WorkspaceResult{}}, Action: ActionFailed}}
	if pr.Head == "" {
		o.result.Error = fmt.Sprintf("Git has neither %s nor %s", pullRef(pr), branchRef(pr))
		return o
	}
	before, err := p.pulls.Comment(ctx, pr.Number, p.mine)
	if err != nil {
		o.result.Error, o.err = err.Error(), fmt.Errorf("read the comments on pull request %d: %w", pr.Number, err)
		return o
	}
	last, _ := notify.ReadMarker(before.Text)
	insist := p.options.Again || p.options.DryRun
	due := insist || last.Failed && p.Now().Sub(before.At) >= tryAgain
	if !due && last.Head == pr.Head && last.Tip == p.round.Tip {
		o.result.Action = ActionUnchanged
		return o
	}
	request := PreviewRequest{PullRequest: pr, Insist: insist}
	if !due && !last.Failed {
		request.Known = last.Inputs
	}
	answered := beside(func() (*PreviewAnswer, error) { return p.previewApart(ctx, hard, request) })
	o.finish = func() error {
		answer, err := answered()
		if err != nil {
			o.result.Error = err.Error() // a fault of ours over one pull request is no other's
			return nil
		}
		if err := o.took(answer); err != nil || answer.Error != "" {
			return err
		}
		if err := p.write(ctx, &o.result, before, last, answer.Same); err != nil {
			o.result.Error = err.Error()
			return fmt.Errorf("comment on pull request %d: %w", pr.Number, err)
		}
		return nil
	}
	return o
}

// took takes the answer over. The error is of what other previews need as well.
func (o *one) took(answer *PreviewAnswer) error {
	o.result.Preview = answer.Preview
	if answer.Same {
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

// mine tells whether a comment is a preview of ours: that of another
// environment is another.
func (p *previewer) mine(text string) bool {
	m, ok := notify.ReadMarker(text)
	return ok && m.Environment == p.Environment
}
