package state

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"sync"
)

// Workspaces returns the records of all workspaces, by name, including the tombstones of
// removed ones.
func (r *Record) Workspaces(ctx context.Context) (map[string]Workspace, error) {
	byName, err := listByName(ctx, r, workspacePrefix, func(w *Workspace) string { return w.Name })
	if err != nil {
		return nil, fmt.Errorf("read the workspaces of record %s: %w", r.name, err)
	}
	for name, w := range byName {
		if w.Parts == 0 {
			continue
		}
		whole, found, err := r.readWorkspace(ctx, name)
		if err != nil {
			return nil, fmt.Errorf("read the record of workspace %s: %w", name, err)
		}
		if byName[name] = whole; !found { // it was removed in the meantime
			delete(byName, name)
		}
	}
	return byName, nil
}

// Workspace returns the record of one workspace, and whether there is one. Writes of a
// Lease must start from what was read under that lease.
func (r *Record) Workspace(ctx context.Context, name string) (Workspace, bool, error) {
	w, found, err := r.readWorkspace(ctx, name)
	if err != nil {
		return Workspace{}, false, fmt.Errorf("read the record of workspace %s: %w", name, err)
	}
	return w, found, nil
}

// listByName reads the record's items of one kind, by the name that nameOf returns.
func listByName[T storable](ctx context.Context, r *Record, prefix string, nameOf func(item *T) string) (map[string]T, error) {
	var mu sync.Mutex
	byName := map[string]T{}
	err := r.store.ListPages(ctx, r.name, prefix, func(page []Item) error {
		if len(byName) == 0 {
			byName = make(map[string]T, len(page)) // most stores have one page
		}
		return decodeEach(page, func(_ int, value *T) {
			mu.Lock()
			defer mu.Unlock()
			byName[nameOf(value)] = *value
		})
	})
	if err != nil {
		return nil, err
	}
	return byName, nil
}

// list reads the items of a partition that begin with prefix, sorted by SK.
func list[T storable](ctx context.Context, r *Record, pk, prefix string) ([]T, error) {
	var values []T
	err := r.store.ListPages(ctx, pk, prefix, func(page []Item) error {
		decoded, err := decodeAll[T](page)
		values = append(values, decoded...)
		return err
	})
	if err != nil {
		return nil, err
	}
	return values, nil
}

// decodeAll decodes items, in their order.
func decodeAll[T storable](items []Item) ([]T, error) {
	values := make([]T, len(items))
	if err := decodeEach(items, func(i int, value *T) { values[i] = *value }); err != nil {
		return nil, err
	}
	return values, nil
}

// decodeEach decodes items on all processors, since decoding is the greater part of reading many
// workspaces. It calls keep for each, several at once. The value is overwritten afterwards.
func decodeEach[T storable](items []Item, keep func(i int, value *T)) error {
	errs := make([]error, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for worker := range errs {
		from, to := len(items)*worker/len(errs), len(items)*(worker+1)/len(errs)
		wg.Go(func() {
			value := new(T)
			for i := from; i < to && errs[worker] == nil; i++ {
				if errs[worker] = decode(items[i], value); errs[worker] == nil {
					keep(i, value)
				}
				*value = *new(T)
			}
		})
	}
	wg.Wait()
	return cmp.Or(errs...)
}

// RecordedOutcome returns the recorded outcome of a workspace. If an apply was started
// and its end was not recorded (the run was killed or lost its lease), w.Outcome is
// still that of an earlier run, so the result is Failed.
func (w Workspace) RecordedOutcome() (outcome Outcome, why string) {
	if a := w.Attempt; a != nil && w.Outcome != Rolling && w.Outcome != Failed && w.Outcome != Blocked {
		return Failed, fmt.Sprintf("run %s started an apply at %s; its outcome was not recorded",
			a.Run, a.StartedAt.UTC().Format("2006-01-02 15:04:05Z"))
	}
	return w.Outcome, w.Error
}
