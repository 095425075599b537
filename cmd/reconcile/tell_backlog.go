package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"reconcile/reconciler/backlog"
	"reconcile/reconciler/notify"
)

// pullRequestTeller comments on the pull requests whose merges a pass has
// applied, and on these again when what came of them changes.
type pullRequestTeller struct {
	space func(ctx context.Context) (*space, error)
}

func (pullRequestTeller) Channel() string { return "comment" }

func (t pullRequestTeller) Tell(ctx context.Context, r *notify.Report) error {
	// Drift is no doing of whoever merged last.
	ours := *r
	ours.News = slices.DeleteFunc(slices.Clone(r.News), func(n notify.News) bool { return n.Drift })
	if len(ours.News) == 0 {
		return nil
	}
	b, err := t.space(ctx)
	if err != nil {
		return err
	}
	merged, last, err := b.merged(ctx, r)
	if err != nil {
		return err
	}
	if len(merged) == 0 {
		merged = r.Last
	}
	if len(merged) == 0 {
		return nil // nobody asked for what was pushed without a pull request
	}
	writer, err := b.writer(ctx)
	if err != nil {
		return err
	}
	text, err := writer.Report(&ours)
	if err != nil {
		return err
	}
	for _, number := range merged {
		if _, err := b.client.AddComment(ctx, b.repo, number, text); err != nil {
			return fmt.Errorf("comment on pull request %d: %w", number, err)
		}
	}
	r.Last, r.Since = merged, last
	return nil
}

// recent is how far back a merge is looked for by a record that has told of
// none yet, where Backlog does not say its commit.
const recent = 24 * time.Hour

// merged are the pull requests that were merged into the branch since the last
// that people were told on, and when the last of them was. Where nothing was
// told yet, it is the one whose merge is the tip, else the last recent one.
func (b *space) merged(ctx context.Context, r *notify.Report) (numbers []int, last time.Time, err error) {
	last = r.Since
	for pr, err := range b.client.PullRequests(ctx, b.repo, backlog.Merged) {
		if err != nil {
			return nil, last, fmt.Errorf("ask for merged pull requests: %w", err)
		}
		if pr.Base != r.Branch {
			continue
		}
		at := pr.Updated
		if pr.MergedAt != nil {
			at = *pr.MergedAt
		}
		isTip := pr.MergeCommit != "" && pr.MergeCommit == r.Commit
		switch {
		case r.Since.IsZero() && (isTip || pr.MergeCommit == "" && r.At.Sub(at) < recent):
			return []int{pr.Number}, at, nil
		case r.Since.IsZero():
			if r.At.Sub(at) > recent {
				return nil, last, nil
			}
		case at.After(r.Since):
			numbers = append(numbers, pr.Number)
			if at.After(last) {
				last = at
			}
		default:
			// The newest come first, by number: one that was opened earlier may
			// have been merged later, but hardly a month.
			if r.Since.Sub(pr.Created) > 30*24*time.Hour {
				return numbers, last, nil
			}
		}
	}
	return numbers, last, nil
}

// issueTeller keeps an issue for each workspace that fails or has drifted:
// opened once, commented on, closed when the workspace is in order again.
type issueTeller struct {
	space func(ctx context.Context) (*space, error)
	kind  string // of issue, by name
}

func (issueTeller) Channel() string { return "issue" }

func (t issueTeller) Tell(ctx context.Context, r *notify.Report) error {
	b, err := t.space(ctx)
	if err != nil {
		return err
	}
	writer, err := b.writer(ctx)
	if err != nil {
		return err
	}
	for i := range r.News {
		if err := t.tell(ctx, b, writer, r, &r.News[i]); err != nil {
			return fmt.Errorf("issue about %s: %w", r.News[i].Name, err)
		}
	}
	return nil
}

func (t issueTeller) tell(ctx context.Context, b *space, writer *notify.Writer, r *notify.Report, n *notify.News) error {
	waits, open := n.Outcome == "blocked", n.Failed() || n.Drifted()
	if n.Issue == "" && !open || waits {
		return nil
	}
	text, err := writer.IssueText(r, *n)
	if err != nil {
		return err
	}
	switch {
	case !open:
		if _, err := b.client.SetIssueStatus(ctx, n.Issue, backlog.IssueClosed, text); err != nil {
			return err
		}
		n.Issue = ""
	case n.Issue != "":
		_, err = b.client.CommentIssue(ctx, n.Issue, text)
	default:
		n.Issue, err = t.open(ctx, b, writer, *n, text)
	}
	return err
}

func (t issueTeller) open(ctx context.Context, b *space, writer *notify.Writer, n notify.News, text string) (key string, err error) {
	project, err := b.client.Project(ctx, b.repo.Project)
	if err != nil {
		return "", err
	}
	types, err := b.client.IssueTypes(ctx, b.repo.Project)
	if err != nil {
		return "", err
	}
	var names []string
	for _, kind := range types {
		if kind.Name != t.kind {
			names = append(names, kind.Name)
			continue
		}
		title, err := writer.IssueTitle(n)
		if err != nil {
			return "", err
		}
		issue, err := b.client.CreateIssue(ctx, backlog.NewIssue{
			ProjectID: project.ID, TypeID: kind.ID, Priority: backlog.PriorityHigh, Summary: title, Description: text,
		})
		return issue.Key, err
	}
	return "", fmt.Errorf("project %s has no issue type %q (--notify-issues): it has %s", b.repo.Project, t.kind, strings.Join(names, ", "))
}
