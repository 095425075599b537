package reconciler

import (
	"context"
	"fmt"
	"time"

	"reconcile/reconciler/notify"
)

// PullRequests is where pull requests are: Backlog.
type PullRequests interface {
	// Open returns those that are to be merged into the branch, without heads.
	Open(ctx context.Context, branch string) ([]PullRequest, error)
	// Comment finds the newest comment of our own that mine takes for ours; one
	// without an id when there is none.
	Comment(ctx context.Context, number int, mine func(text string) bool) (Comment, error)
	// Put adds a comment, or replaces the text of the one with this id.
	Put(ctx context.Context, number, id int, text string) error
}

// Comment is a comment on a pull request.
type Comment struct {
	ID   int // 0: there is none
	Text string
	At   time.Time // when it was last written
}

// PreviewOptions are what one round of previews is asked for.
type PreviewOptions struct {
	Number int  // this pull request alone; 0: all that are open
	Force  bool // also those that nothing has changed for
	DryRun bool // write no comments
	// Writer is called when there is something to write.
	Writer func(ctx context.Context) (*notify.Writer, error)
	// Process makes a preview in a process of its own, so that one pull request
	// cannot harm the preview of another. The error says how a process ended
	// that gave no response. nil: previews are made in this process.
	Process func(ctx, killCtx context.Context, request PreviewRequest) (*PreviewResponse, error)
	// OnResult is called with each result as it comes; it may be nil.
	OnResult func(Preview)
}

// retryFailedAfter is how old a preview that failed must be before it is made again
// although neither head nor tip has moved: what failed may have been AWS.
const retryFailedAfter = 30 * time.Minute

// Previews makes one round over the open pull requests. Of those that are as
// they were nothing is planned and nothing written. What goes wrong with one
// keeps no other from its preview; the error is set when Backlog, Git or the
// record as such failed.
func (r *Reconciler) Previews(ctx, killCtx context.Context, pulls PullRequests, o PreviewOptions) (*Previews, error) {
	round := &Previews{Repo: r.config.Repo, Branch: r.config.Branch, PullRequests: []Preview{}}
	err := r.previews(ctx, killCtx, pulls, o, round)
	if err != nil {
		round.Exit = ExitFailed
	}
	return round, err
}

func (r *Reconciler) previews(ctx, killCtx context.Context, pulls PullRequests, o PreviewOptions, round *Previews) error {
	open, err := r.openPullRequests(ctx, pulls, o.Number)
	if err != nil {
		return err
	}
	tip, err := r.config.Source.Tip(ctx, "")
	if err != nil {
		return fmt.Errorf("ask for the tip of %s: %w", r.config.Branch, err)
	}
	round.Tip = tip.Commit
	ctx, cancel := context.WithCancel(ctx) // nobody waits any more when we return
	defer cancel()
	p := &previewRun{reconciler: r, config: &r.config, pulls: pulls, options: o, round: round}
	for _, pr := range open {
		if len(p.started) == p.concurrency() {
			if err := p.collect(); err != nil {
				return err
			}
		}
		if ctx.Err() != nil {
			return fmt.Errorf("the previews were stopped: %w", context.Cause(ctx))
		}
		p.started = append(p.started, p.start(ctx, killCtx, pr))
	}
	for len(p.started) > 0 {
		if err := p.collect(); err != nil {
			return err
		}
	}
	return nil
}

// openPullRequests are those to look at, each with its head.
func (r *Reconciler) openPullRequests(ctx context.Context, pulls PullRequests, only int) ([]PullRequest, error) {
	all, err := pulls.Open(ctx, r.config.Branch)
	if err != nil {
		return nil, fmt.Errorf("ask for open pull requests: %w", err)
	}
	var open []PullRequest
	var names []string
	for _, pr := range all {
		if only == 0 || pr.Number == only {
			open = append(open, pr)
			names = append(names, pullRef(pr), branchRef(pr))
		}
	}
	if only != 0 && len(open) == 0 {
		return nil, &UnknownPullRequestError{Number: only, Branch: r.config.Branch}
	}
	refs, err := r.config.Source.Refs(ctx, names)
	if err != nil {
		return nil, fmt.Errorf("ask %s for the heads of pull requests: %w", r.config.Repo, err)
	}
	for i, pr := range open {
		open[i].Head = refs[pullRef(pr)]
		if open[i].Head == "" {
			open[i].Head = refs[branchRef(pr)]
		}
	}
	return open, nil
}

func pullRef(pr PullRequest) string   { return fmt.Sprintf("refs/pull/%d/head", pr.Number) }
func branchRef(pr PullRequest) string { return "refs/heads/" + pr.Branch }

// UnknownPullRequestError is a number that no open pull request has.
type UnknownPullRequestError struct {
	Number int
	Branch string
}

func (e *UnknownPullRequestError) Error() string {
	return fmt.Sprintf("no pull request %d towards %s is open", e.Number, e.Branch)
}
