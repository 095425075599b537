package state

import (
	"context"
	"fmt"
	"time"
)

// NotificationState is what people were last told of a workspace. What is recorded of the
// workspace beyond that is news to them.
type NotificationState struct {
	Schema int    `json:"schema"`
	Name   string `json:"name"` // of the workspace
	// Fingerprints is what each channel was told, by its name, as a fingerprint of what
	// became of the workspace. Fingerprints are compared as text only.
	Fingerprints map[string]string `json:"by"`
	IssueKey     string            `json:"issue,omitempty"` // key of the open issue about it
}

// PullRequestCursor is what is remembered of pull requests that people were told on.
type PullRequestCursor struct {
	Schema        int       `json:"schema"`
	NotifiedUntil time.Time `json:"since"` // merges up to here were told of
	LastNotified  []int     `json:"last"`  // numbers of those that were last told on
}

// NotificationStates returns what people were told, by workspace.
func (r *Record) NotificationStates(ctx context.Context) (map[string]NotificationState, error) {
	all, err := list[NotificationState](ctx, r, r.name, notifiedPrefix)
	if err != nil {
		return nil, fmt.Errorf("read what record %s has told: %w", r.name, err)
	}
	byName := make(map[string]NotificationState, len(all))
	for _, t := range all {
		byName[t.Name] = t
	}
	return byName, nil
}

// PutNotificationState remembers what people were told of a workspace. Two passes that tell
// at once may both do so: the later word stands.
func (r *Record) PutNotificationState(ctx context.Context, t NotificationState) error {
	t.Schema = Schema
	if err := replace(ctx, r, t); err != nil {
		return fmt.Errorf("record what was told of workspace %s: %w", t.Name, err)
	}
	return nil
}

// PullRequestCursor returns what is remembered of pull requests; the zero Telling if
// nothing is.
func (r *Record) PullRequestCursor(ctx context.Context) (PullRequestCursor, error) {
	t, _, err := get[PullRequestCursor](ctx, r, r.key(pullRequestCursorKey))
	if err != nil {
		return t, fmt.Errorf("read what record %s has told: %w", r.name, err)
	}
	return t, nil
}

// PutPullRequestCursor remembers which pull requests were told on.
func (r *Record) PutPullRequestCursor(ctx context.Context, t PullRequestCursor) error {
	t.Schema = Schema
	if err := replace(ctx, r, t); err != nil {
		return fmt.Errorf("record which pull requests were told on: %w", err)
	}
	return nil
}
