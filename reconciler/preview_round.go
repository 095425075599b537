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
	tip     *work // read when the first preview needs it
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

func (p *previewer) close() {
	for _, one := range p.begun {
		one.look.close()
	}
	if p.tip != nil {
		p.closing(p.tip.commit)
	}
}

// finish waits for the preview that was begun first, and adds it to the round.
// The error is of what other previews need as well.
func (p *previewer) finish() error {
	one := p.begun[0]
	p.begun = p.begun[1:]
	defer one.look.close()
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
	look   *look        // nil where it did not come to that
	err    error        // of what other previews need as well
	finish func() error // waits for the plans and writes; nil: there is nothing more to do
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
	if err := p.readTip(ctx); err != nil {
		o.result.Error, o.err = err.Error(), err
		return o
	}
	// A fault of ours over one pull request is no other's.
	if o.look, err = beside(func() (*look, error) { return p.tip.look(ctx, pr) })(); err != nil {
		o.result.Error = err.Error()
		return o
	}
	o.look.insist = insist
	same := !due && last.Inputs == o.look.preview.Inputs && !last.Failed
	planned := func() error { return nil }
	if !same {
		if planned, err = beside(func() (func() error, error) { return o.look.plan(ctx, hard) })(); err != nil {
			o.failed(err)
			return o
		}
	}
	o.finish = func() error {
		if err := planned(); err != nil {
			o.failed(err)
			return nil
		}
		o.took(same)
		if err := p.write(ctx, &o.result, before, last, same); err != nil {
			o.result.Error = err.Error()
			return fmt.Errorf("comment on pull request %d: %w", pr.Number, err)
		}
		return nil
	}
	return o
}

// failed notes that no preview could be made, by no fault of the pull request.
func (o *one) failed(err error) {
	var busy *CheckoutBusyError
	o.result.Preview, o.result.Error, o.result.busy = *o.look.preview, err.Error(), errors.As(err, &busy)
}

// took takes the preview over from the look.
func (o *one) took(same bool) {
	o.result.Preview = *o.look.preview
	if same {
		o.result.Outcome = ""
	}
	if o.result.Workspaces == nil {
		o.result.Workspaces = []WorkspaceResult{}
	}
}

// mine tells whether a comment is a preview of ours: that of another
// environment is another.
func (p *previewer) mine(text string) bool {
	m, ok := notify.ReadMarker(text)
	return ok && m.Environment == p.Environment
}

func (p *previewer) readTip(ctx context.Context) error {
	if p.tip != nil {
		return nil
	}
	tip, err := p.atTip(ctx)
	if err != nil {
		return err
	}
	p.tip, p.round.Tip = tip, tip.commit.ID
	return nil
}
