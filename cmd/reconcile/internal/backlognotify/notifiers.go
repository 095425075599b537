package backlognotify

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"reconcile/reconciler/backlog"
	"reconcile/reconciler/notify"
)

// PullRequestNotifier comments on the pull requests whose merges a pass has
// applied, and comments again when the result changes.
type PullRequestNotifier struct {
	OpenProject func(ctx context.Context) (*Project, error)
}

// Channel implements run.Notifier.
func (PullRequestNotifier) Channel() string { return "comment" }

// Notify implements run.Notifier.
func (t PullRequestNotifier) Notify(ctx context.Context, r *notify.Notification) error {
	// The last merge did not cause the drift.
	report := *r
	report.Events = slices.DeleteFunc(slices.Clone(r.Events), func(n notify.WorkspaceEvent) bool { return n.AboutDrift })
	if len(report.Events) == 0 {
		return nil
	}
	b, err := t.OpenProject(ctx)
	if err != nil {
		return err
	}
	merged, last, err := b.mergedPullRequests(ctx, r)
	if err != nil {
		return err
	}
	if len(merged) == 0 {
		merged = r.LastPullRequests
	}
	if len(merged) == 0 {
		return nil // pushed without a pull request
	}
	writer, err := b.Writer(ctx)
	if err != nil {
		return err
	}
	text, err := writer.WriteNotification(&report)
	if err != nil {
		return err
	}
	for _, number := range merged {
		comment, err := b.Client.AddComment(ctx, b.Repo, number, text)
		if err != nil {
			return fmt.Errorf("comment on pull request %d: %w", number, err)
		}
		r.Posted = append(r.Posted, notify.Posted{PullRequest: number, Comment: comment.ID})
	}
	for _, number := range r.LastPullRequests {
		if last.Equal(r.MergedSince) && !slices.Contains(merged, number) {
			merged = append(merged, number)
		}
	}
	r.LastPullRequests, r.MergedSince = merged, last
	return nil
}

// maxMergeAge is the age of the oldest merge to consider if none was notified yet and
// Backlog does not give the merge commit.
const maxMergeAge = 24 * time.Hour

// mergedPullRequests returns the pull requests merged into the branch since the last
// notification, and the time of the newest merge. Without an earlier notification it
// returns the one whose merge is the tip, else the last recent one.
func (b *Project) mergedPullRequests(ctx context.Context, r *notify.Notification) (numbers []int, last time.Time, err error) {
	last = r.MergedSince
	for pr, err := range b.Client.PullRequests(ctx, b.Repo, backlog.StatusMerged) {
		if err != nil {
			return nil, last, fmt.Errorf("ask for merged pull requests: %w", err)
		}
		if pr.Base != r.Branch {
			continue
		}
		mergedAt := pr.Updated
		if pr.MergedAt != nil {
			mergedAt = *pr.MergedAt
		}
		isTip := pr.MergeCommit != "" && pr.MergeCommit == string(r.Commit)
		switch {
		case r.MergedSince.IsZero() && (isTip || pr.MergeCommit == "" && r.At.Sub(mergedAt) < maxMergeAge):
			return []int{pr.Number}, mergedAt, nil
		case r.MergedSince.IsZero():
			if r.At.Sub(mergedAt) > maxMergeAge {
				return nil, last, nil
			}
		case mergedAt.After(r.MergedSince),
			mergedAt.Equal(r.MergedSince) && !slices.Contains(r.LastPullRequests, pr.Number): // Backlog's times are whole seconds
			numbers = append(numbers, pr.Number)
			if mergedAt.After(last) {
				last = mergedAt
			}
		default:
			// The newest number comes first. A pull request opened earlier may have
			// been merged later, but hardly by a month.
			if r.MergedSince.Sub(pr.Created) > 30*24*time.Hour {
				return numbers, last, nil
			}
		}
	}
	return numbers, last, nil
}

