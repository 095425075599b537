// Package preview plans open pull requests and keeps one comment on each. It merges a pull
// request in memory, finds the workspaces that this makes stale, and plans them without
// trust in their code. It neither applies nor records anything.
package preview

import (
	"context"
	"fmt"
	"slices"
	"time"

	"reconcile/reconciler/approval"
	"reconcile/reconciler/notify"
	"reconcile/reconciler/run"
)

// Previewer makes previews of pull requests into one branch.
type Previewer struct {
	config run.Config
}

// New returns a Previewer. The configuration is that of a pass: see reconciler.New.
func New(c run.Config) *Previewer {
	c.SetDefaults()
	return &Previewer{config: c}
}

// PullRequests is the service that has the pull requests: Backlog.
type PullRequests interface {
	// Open returns the open pull requests into the branch, without heads.
	Open(ctx context.Context, branch string) ([]PullRequest, error)
	// Comments returns the comments on a pull request, the oldest first.
	Comments(ctx context.Context, number int) ([]approval.Comment, error)
	// Put adds a comment, or replaces the text of the comment with this id.
	Put(ctx context.Context, number, id int, text string) error
}

// Options are the options of one round of previews.
type Options struct {
	Number int  // only this pull request; 0: all open ones
	Force  bool // also plan those without changes
	DryRun bool // do not write comments
	// Writer is called when there is something to write.
	Writer func(ctx context.Context) (*notify.Writer, error)
	// Process makes a preview in a separate process, so that one pull request cannot
	// affect the preview of another. The error describes the end of a process that gave
	// no response. nil makes previews in this process.
	Process func(ctx, killCtx context.Context, request Request) (*Response, error)
	// OnResult is called with each result; it may be nil.
	OnResult func(Preview)
}

// retryFailedAfter is the minimum age of a failed preview before it is made again with
// the same head and tip: the cause may have been AWS.
const retryFailedAfter = 30 * time.Minute

// RunRound makes one round over the open pull requests. For those without changes it
// plans and writes nothing. A failure of one pull request does not affect the others;
// the error is set when Backlog, Git or the record failed.
func (p *Previewer) RunRound(ctx, killCtx context.Context, pulls PullRequests, o Options) (*Round, error) {
	round := &Round{Repo: p.config.Repo, Branch: p.config.Branch, PullRequests: []Preview{}}
	err := runRound(ctx, killCtx, &roundRun{config: &p.config, pulls: pulls, options: o, round: round})
	if err != nil {
		round.Exit = run.ExitFailed
	}
	return round, err
}

func runRound(ctx, killCtx context.Context, p *roundRun) error {
	open, err := openPullRequests(ctx, p.config, p.pulls, p.options.Number)
	if err != nil {
		return err
	}
	tip, err := p.config.Source.Tip(ctx, "")
	if err != nil {
		return fmt.Errorf("read the tip of %s: %w", p.config.Branch, err)
	}
	p.round.Tip = tip.Commit
	err = p.previewAll(ctx, killCtx, open)
	position := map[int]int{}
	for i, pr := range open {
		position[pr.Number] = i
	}
	slices.SortFunc(p.round.PullRequests, func(a, b Preview) int { return position[a.Number] - position[b.Number] })
	return err
}

// openPullRequests returns the pull requests to preview, with their heads.
func openPullRequests(ctx context.Context, c *run.Config, pulls PullRequests, only int) ([]PullRequest, error) {
	all, err := pulls.Open(ctx, c.Branch)
	if err != nil {
		return nil, fmt.Errorf("list the open pull requests: %w", err)
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
		return nil, &UnknownPullRequestError{Number: only, Branch: c.Branch}
	}
	refs, err := c.Source.Refs(ctx, names)
	if err != nil {
		return nil, fmt.Errorf("read the heads of pull requests from %s: %w", c.Repo, err)
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

// UnknownPullRequestError is returned for a number that no open pull request has.
type UnknownPullRequestError struct {
	Number int
	Branch string
}

func (e *UnknownPullRequestError) Error() string {
	return fmt.Sprintf("no open pull request %d targets %s", e.Number, e.Branch)
}
