package embedded

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/bbolt"

	"reconcile/state"
)

// writeRequest is one Write that waits for its turn.
type writeRequest struct {
	ops  []state.Op
	err  error
	done chan struct{}
}

// Write implements state.Store.
func (s *Store) Write(ctx context.Context, ops ...state.Op) error {
	if err := state.CheckOps(ops); err != nil {
		return err
	}
	if err := s.enqueue(ctx, &writeRequest{ops: ops, done: make(chan struct{})}); err != nil {
		return fmt.Errorf("write the record in %s: %w", s.path, err)
	}
	return nil
}

// enqueue waits until another goroutine has done w, or becomes the writer and does all
// pending writes.
func (s *Store) enqueue(ctx context.Context, w *writeRequest) error {
	s.writes.add(w)
	select {
	case <-w.done:
		return w.err
	case <-ctx.Done():
	case s.writes.writer <- struct{}{}:
		defer func() { <-s.writes.writer }()
		if err := s.writePending(ctx, w); err != nil && s.writes.remove(w) {
			return fmt.Errorf("%w: %w", state.ErrNotWritten, err)
		}
	}
	if s.writes.remove(w) {
		return fmt.Errorf("%w: %w", state.ErrNotWritten, context.Cause(ctx))
	}
	<-w.done
	return w.err
}

// writePending does all pending writes once it has opened the file. An error means that
// it could not open the file and has taken no write.
func (s *Store) writePending(ctx context.Context, own *writeRequest) error {
	select {
	case <-own.done: // the previous writer has done it
		return nil
	default:
	}
	s.writes.gather(ctx)
	db, done, err := s.handle.begin(ctx, true)
	if err != nil {
		return err
	}
	batch, start := s.writes.drain(), time.Now()
	err = recoverPanics(func() error { return commitBatch(db, batch) })
	s.writes.finish(len(batch), time.Since(start))
	done(err != nil)
	for _, w := range batch {
		if err != nil {
			w.err = err
		}
		close(w.done)
	}
	return nil
}

// errNoChanges rolls back a transaction that would change nothing.
var errNoChanges = errors.New("nothing to write")

// commitBatch does, in one transaction, all writes whose conditions hold.
func commitBatch(db *bbolt.DB, batch []*writeRequest) error {
	err := db.Update(func(tx *bbolt.Tx) error {
		changed := false
		for _, w := range batch {
			w.err = checkConditions(tx, w.ops)
			if w.err != nil {
				continue
			}
			did, err := applyOps(tx, w.ops)
			if err != nil {
				return err
			}
			changed = changed || did
		}
		if !changed {
			return errNoChanges
		}
		return nil
	})
	if errors.Is(err, errNoChanges) {
		return nil
	}
	return err
}

func checkConditions(tx *bbolt.Tx, ops []state.Op) error {
	for _, op := range ops {
		var value json.RawMessage
		if b := tx.Bucket([]byte(op.Key.PK)); b != nil {
			value = b.Get([]byte(op.Key.SK))
		}
		if !op.If.Matches(value) {
			return state.ErrConflict
		}
	}
	return nil
}

// applyOps puts and deletes, and reports whether there was anything to do.
func applyOps(tx *bbolt.Tx, ops []state.Op) (changed bool, err error) {
	for _, op := range ops {
		if op.Put == nil && !op.Delete {
			continue
		}
		changed = true
		b, err := tx.CreateBucketIfNotExists([]byte(op.Key.PK))
		if err != nil {
			return changed, err
		}
		if op.Delete {
			err = b.Delete([]byte(op.Key.SK))
		} else {
			err = b.Put([]byte(op.Key.SK), op.Put)
		}
		if err != nil {
			return changed, err
		}
	}
	return changed, nil
}
