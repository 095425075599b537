// Package statetest holds the conformance suite that every store passes, a store in
// memory for the tests of other packages, and a wrapper that makes any store fail on
// purpose.
package statetest

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"

	"reconcile/state"
)

// Memory is a state.Store in memory.
type Memory struct {
	mu    sync.Mutex
	items map[state.Key]json.RawMessage
}

// ListItems returns copies of the items of a partition whose SK begins with prefix, sorted by SK.
func ListItems(ctx context.Context, store state.Store, pk, prefix string) (items []state.Item, err error) {
	err = store.ListPages(ctx, pk, prefix, func(page []state.Item) error {
		for _, item := range page {
			items = append(items, state.Item{Key: item.Key, Value: bytes.Clone(item.Value)})
		}
		return nil
	})
	return items, err
}

// NewMemory returns an empty store.
func NewMemory() *Memory { return &Memory{items: map[state.Key]json.RawMessage{}} }

// Copy returns a separate store with the same contents: a backup.
func (m *Memory) Copy() *Memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	return &Memory{items: maps.Clone(m.items)}
}

// Restore replaces the contents of m with those of backup.
func (m *Memory) Restore(backup *Memory) {
	copied := backup.Copy()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.items = copied.items
}

// Get implements state.Store.
func (m *Memory) Get(ctx context.Context, key state.Key) (json.RawMessage, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	value, ok := m.items[key]
	if !ok {
		return nil, state.ErrNotFound
	}
	return bytes.Clone(value), nil
}

// ListPages implements state.Store, in pages of two items. It clears their values afterwards.
func (m *Memory) ListPages(ctx context.Context, pk, prefix string, fn func(page []state.Item) error) error {
	items, err := m.list(ctx, pk, prefix)
	if err != nil {
		return err
	}
	for page := range slices.Chunk(items, 2) {
		err := fn(page)
		for _, item := range page {
			clear(item.Value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (m *Memory) list(ctx context.Context, pk, prefix string) ([]state.Item, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var items []state.Item
	for key, value := range m.items {
		if key.PK == pk && strings.HasPrefix(key.SK, prefix) {
			items = append(items, state.Item{Key: key, Value: bytes.Clone(value)})
		}
	}
	slices.SortFunc(items, func(a, b state.Item) int { return strings.Compare(a.Key.SK, b.Key.SK) })
	return items, nil
}

// ListLast implements state.Store.
func (m *Memory) ListLast(ctx context.Context, pk, prefix string, limit int) ([]state.Item, error) {
	items, err := m.list(ctx, pk, prefix)
	slices.Reverse(items)
	return items[:min(limit, len(items))], err
}

// Write implements state.Store.
func (m *Memory) Write(ctx context.Context, ops ...state.Op) error {
	if err := state.CheckOps(ops); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, op := range ops {
		if !op.If.Matches(m.items[op.Key]) {
			return state.ErrConflict
		}
	}
	for _, op := range ops {
		switch {
		case op.Delete:
			delete(m.items, op.Key)
		case op.Put != nil:
			m.items[op.Key] = bytes.Clone(op.Put)
		}
	}
	return nil
}

// Close implements state.Store.
func (m *Memory) Close() error { return nil }
