package embedded

import (
	"context"
	"sync"

	"go.etcd.io/bbolt"
)

// shared is the file while this process has it open for writing, so that reads
// of other goroutines need not wait until what is written is on the disk: they
// see what was there before.
type shared struct {
	mu      sync.Mutex
	current *user
}

// user counts who uses an open file; the last one closes it.
type user struct {
	db *bbolt.DB
	n  int
}

// share lets readers use db until done is called.
func (s *shared) share(db *bbolt.DB) (done func()) {
	u := &user{db: db, n: 1}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current = u
	return func() {
		s.mu.Lock()
		s.current = nil
		s.mu.Unlock()
		s.leave(u)
	}
}

// join returns the file if it is open for writing now, else nil.
func (s *shared) join() *user {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current != nil {
		s.current.n++
	}
	return s.current
}

func (s *shared) leave(u *user) {
	s.mu.Lock()
	u.n--
	last := u.n == 0
	s.mu.Unlock()
	if last {
		u.db.Close()
	}
}

// forReading returns the file open for reading; done gives it back.
func (s *Store) forReading(ctx context.Context) (db *bbolt.DB, done func(), err error) {
	if ctx.Err() != nil {
		return nil, nil, context.Cause(ctx)
	}
	if u := s.open.join(); u != nil {
		return u.db, func() { s.open.leave(u) }, nil
	}
	db, err = open(ctx, s.path, true)
	if err != nil {
		return nil, nil, err
	}
	return db, func() { db.Close() }, nil
}
