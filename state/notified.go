package state

import (
	"context"
	"fmt"
	"time"

	"reconcile/internal/plandigest"
)

// NotificationState is what people were last notified of for a workspace. They are
// notified again when the workspace's record differs from it.
type NotificationState struct {
	Schema int    `json:"schema"`
	Name   string `json:"name"` // workspace name
	// Fingerprints holds, by channel, a fingerprint of the workspace state that the
	// channel was notified of. Fingerprints are compared as text only.
	Fingerprints map[string]string `json:"by"`
	IssueKey     string            `json:"issue,omitempty"` // key of the open issue about the workspace
	// OfferedOn are the comments on pull requests that offered the plan that waits.
	OfferedOn []OfferComment `json:"told_on,omitempty"`
}

// OfferComment is a comment of reconcile's own that offered a plan that waits.
type OfferComment struct {
	PullRequest int               `json:"pull_request"`
	ID          int               `json:"id"`
	Digest      plandigest.Digest `json:"digest"`
}

// PullRequestCursor records which merged pull requests people were notified on.
type PullRequestCursor struct {
	Schema        int       `json:"schema"`
	NotifiedUntil time.Time `json:"since"` // merges up to this time were notified
	LastNotified  []int     `json:"last"`  // numbers of the pull requests that were last notified
}

// NotificationStates returns the notification states, by workspace.
func (r *Record) NotificationStates(ctx context.Context) (map[string]NotificationState, error) {
	byName, err := listByName(ctx, r, notifiedPrefix, func(item *NotificationState) string { return item.Name })
	if err != nil {
		return nil, fmt.Errorf("read the notification state of record %s: %w", r.name, err)
	}
	return byName, nil
}

// PutNotificationState stores the notification state of a workspace. If two passes notify
// at once, the later write stays.
func (r *Record) PutNotificationState(ctx context.Context, t NotificationState) error {
	t.Schema = Schema
	if err := replace(ctx, r, t); err != nil {
		return fmt.Errorf("record the notification state of workspace %s: %w", t.Name, err)
	}
	return nil
}

// PullRequestCursor returns the cursor, or the zero PullRequestCursor if there is none.
func (r *Record) PullRequestCursor(ctx context.Context) (PullRequestCursor, error) {
	t, _, err := get[PullRequestCursor](ctx, r, r.key(pullRequestCursorKey))
	if err != nil {
		return t, fmt.Errorf("read the pull request cursor of record %s: %w", r.name, err)
	}
	return t, nil
}

// PutPullRequestCursor stores the cursor.
func (r *Record) PutPullRequestCursor(ctx context.Context, t PullRequestCursor) error {
	t.Schema = Schema
	if err := replace(ctx, r, t); err != nil {
		return fmt.Errorf("record the pull request cursor: %w", err)
	}
	return nil
}
