package embedded

import (
	"context"
	"sync"

	"go.etcd.io/bbolt"
)

// handle is the file while this process has it open for writing. Through it, reads of
// other goroutines see the former contents and need not wait until the write is on the
// disk.
type handle struct {
	mu      sync.Mutex
	current *ref
}

// ref counts the users of an open file; the last one closes it.
type ref struct {
	db    *bbolt.DB
	count int
}

// share lets readers use db until done is called.
func (s *handle) share(db *bbolt.DB) (done func()) {
	ref := &ref{db: db, count: 1}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current = ref
	return func() {
		s.mu.Lock()
		s.current = nil
		s.mu.Unlock()
		s.release(ref)
	}
}

// acquire returns the file if it is open for writing now, else nil.
func (s *handle) acquire() *ref {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current != nil {
		s.current.count++
	}
	return s.current
}

func (s *handle) release(ref *ref) {
	s.mu.Lock()
	ref.count--
	last := ref.count == 0
	s.mu.Unlock()
	if last {
		ref.db.Close()
	}
}

// openForRead returns the file open for reading; done returns it.
func (s *Store) openForRead(ctx context.Context) (db *bbolt.DB, done func(), err error) {
	if ctx.Err() != nil {
		return nil, nil, context.Cause(ctx)
	}
	if ref := s.handle.acquire(); ref != nil {
		return ref.db, func() { s.handle.release(ref) }, nil
	}
	db, err = open(ctx, s.path, true)
	if err != nil {
		return nil, nil, err
	}
	return db, func() { db.Close() }, nil
}
