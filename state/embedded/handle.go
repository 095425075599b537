package embedded

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"sync"

	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"
	"golang.org/x/sys/unix"
)

// handle keeps the file open from the first write on, because to open it takes longer than to
// write. The file is locked only while it is used: a process that is stopped at any other time
// does not keep it from others.
type handle struct {
	path string
	turn chan struct{} // held from the lock to the unlock
	kept *keptFile     // guarded by turn; nil: not open

	mu      sync.Mutex
	hasKept bool // whether reads use the file that is kept
	current *use // that others may join; nil: none
}

func newHandle(path string) handle { return handle{path: path, turn: make(chan struct{}, 1)} }

// keptFile is the file, open for writing.
type keptFile struct {
	db   *bbolt.DB
	file *os.File // that db uses
	// What was there when the lock was released. If one differs, another process has written:
	// db no longer knows which pages are free, or how many there are.
	device, inode uint64
	size          int64
	changedAt     unix.Timespec // by the file system
	transaction   int           // the last one
}

// use is a time in which this process holds the file's lock. Reads join a write, and see the
// former contents until it is on the disk.
type use struct {
	file  *keptFile
	count int // of goroutines
}

// begin locks the file, and opens it if needed. If there is none, it makes one, or the error is
// fs.ErrNotExist. done ends the use; after an error of a transaction in it, discard must be
// true: what db knows of the file may be wrong.
func (h *handle) begin(ctx context.Context, create bool) (db *bbolt.DB, done func(discard bool), err error) {
	select {
	case h.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, nil, context.Cause(ctx)
	}
	if err := h.lock(ctx, create); err != nil {
		<-h.turn
		return nil, nil, err
	}
	u := &use{file: h.kept, count: 1}
	h.mu.Lock()
	h.current, h.hasKept = u, true
	h.mu.Unlock()
	return u.file.db, func(discard bool) {
		h.mu.Lock()
		h.current = nil // else reads that follow each other would never let others write
		h.mu.Unlock()
		if discard {
			h.discard()
		}
		h.leave(u)
	}, nil
}

// join returns the use of another goroutine, or nil. The caller leaves it.
func (h *handle) join() (u *use, hasKept bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.current != nil {
		h.current.count++
	}
	return h.current, h.hasKept
}

// leave ends the use of the file by one goroutine. The last one releases the lock.
func (h *handle) leave(u *use) {
	h.mu.Lock()
	u.count--
	last := u.count == 0
	h.mu.Unlock()
	if !last {
		return
	}
	if h.kept == nil || u.file.unlock() != nil {
		h.discard()
		u.file.db.Close() // releases the lock, too
	}
	<-h.turn
}

// discard makes the next use open the file again.
func (h *handle) discard() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.kept, h.hasKept = nil, false
}

// lock locks the file that is kept, if it is still the one at the path and as this process left
// it. Else it opens the file.
func (h *handle) lock(ctx context.Context, create bool) error {
	if h.kept != nil {
		kept := h.kept
		if err := waitForLock(ctx, h.path, kept.tryLock); err != nil {
			return err
		}
		if kept.isCurrent(h.path) {
			return nil
		}
		h.discard()
		kept.db.Close()
	}
	db, file, err := open(ctx, h.path, false)
	if create && errors.Is(err, fs.ErrNotExist) {
		if err = createFile(h.path); err == nil {
			db, file, err = open(ctx, h.path, false)
		}
	}
	if err == nil {
		h.kept = &keptFile{db: db, file: file}
	}
	return err
}

func (h *handle) close() error {
	h.turn <- struct{}{}
	defer func() { <-h.turn }()
	kept := h.kept
	if kept == nil {
		return nil
	}
	h.discard()
	return kept.db.Close()
}

func (k *keptFile) tryLock() error {
	err := unix.Flock(int(k.file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		err = bbolterrors.ErrTimeout // as from bbolt.Open
	}
	return err
}

// unlock notes what is there, and releases the lock.
func (k *keptFile) unlock() error {
	return recoverPanics(func() error {
		var stat unix.Stat_t
		err := unix.Fstat(int(k.file.Fd()), &stat)
		if err != nil {
			return err
		}
		k.device, k.inode, k.size, k.changedAt = uint64(stat.Dev), stat.Ino, stat.Size, stat.Ctim
		if k.transaction, err = lastTransaction(k.db); err != nil {
			return err
		}
		return unix.Flock(int(k.file.Fd()), unix.LOCK_UN)
	})
}

// isCurrent reports whether the file at path is the one that is kept, and as this process left it.
// The size comes first: what was cut off cannot be read.
func (k *keptFile) isCurrent(path string) bool {
	var stat unix.Stat_t
	if err := unix.Stat(path, &stat); err != nil {
		return false
	}
	if uint64(stat.Dev) != k.device || stat.Ino != k.inode || stat.Size != k.size || stat.Ctim != k.changedAt {
		return false
	}
	var last int
	err := recoverPanics(func() (err error) {
		last, err = lastTransaction(k.db)
		return err
	})
	return err == nil && last == k.transaction
}

// lastTransaction returns the number of the transaction that was written last, by any process:
// it is read from the file, and each transaction raises it.
func lastTransaction(db *bbolt.DB) (id int, err error) {
	err = db.View(func(tx *bbolt.Tx) error {
		id = tx.ID()
		return nil
	})
	return id, err
}

// openForRead returns the file open for reading; done returns it.
func (s *Store) openForRead(ctx context.Context) (db *bbolt.DB, done func(failed bool), err error) {
	if ctx.Err() != nil {
		return nil, nil, context.Cause(ctx)
	}
	u, hasKept := s.handle.join()
	switch {
	case u != nil:
		return u.file.db, func(bool) { s.handle.leave(u) }, nil
	case hasKept:
		return s.handle.begin(ctx, false)
	}
	db, _, err = open(ctx, s.path, true)
	if err != nil {
		return nil, nil, err
	}
	return db, func(bool) { db.Close() }, nil
}
