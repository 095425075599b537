package reconciler

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"reconcile/internal/commitid"
	"reconcile/reconciler/approval"
	"reconcile/reconciler/internal/comments"
	"reconcile/reconciler/run"
	"reconcile/reconciler/source"
	"reconcile/state"
)

const (
	// maxThreads is how many pull requests one pass reads: Backlog limits the requests of a
	// minute, and each needs two.
	maxThreads = 10
	// commentsTimeout is how long a pass reads comments.
	commentsTimeout = time.Minute
)

// readComments reads approvals in comments on pull requests, if a plan waits or may wait. An
// approval whose comment cannot be read now is taken back, until it can. It reports whether
// the record may have changed.
func (p *pass) readComments(ctx context.Context, head state.Head, tip source.Tip) (changed bool, err error) {
	waits := !head.Settled || head.Commit != tip.Commit || head.Exit != run.ExitOK
	if !waits || p.config.Approvers == nil {
		return false, nil
	}
	all, err := p.config.Record.Approvals(ctx)
	if err != nil {
		return false, err
	}
	byNumber := groupByPullRequest(all)
	threads := &threads{pass: p, tip: tip.Commit}
	readCtx, cancel := context.WithTimeout(ctx, commentsTimeout)
	defer cancel()
	numbers, openErr := threads.open(readCtx, slices.Collect(maps.Keys(byNumber)))
	if openErr != nil {
		p.run.Log.Warn("could not find the pull requests whose plans wait", "error", openErr)
		numbers = slices.Collect(maps.Keys(byNumber))
	}
	for _, number := range numbers {
		if openErr == nil {
			readErr := threads.read(readCtx, number)
			if readErr == nil {
				continue
			}
			p.run.Log.Warn("could not read the comments on a pull request; approvals there count when they can be read", "pull_request", number, "error", readErr)
		}
		if err := p.setAside(ctx, number, byNumber[number]); err != nil {
			return true, err
		}
	}
	return len(numbers) > 0, nil
}

// groupByPullRequest returns the approvals that were given in comments, by pull request.
func groupByPullRequest(all map[string][]state.Approval) map[int][]state.Approval {
	byNumber := map[int][]state.Approval{}
	for _, approvals := range all {
		for _, a := range approvals {
			if a.Comment != nil {
				byNumber[a.Comment.PullRequest] = append(byNumber[a.Comment.PullRequest], a)
			}
		}
	}
	return byNumber
}

// setAside takes approvals back whose comments cannot be read, so that they are placed again
// when they can.
func (p *pass) setAside(ctx context.Context, number int, approvals []state.Approval) error {
	for _, a := range approvals {
		read, err := p.config.Record.ReadComments(ctx, number)
		if err == nil {
			_, err = p.config.Record.TakeBackApproval(ctx, a, read.WithoutComment(a.Comment.ID))
		}
		if err != nil && !errors.Is(err, state.ErrCommentsRead) {
			return err
		}
	}
	return nil
}

// threads reads pull requests of one service.
type threads struct {
	pass    *pass
	tip     commitid.ID
	service run.PullRequests
	reader  *comments.Reader
}

// open opens the service, and returns the pull requests to read: those of approvals, and
// those that offer a plan which may wait now.
func (t *threads) open(ctx context.Context, approved []int) ([]int, error) {
	config := t.pass.config
	offering, previewed, err := t.findOffers(ctx)
	if err != nil {
		return nil, err
	}
	switch {
	case len(approved)+len(offering)+len(previewed) == 0, config.PullRequests == nil && len(approved) == 0:
		return nil, nil
	case config.PullRequests == nil:
		return nil, errors.New("without a key of Backlog no comment can be read")
	}
	approvers, err := config.Approvers(ctx)
	if err != nil {
		return nil, fmt.Errorf("read who may approve: %w", err)
	}
	if t.service, err = config.PullRequests(ctx); err != nil {
		return nil, err
	}
	t.reader = &comments.Reader{Config: config, Approvers: approvers, Writer: t.service.Writer, Answer: t.service.AddComment}
	if len(previewed) > 0 {
		merged, err := t.service.Merged(ctx, config.Branch, slices.Min(slices.Collect(maps.Keys(previewed))))
		if err != nil {
			return nil, err
		}
		for _, number := range merged {
			if previewed[number] {
				offering[number] = true
			}
		}
	}
	var others []int
	for number := range offering {
		if !slices.Contains(approved, number) {
			others = append(others, number)
		}
	}
	slices.Sort(approved)
	slices.Sort(others)
	slices.Reverse(others)
	return append(approved, others[:min(len(others), maxThreads)]...), nil
}

// findOffers returns the pull requests whose comments offer plans of passes, and those whose
// previews do.
func (t *threads) findOffers(ctx context.Context) (offering, previewed map[int]bool, err error) {
	record := t.pass.config.Record
	plans, err := record.OfferedPlans(ctx)
	if err != nil {
		return nil, nil, err
	}
	states, err := record.NotificationStates(ctx)
	if err != nil {
		return nil, nil, err
	}
	offering, previewed = map[int]bool{}, map[int]bool{}
	for _, plan := range plans {
		if plan.PullRequest != 0 {
			previewed[plan.PullRequest] = true
			continue
		}
		for _, on := range states[plan.Workspace].OfferedOn {
			if on.Digest == plan.Digest {
				offering[on.PullRequest] = true
			}
		}
	}
	return offering, previewed, nil
}

// read reads one pull request.
func (t *threads) read(ctx context.Context, number int) error {
	pull, err := t.service.PullRequest(ctx, number)
	if err != nil {
		return err
	}
	if pull.IsOpen || pull.Head == "" {
		ref := fmt.Sprintf("refs/pull/%d/head", number)
		refs, err := t.pass.config.Source.Refs(ctx, []string{ref})
		if err != nil {
			return err
		}
		pull.Head = refs[ref]
	}
	list, err := t.service.Comments(ctx, number)
	if err != nil {
		return err
	}
	if err := t.reader.Read(ctx, comments.Thread{PullRequest: pull, Comments: list}); err != nil {
		return err
	}
	return t.markMerged(ctx, pull)
}

// markMerged notes which approvals are of a merged pull request, and whether the merge is a
// part of the tip.
func (t *threads) markMerged(ctx context.Context, pull approval.PullRequest) error {
	if !pull.IsMerged {
		return nil
	}
	config := t.pass.config
	merge, isInTip := cmp.Or(pull.MergeCommit, pull.Head), false
	if merge != "" {
		yes, known, err := config.Source.Contains(ctx, t.tip, merge)
		if err != nil {
			return err
		}
		isInTip = yes && known
	}
	all, err := config.Record.Approvals(ctx)
	if err != nil {
		return err
	}
	for _, approvals := range all {
		for _, a := range approvals {
			if a.Comment != nil && a.Comment.PullRequest == pull.Number && (a.BeforeMerge || isInTip && !a.Merged) {
				if err := config.Record.NoteMerge(ctx, a, isInTip); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
