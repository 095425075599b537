package embedded

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"
	"golang.org/x/sys/unix"

	"reconcile/internal/files"
	"reconcile/internal/retry"
)

// lockTimeout is how long to wait for the file. Other processes lock it for milliseconds,
// so after a minute the one that holds the lock must have been stopped.
const lockTimeout = time.Minute

// open opens the file, shared with other readers or alone. It waits for the file's lock
// until ctx ends. If there is no file, the error is fs.ErrNotExist.
func open(ctx context.Context, path string, readOnly bool) (db *bbolt.DB, file *os.File, err error) {
	err = waitForLock(ctx, path, func() (err error) {
		db, file, err = tryOpen(path, readOnly)
		return err
	})
	return db, file, err
}

// waitForLock calls try until it returns another error than that the file is locked.
func waitForLock(ctx context.Context, path string, try func() error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	isLocked := func(err error) bool { return errors.Is(err, bbolterrors.ErrTimeout) }
	if err := try(); !isLocked(err) {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, lockTimeout, fmt.Errorf("waited %s", lockTimeout))
	defer cancel()
	// bbolt itself retries only every 50 ms. A read takes a tenth of a millisecond, a
	// write a few milliseconds.
	err := retry.Do(ctx, retry.NewExponentialPauses(75*time.Microsecond, 3*time.Millisecond, 1./3), isLocked, try)
	if isLocked(err) {
		return fmt.Errorf("another process holds the file lock (find it with: fuser %s): %w", path, context.Cause(ctx))
	}
	return err
}

// tryOpen opens the file unless it is locked. file is what db uses.
func tryOpen(path string, readOnly bool) (db *bbolt.DB, file *os.File, err error) {
	options := &bbolt.Options{
		ReadOnly:     readOnly,
		Timeout:      1, // do not wait
		FreelistType: bbolt.FreelistMapType,
		NoStatistics: true,
		OpenFile: func(name string, flag int, mode os.FileMode) (*os.File, error) {
			f, err := os.OpenFile(name, flag&^os.O_CREATE|unix.O_NONBLOCK, mode) // a pipe would block
			if err != nil {
				return nil, err
			}
			// bbolt would fill an empty file, and all that was recorded would be unknown.
			info, err := f.Stat()
			switch {
			case err == nil && !info.Mode().IsRegular():
				err = fmt.Errorf("%s is no regular file", name)
			case err == nil && info.Size() == 0:
				err = errEmpty
			}
			if err != nil {
				return nil, errors.Join(err, f.Close())
			}
			file = f
			return f, nil
		},
	}
	err = recoverPanics(func() error {
		db, err = bbolt.Open(path, 0o600, options)
		return err
	})
	if err != nil && file != nil { // if bbolt panicked, its map of the file keeps the lock
		_ = unix.Flock(int(file.Fd()), unix.LOCK_UN)
		file.Close()
	}
	for _, damage := range []error{errEmpty, bbolterrors.ErrInvalid, bbolterrors.ErrChecksum, bbolterrors.ErrVersionMismatch} {
		if errors.Is(err, damage) {
			err = corruptError(err)
		}
	}
	if err != nil && strings.HasPrefix(err.Error(), "file size too small") { // bbolt exports no error for it
		err = corruptError(err)
	}
	return db, file, err
}

// errEmpty is the damage of a file without content: createFile leaves none.
var errEmpty = errors.New("it is empty")

func corruptError(reason any) error {
	return fmt.Errorf("the file is corrupt (%v): restore it from a backup, then run: reconcile distrust (docs/recovery.md)", reason)
}

// createFile makes an empty file, whole or not at all: it fills the file under another
// name and then links it. If another process was faster, that process's file stays.
func createFile(path string) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	tmpDir, err := os.MkdirTemp(dir, ".new-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmpDir)
	tmp := filepath.Join(tmpDir, File)
	db, err := bbolt.Open(tmp, 0o600, &bbolt.Options{NoStatistics: true})
	if err != nil {
		return err
	}
	if err := db.Close(); err != nil {
		return err
	}
	if err := os.Link(tmp, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return files.Sync(dir) // the new name survives a loss of power
}

// recoverPanics turns bbolt's panics on a corrupt file into errors. It does the same with
// a memory fault, which a truncated file causes.
func recoverPanics(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if recovered := recover(); recovered != nil {
			err = corruptError(recovered)
		}
	}()
	return f()
}
