package state

import (
	"context"
	"fmt"
	"time"
)

// Told is what people were last told of a workspace. What is recorded of the
// workspace beyond that is news to them.
type Told struct {
	Schema int    `json:"schema"`
	Name   string `json:"name"` // of the workspace
	// By is what each channel was told, by its name, as a fingerprint of what
	// became of the workspace. Fingerprints are compared as text only.
	By    map[string]string `json:"by"`
	Issue string            `json:"issue,omitempty"` // key of the open issue about it
}

// Telling is what is remembered of pull requests that people were told on.
type Telling struct {
	Schema int       `json:"schema"`
	Since  time.Time `json:"since"` // merges up to here were told of
	Last   []int     `json:"last"`  // numbers of those that were last told on
}

// Told returns what people were told, by workspace.
func (r *Record) Told(ctx context.Context) (map[string]Told, error) {
	all, err := list[Told](ctx, r, r.name, toldPrefix)
	if err != nil {
		return nil, fmt.Errorf("read what record %s has told: %w", r.name, err)
	}
	byName := make(map[string]Told, len(all))
	for _, t := range all {
		byName[t.Name] = t
	}
	return byName, nil
}

// PutTold remembers what people were told of a workspace. Two passes that tell
// at once may both do so: the later word stands.
func (r *Record) PutTold(ctx context.Context, t Told) error {
	t.Schema = Schema
	if err := replace(ctx, r, t); err != nil {
		return fmt.Errorf("record what was told of workspace %s: %w", t.Name, err)
	}
	return nil
}

// Telling returns what is remembered of pull requests; the zero Telling if
// nothing is.
func (r *Record) Telling(ctx context.Context) (Telling, error) {
	t, _, err := get[Telling](ctx, r, r.key(tellingKey))
	if err != nil {
		return t, fmt.Errorf("read what record %s has told: %w", r.name, err)
	}
	return t, nil
}

// PutTelling remembers which pull requests were told on.
func (r *Record) PutTelling(ctx context.Context, t Telling) error {
	t.Schema = Schema
	if err := replace(ctx, r, t); err != nil {
		return fmt.Errorf("record which pull requests were told on: %w", err)
	}
	return nil
}
