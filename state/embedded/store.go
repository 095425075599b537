// Package embedded stores the record in one file on this machine, for use without AWS.
// Several processes use it at once: each locks the file for one read or one batch of writes.
package embedded

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"go.etcd.io/bbolt"

	"reconcile/state"
)

// File is the name of the record's file in its directory.
const File = "record.db"

const minPageSize = 4096 // bytes of a page of memory, on any machine

// Store is a state.Store in a bbolt file: one bucket per partition, with the items by SK.
type Store struct {
	path   string
	writes batcher
	handle handle
}

// Open returns the store in a directory. It does not touch the disk yet: the first write
// makes the directory (0700) and the file (0600).
func Open(dir string) (*Store, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("state directory: %w", err)
	}
	path := filepath.Join(dir, File)
	return &Store{path: path, writes: newBatcher(), handle: newHandle(path)}, nil
}

// Path returns the path of the store's file.
func (s *Store) Path() string { return s.path }

// Close closes the file. A later read or write opens it again.
func (s *Store) Close() error { return s.handle.close() }

// Get implements state.Store.
func (s *Store) Get(ctx context.Context, key state.Key) (json.RawMessage, error) {
	var value json.RawMessage
	err := s.view(ctx, key.PK, func(b *bbolt.Bucket) {
		value = bytes.Clone(b.Get([]byte(key.SK)))
	})
	if err == nil && value == nil {
		err = state.ErrNotFound
	}
	return value, err
}

// ListPages implements state.Store. The values of its only page are the file's own memory: to copy
// them is a sixth of reading 1,000 workspaces.
func (s *Store) ListPages(ctx context.Context, pk, prefix string, fn func(page []state.Item) error) error {
	var fnErr error
	err := s.view(ctx, pk, func(b *bbolt.Bucket) {
		var page []state.Item
		c := b.Cursor()
		for k, v := c.Seek([]byte(prefix)); k != nil && bytes.HasPrefix(k, []byte(prefix)); k, v = c.Next() {
			touch(v)
			page = append(page, state.Item{Key: state.Key{PK: pk, SK: string(k)}, Value: v})
		}
		if len(page) > 0 {
			fnErr = fn(page)
		}
	})
	return cmp.Or(err, fnErr)
}

// touch reads a byte of each page of memory that value is in. In a corrupt file it may lie outside
// of what is mapped: then this panics, where view expects it. If it were inlined, the compiler
// would leave out the reads.
//
//go:noinline
func touch(value []byte) (sum byte) {
	for i := 0; i < len(value); i += minPageSize {
		sum += value[i]
	}
	if len(value) > 0 {
		sum += value[len(value)-1]
	}
	return sum
}

// ListLast implements state.Store.
func (s *Store) ListLast(ctx context.Context, pk, prefix string, limit int) ([]state.Item, error) {
	var items []state.Item
	err := s.view(ctx, pk, func(b *bbolt.Bucket) {
		c := b.Cursor()
		k, v := seekEnd(c, []byte(prefix))
		for ; k != nil && len(items) < limit && bytes.HasPrefix(k, []byte(prefix)); k, v = c.Prev() {
			items = append(items, itemOf(pk, k, v))
		}
	})
	return items, err
}

// seekEnd moves to the last key that is not after all keys with prefix.
func seekEnd(c *bbolt.Cursor, prefix []byte) (k, v []byte) {
	end := slices.Clone(prefix)
	for len(end) > 0 && end[len(end)-1] == 0xff {
		end = end[:len(end)-1]
	}
	if len(end) == 0 {
		return c.Last()
	}
	end[len(end)-1]++
	if k, _ := c.Seek(end); k == nil {
		return c.Last()
	}
	return c.Prev()
}

func itemOf(pk string, k, v []byte) state.Item {
	return state.Item{Key: state.Key{PK: pk, SK: string(k)}, Value: bytes.Clone(v)}
}

// view calls fn with the partition's bucket. If there is no file or no bucket, it does
// nothing, and makes neither.
func (s *Store) view(ctx context.Context, pk string, fn func(*bbolt.Bucket)) error {
	db, done, err := s.openForRead(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the record in %s: %w", s.path, err)
	}
	err = recoverPanics(func() error {
		return db.View(func(tx *bbolt.Tx) error {
			if b := tx.Bucket([]byte(pk)); b != nil {
				fn(b)
			}
			return nil
		})
	})
	done(err != nil)
	if err != nil {
		return fmt.Errorf("read the record in %s: %w", s.path, err)
	}
	return nil
}