// IssueNotifier opens an issue for each workspace that fails or has drifted, comments
// on it, and closes it when the workspace is in sync again.
type IssueNotifier struct {
	OpenProject func(ctx context.Context) (*Project, error)
	IssueType   string // by name
}

// Channel implements run.Notifier.
func (IssueNotifier) Channel() string { return "issue" }

// Notify implements run.Notifier.
func (t IssueNotifier) Notify(ctx context.Context, r *notify.Notification) error {
	b, err := t.OpenProject(ctx)
	if err != nil {
		return err
	}
	writer, err := b.Writer(ctx)
	if err != nil {
		return err
	}
	for i := range r.Events {
		if err := t.updateIssue(ctx, b, writer, r, &r.Events[i]); err != nil {
			return fmt.Errorf("issue about %s: %w", r.Events[i].Name, err)
		}
	}
	return nil
}

func (t IssueNotifier) updateIssue(ctx context.Context, b *Project, writer *notify.Writer, r *notify.Notification, n *notify.WorkspaceEvent) error {
	isBlocked, needsIssue := n.Outcome == "blocked", n.HasFailed() || n.HasDrifted()
	if n.Issue == "" && !needsIssue || isBlocked {
		return nil
	}
	text, err := writer.WriteIssueText(r, *n)
	if err != nil {
		return err
	}
	switch {
	case !needsIssue:
		if _, err := b.Client.SetIssueStatus(ctx, n.Issue, closedIssueStatus, text); err != nil {
			return err
		}
		n.Issue = ""
	case n.Issue != "":
		_, err = b.Client.CommentIssue(ctx, n.Issue, text)
	default:
		n.Issue, err = t.openIssue(ctx, b, writer, *n, text)
	}
	return err
}

func (t IssueNotifier) openIssue(ctx context.Context, b *Project, writer *notify.Writer, n notify.WorkspaceEvent, text string) (key string, err error) {
	project, err := b.Client.Project(ctx, b.Repo.Project)
	if err != nil {
		return "", err
	}
	typeID, err := b.issueTypeID(ctx, t.IssueType)
	if err != nil {
		return "", err
	}
	title, err := writer.WriteIssueTitle(n)
	if err != nil {
		return "", err
	}
	issue, err := b.Client.CreateIssue(ctx, backlog.NewIssue{
		ProjectID: project.ID, TypeID: typeID, Priority: issuePriority, Summary: title, Description: text,
	})
	return issue.Key, err
}

// What issues of an IssueNotifier are opened with, and what they are closed with.
const (
	issuePriority     = backlog.PriorityHigh
	closedIssueStatus = backlog.IssueClosed
)

func (b *Project) issueTypeID(ctx context.Context, name string) (int, error) {
	types, err := b.Client.IssueTypes(ctx, b.Repo.Project)
	if err != nil {
		return 0, err
	}
	var names []string
	for _, kind := range types {
		if kind.Name == name {
			return kind.ID, nil
		}
		names = append(names, kind.Name)
	}
	return 0, fmt.Errorf("project %s has no issue type %q (--notify-issues): it has %s", b.Repo.Project, name, strings.Join(names, ", "))
}

// Check checks that issues can be opened and closed, and changes nothing.
func (t IssueNotifier) Check(ctx context.Context) error {
	b, err := t.OpenProject(ctx)
	if err != nil {
		return err
	}
	if _, err := b.issueTypeID(ctx, t.IssueType); err != nil {
		return err
	}
	priorities, err := b.Client.Priorities(ctx)
	if err != nil {
		return err
	}
	statuses, err := b.Client.Statuses(ctx, b.Repo.Project)
	switch {
	case err != nil:
		return err
	case !slices.Contains(priorities, issuePriority):
		return fmt.Errorf("the space has no priority with the id %d, with which issues are opened", issuePriority)
	case !slices.Contains(statuses, closedIssueStatus):
		return fmt.Errorf("project %s has no status with the id %d, with which issues are closed", b.Repo.Project, closedIssueStatus)
	}
	return nil
}
