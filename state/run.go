package state

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"reconcile/internal/runid"
)

// PutRun records a run, or replaces the run recorded under its id. A run over very many
// workspaces takes several items, which are written one by one. The item that names the
// others comes last.
func (r *Record) PutRun(ctx context.Context, run Run) error {
	run.Schema = Schema
	run, parts, err := splitRun(run)
	for _, part := range parts {
		err = errors.Join(err, replace(ctx, r, part))
	}
	if err == nil {
		err = replace(ctx, r, run)
	}
	if err != nil {
		return fmt.Errorf("record run %s: %w", run.ID, err)
	}
	return nil
}

// replace writes v unconditionally.
func replace[T storable](ctx context.Context, r *Record, v T) error {
	value, err := encode(v)
	if err != nil {
		return err
	}
	key := r.key(v.sortKey())
	return r.write(ctx, verifyStored[T](r, key, value), Op{Key: key, Put: value})
}

// Runs returns at most limit runs, the newest first. Ids of runs sort by time (ULIDs).
func (r *Record) Runs(ctx context.Context, limit int) ([]Run, error) {
	items, err := r.store.ListLast(ctx, r.name, runPrefix, limit)
	if err != nil {
		return nil, fmt.Errorf("read the runs of record %s: %w", r.name, err)
	}
	runs, err := decodeAll[Run](items)
	for i := range runs {
		err = errors.Join(err, r.addRunParts(ctx, &runs[i]))
	}
	return runs, err
}

// AmbiguousRunError says that several runs have ids that begin with the same characters.
type AmbiguousRunError struct {
	Prefix string
	Runs   []runid.ID // some of them, the newest first
}

func (e *AmbiguousRunError) Error() string {
	return fmt.Sprintf("several runs begin with %s", e.Prefix)
}

// maxAmbiguousRuns is how many runs an AmbiguousRunError names.
const maxAmbiguousRuns = 5

// FindRun returns the run whose id begins with prefix. The error is ErrNotFound, or an
// AmbiguousRunError if there are several.
func (r *Record) FindRun(ctx context.Context, prefix string) (Run, error) {
	items, err := r.store.ListLast(ctx, r.name, runPrefix+prefix, maxAmbiguousRuns)
	if err != nil {
		return Run{}, fmt.Errorf("read the runs of record %s: %w", r.name, err)
	}
	runs, err := decodeAll[Run](items)
	switch {
	case err != nil:
		return Run{}, fmt.Errorf("read the runs of record %s: %w", r.name, err)
	case len(runs) == 0:
		return Run{}, fmt.Errorf("read run %s: %w", prefix, ErrNotFound)
	case len(runs) > 1:
		ambiguous := &AmbiguousRunError{Prefix: prefix}
		for _, run := range runs {
			ambiguous.Runs = append(ambiguous.Runs, run.ID)
		}
		return Run{}, ambiguous
	}
	if err := r.addRunParts(ctx, &runs[0]); err != nil {
		return Run{}, fmt.Errorf("read run %s: %w", runs[0].ID, err)
	}
	return runs[0], nil
}

// PruneRuns deletes the runs that ended before cutoff, and returns their ids. For a run
// that has not ended, the start counts.
func (r *Record) PruneRuns(ctx context.Context, cutoff time.Time) ([]runid.ID, error) {
	runs, err := list[Run](ctx, r, r.name, runPrefix)
	if err != nil {
		return nil, fmt.Errorf("read the runs of record %s: %w", r.name, err)
	}
	var ids []runid.ID
	for _, run := range runs {
		endedAt := run.EndedAt
		if endedAt.IsZero() {
			endedAt = run.StartedAt
		}
		if !endedAt.Before(cutoff) {
			continue
		}
		if err := r.deleteRun(ctx, run); err != nil {
			return ids, fmt.Errorf("delete run %s: %w", run.ID, err)
		}
		ids = append(ids, run.ID)
	}
	return ids, nil
}

// deleteRun deletes the parts first, so that the next PruneRuns finds what a failure
// leaves of a run.
func (r *Record) deleteRun(ctx context.Context, run Run) error {
	for n := range run.Parts {
		part := runPart{Run: run.ID, Part: n + 1}
		if err := r.store.Write(ctx, Op{Key: r.key(part.sortKey()), Delete: true}); err != nil {
			return err
		}
	}
	return r.store.Write(ctx, Op{Key: r.key(run.sortKey()), Delete: true})
}

// runPartBytes is about how many bytes of workspaces one item of a run holds.
const runPartBytes = MaxValue / 2

// runPart is an item that holds more of a run's workspaces.
type runPart struct {
	Schema     int            `json:"schema"`
	Run        runid.ID       `json:"run"`
	Part       int            `json:"part"` // from 1
	Workspaces []RunWorkspace `json:"workspaces"`
	ExpiresAt  int64          `json:"expires"`
}

func runPartKeyPrefix(id runid.ID) string { return runPartPrefix + string(id) + "#" }

// splitRun leaves as many workspaces in run as fit, and moves the rest into parts.
func splitRun(run Run) (Run, []runPart, error) {
	run.Workspaces = truncateAll(run.Workspaces)
	var groups [][]RunWorkspace
	first, size := 0, 0
	for i, w := range run.Workspaces {
		data, err := json.Marshal(w)
		if err != nil {
			return run, nil, err
		}
		if size += len(data); size > runPartBytes && i > first {
			groups = append(groups, run.Workspaces[first:i])
			first, size = i, len(data)
		}
	}
	groups = append(groups, run.Workspaces[first:])
	run.Workspaces, run.Parts = groups[0], len(groups)-1
	parts := make([]runPart, run.Parts)
	for i := range parts {
		parts[i] = runPart{Schema: Schema, Run: run.ID, Part: i + 1, Workspaces: groups[i+1], ExpiresAt: run.ExpiresAt}
	}
	return run, parts, nil
}

func truncateAll(list []RunWorkspace) []RunWorkspace {
	truncated := slices.Clone(list)
	for i, w := range truncated {
		truncated[i] = w.truncateTexts()
	}
	return truncated
}

// addRunParts adds the workspaces in the parts of run.
func (r *Record) addRunParts(ctx context.Context, run *Run) error {
	if run.Parts == 0 {
		return nil
	}
	parts, err := list[runPart](ctx, r, r.name, runPartKeyPrefix(run.ID))
	if err != nil {
		return err
	}
	for _, part := range parts[:min(run.Parts, len(parts))] {
		run.Workspaces = append(run.Workspaces, part.Workspaces...)
	}
	run.Parts = 0
	return nil
}
