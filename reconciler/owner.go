package reconciler

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"reconcile/reconciler/source"
	"reconcile/state"
)

// readHead reads the record's head. It refuses a record of another repository, branch
// or environment.
func (r *Reconciler) readHead(ctx context.Context) (state.Head, error) {
	head, err := r.config.Record.Head(ctx)
	if err != nil {
		return head, fmt.Errorf("read the record %s: %w", r.config.RecordName, err)
	}
	if !r.ownsHead(head) {
		return head, &RecordOwnerError{Record: r.config.RecordName, Owner: describeOwner(head.Repo, head.Branch, head.Environment), Caller: describeOwner(r.config.Repo, r.config.Branch, &r.config.Environment)}
	}
	return head, nil
}

// ownsHead reports whether the head belongs to our repository (in any spelling), branch
// and environment. A field that the head does not have counts as ours.
func (r *Reconciler) ownsHead(head state.Head) bool {
	return (head.Repo == "" || source.IsSameRepository(head.Repo, r.config.Repo)) && r.hasSameBranch(head)
}

func (r *Reconciler) hasSameBranch(head state.Head) bool {
	return (head.Branch == "" || head.Branch == r.config.Branch) && (head.Environment == nil || *head.Environment == r.config.Environment)
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

// findDuplicateRecords returns the names, sorted, of the store's other records that
// have adopted a commit of this branch: the same repository under another address.
func (r *Reconciler) findDuplicateRecords(ctx context.Context, tip string) ([]string, error) {
	others, err := r.config.Record.OtherHeads(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, name := range slices.Sorted(maps.Keys(others)) {
		head := others[name]
		if head.Commit == "" || !r.hasSameBranch(head) {
			continue
		}
		yes := head.Commit == tip
		if !yes {
			if yes, _, err = r.config.Source.Contains(ctx, tip, head.Commit); err != nil {
				return nil, err
			}
		}
		if yes {
			names = append(names, name)
		}
	}
	return names, nil
}

// warnOfDuplicateRecords warns if the record is new and another record of the store has
// the same branch under another address.
func (p *pass) warnOfDuplicateRecords(ctx context.Context, head state.Head, tip source.Tip) {
	if head.Commit != "" {
		return
	}
	duplicates, err := p.reconciler.findDuplicateRecords(ctx, tip.Commit)
	if err != nil {
		p.run.log.Warn("could not check whether another record has this branch", "error", err)
		return
	}
	for _, name := range duplicates {
		text := fmt.Sprintf("the record %s is new, and the record %s has the same commits of branch %s under another address: if it is the same repository, stop and continue with that record (--record %s, after `reconcile distrust --moved --record %[4]s`); otherwise this pass applies everything a second time", p.config.RecordName, name, p.config.Branch, name)
		p.run.warn(text)
	}
}
