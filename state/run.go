package state

import (
	"context"
	"fmt"
	"time"
)

// PutRun records a run, or replaces what is recorded under its id.
func (r *Record) PutRun(ctx context.Context, run Run) error {
	run.Schema = Schema
	value, err := encode(run)
	if err == nil {
		key := r.key(run.sk())
		err = r.write(ctx, stored[Run](r, key, value), Op{Key: key, Put: value})
	}
	if err != nil {
		return fmt.Errorf("record run %s: %w", run.ID, err)
	}
	return nil
}

// Runs returns the newest runs first, at most limit of them. Ids of runs sort
// by time (ULIDs).
func (r *Record) Runs(ctx context.Context, limit int) ([]Run, error) {
	items, err := r.store.Last(ctx, r.name, runPrefix, limit)
	if err != nil {
		return nil, fmt.Errorf("read the runs of record %s: %w", r.name, err)
	}
	return decodeAll[Run](items)
}

// Run returns one run, or ErrNotFound.
func (r *Record) Run(ctx context.Context, id string) (Run, error) {
	run, found, err := get[Run](ctx, r, r.key(runPrefix+id))
	if err == nil && !found {
		err = ErrNotFound
	}
	if err != nil {
		return Run{}, fmt.Errorf("read run %s: %w", id, err)
	}
	return run, nil
}

// PruneRuns forgets the runs that ended before an instant, and returns their
// ids. A run that has not ended is judged by its start.
func (r *Record) PruneRuns(ctx context.Context, before time.Time) ([]string, error) {
	runs, err := list[Run](ctx, r, r.name, runPrefix)
	if err != nil {
		return nil, fmt.Errorf("read the runs of record %s: %w", r.name, err)
	}
	var ids []string
	for _, run := range runs {
		last := run.EndedAt
		if last.IsZero() {
			last = run.StartedAt
		}
		if !last.Before(before) {
			continue
		}
		if err := r.store.Write(ctx, Op{Key: r.key(run.sk()), Delete: true}); err != nil {
			return ids, fmt.Errorf("forget run %s: %w", run.ID, err)
		}
		ids = append(ids, run.ID)
	}
	return ids, nil
}
