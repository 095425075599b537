package embedded

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"

	"reconcile/state"
)

// lockTimeout is how long to wait for a file that others use for milliseconds
// each: one of them must have been stopped in the midst of it.
const lockTimeout = time.Minute

// open opens the file, shared with other readers or alone, waiting for its
// lock for as long as ctx lasts. A missing file is fs.ErrNotExist.
func open(ctx context.Context, path string, readOnly bool) (*bbolt.DB, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, lockTimeout, fmt.Errorf("waited %s for it", lockTimeout))
	defer cancel()
	// bbolt itself would look again only every 50 ms. A read takes a tenth of a
	// millisecond, a write some.
	for wait := 100 * time.Microsecond; ; wait = min(2*wait, 4*time.Millisecond) {
		db, err := tryOpen(path, readOnly)
		if !errors.Is(err, bbolterrors.ErrTimeout) {
			return db, err
		}
		if err := state.Sleep(ctx, wait/2+rand.N(wait/2)); err != nil {
			return nil, fmt.Errorf("another process keeps it locked (see who: fuser %s): %w", path, err)
		}
	}
}

func tryOpen(path string, readOnly bool) (db *bbolt.DB, err error) {
	options := &bbolt.Options{
		ReadOnly:     readOnly,
		Timeout:      1, // do not wait
		FreelistType: bbolt.FreelistMapType,
		NoStatistics: true,
		OpenFile: func(name string, flag int, mode os.FileMode) (*os.File, error) {
			return os.OpenFile(name, flag&^os.O_CREATE, mode)
		},
	}
	err = recoverPanics(func() error {
		db, err = bbolt.Open(path, 0o600, options)
		return err
	})
	return db, err
}

// createFile makes an empty file, whole or not at all: it is filled under another
// name and then linked. If another process was faster, its file stays.
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
	return syncDir(dir)
}

// syncDir makes the directory's new entry last through a loss of power.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// recoverPanics turns the panics by which bbolt answers a damaged file into errors,
// and likewise a memory fault where the file was cut short.
func recoverPanics(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if recovered := recover(); recovered != nil {
			err = fmt.Errorf("the file is damaged (%v): put back a copy of it, then run: reconcile distrust", recovered)
		}
	}()
	return f()
}
