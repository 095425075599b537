package run

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"reconcile/reconciler/source"
	"reconcile/state"
)

// ReadHead reads the record's head. It refuses a record of another repository, branch
// or environment.
func (c *Config) ReadHead(ctx context.Context) (state.Head, error) {
	head, err := c.Record.Head(ctx)
	if err != nil {
		return head, fmt.Errorf("read the record %s: %w", c.RecordName, err)
	}
	if !c.ownsHead(head) {
		return head, &RecordOwnerError{Record: c.RecordName, Owner: describeOwner(head.Repo, head.Branch, head.Environment), Caller: describeOwner(c.Repo, c.Branch, &c.Environment)}
	}
	return head, nil
}

// ownsHead reports whether the head belongs to our repository (in any spelling), branch
// and environment. A field that the head does not have counts as ours.
func (c *Config) ownsHead(head state.Head) bool {
	return (head.Repo == "" || source.IsSameRepository(head.Repo, c.Repo)) && c.hasSameBranch(head)
}

func (c *Config) hasSameBranch(head state.Head) bool {
	return (head.Branch == "" || head.Branch == c.Branch) && (head.Environment == nil || *head.Environment == c.Environment)
}

// RecordOwnerError is returned when the record belongs to another repository, branch or
// environment.
type RecordOwnerError struct{ Record, Owner, Caller string }

func (e *RecordOwnerError) Error() string {
	return fmt.Sprintf("the record %s belongs to %s, but this is %s: nothing was done; use another record (another --record, or none), or, if the repository was only renamed or moved, run `reconcile distrust --moved` with these settings and read `reconcile plan`", e.Record, e.Owner, e.Caller)
}

func describeOwner(repo, branch string, environment *string) string {
	text := fmt.Sprintf("branch %s of %s", branch, repo)
	if environment != nil && *environment != "" {
		text += ", environment " + *environment
	} else if environment != nil {
		text += " without an environment"
	}
	return text
}

// FindDuplicateRecords returns the names, sorted, of the store's other records that
// have adopted a commit of this branch: the same repository under another address.
func (c *Config) FindDuplicateRecords(ctx context.Context, tip *source.Commit) ([]string, error) {
	others, err := c.Record.OtherHeads(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, name := range slices.Sorted(maps.Keys(others)) {
		head := others[name]
		if head.Commit == "" || !c.hasSameBranch(head) {
			continue
		}
		yes := head.Commit == tip.ID
		if !yes {
			if yes, _, err = c.Source.Contains(ctx, tip.ID, head.Commit); err != nil {
				return nil, err
			}
		}
		if yes {
			names = append(names, name)
		}
	}
	return names, nil
}
