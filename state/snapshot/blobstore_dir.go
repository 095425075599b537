package snapshot

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"reconcile/internal/files"
)

// dirBlobStore is a blobStore in a directory of this machine. Only the owner can read its
// files, because logs and files of runs can be confidential.
type dirBlobStore struct {
	root string // absolute
	now  func() time.Time

	mu        sync.Mutex
	cleanedAt time.Time // when temporary files were last checked
}

// tmpDir is where files are written before they get their names. No key begins with it.
const tmpDir = ".drafts"

// minTmpAge is the age at which a temporary file must come from a killed process.
const minTmpAge = 24 * time.Hour

func (d *dirBlobStore) filePath(key string) string {
	return filepath.Join(d.root, filepath.FromSlash(key))
}

func (d *dirBlobStore) location(key string) string { return d.filePath(key) }

func (d *dirBlobStore) create(ctx context.Context, key string, b *blob) error {
	return d.write(ctx, key, b, durable, func(tmp, file string) error {
		err := os.Link(tmp, file)
		if errors.Is(err, fs.ErrExist) {
			return errExists
		}
		if err != nil {
			return err
		}
		return os.Remove(tmp)
	})
}

// put does not wait for the disk: what may be replaced (a log) may also be lost in a loss
// of power.
func (d *dirBlobStore) put(ctx context.Context, key string, b *blob) error {
	return d.write(ctx, key, b, !durable, rename)
}

// rename gives a file another name. os.Rename first looks at what is there, to name a directory in
// its error.
func rename(from, to string) error {
	for {
		err := unix.Rename(from, to)
		if err == nil {
			return nil
		}
		if !errors.Is(err, unix.EINTR) {
			return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
		}
	}
}

// durable means that a file must survive a loss of power once it was written.
const durable = true

// write writes b to a temporary file and calls publish, which gives it its name.
func (d *dirBlobStore) write(ctx context.Context, key string, b *blob, durable bool, publish func(tmp, file string) error) error {
	file := d.filePath(key)
	d.cleanTmp()
	var tmp *os.File
	err := addTo(d.filePath(tmpDir), func() (err error) {
		tmp, err = os.CreateTemp(d.filePath(tmpDir), "") // 0600
		return err
	})
	if err != nil {
		return err
	}
	_, err = io.Copy(tmp, io.LimitReader(ctxReader{ctx, b.reader()}, b.size)) // the limit makes the buffer small
	if err == nil && durable {
		err = tmp.Sync()
	}
	if err = errors.Join(err, tmp.Close()); err == nil {
		err = addTo(filepath.Dir(file), func() error { return publish(tmp.Name(), file) })
	}
	if err != nil {
		return errors.Join(err, files.RemoveIfExists(tmp.Name()))
	}
	if !durable {
		return nil
	}
	return files.Sync(filepath.Dir(file))
}

// addTo calls add, which makes an entry of dir. It makes dir only where there is none: most writes
// find it.
func addTo(dir string, add func() error) error {
	err := add()
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return add()
}

// tmpCleanupInterval is the time between two checks of the temporary files.
const tmpCleanupInterval = time.Hour

// cleanTmp removes temporary files that killed processes left.
func (d *dirBlobStore) cleanTmp() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.now().Sub(d.cleanedAt) < tmpCleanupInterval {
		return
	}
	d.cleanedAt = d.now()
	entries, _ := os.ReadDir(d.filePath(tmpDir)) // the next write tries again
	for _, e := range entries {
		if info, err := e.Info(); err == nil && d.now().Sub(info.ModTime()) > minTmpAge {
			_ = os.Remove(filepath.Join(d.filePath(tmpDir), e.Name()))
		}
	}
}

func (d *dirBlobStore) get(_ context.Context, key string) (io.ReadCloser, error) {
	f, err := files.OpenRegular(d.filePath(key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", d.location(key), ErrNotFound)
	}
	return f, err
}

func (d *dirBlobStore) checksum(ctx context.Context, key string) (sum [sha256.Size]byte, err error) {
	f, err := d.get(ctx, key)
	if err != nil {
		return sum, err
	}
	defer f.Close()
	return checksumOf(ctxReader{ctx, f})
}

func (d *dirBlobStore) list(_ context.Context, dir string) ([]blobInfo, error) {
	entries, err := os.ReadDir(d.filePath(dir))
	if err != nil {
		return nil, ignoreNotExist(err)
	}
	var objects []blobInfo
	for _, e := range entries {
		if e.Name() == tmpDir {
			continue
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed since
		}
		if err != nil {
			return nil, err
		}
		objects = append(objects, blobInfo{name: e.Name(), isDir: e.IsDir(), size: info.Size(), modTime: info.ModTime()})
	}
	return objects, nil
}

// remove also removes the directories that become empty, except those directly in d.root:
// others may be about to write there.
func (d *dirBlobStore) remove(_ context.Context, key string) error {
	file := d.filePath(key)
	if err := files.RemoveIfExists(file); err != nil {
		return err
	}
	for dir := path.Dir(key); strings.Contains(dir, "/"); dir = path.Dir(dir) {
		if os.Remove(d.filePath(dir)) != nil {
			break // it is not empty
		}
	}
	return nil
}

func ignoreNotExist(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// ctxReader is a reader that stops when its context ends.
type ctxReader struct {
	ctx context.Context
	io.Reader
}

func (r ctxReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}

func checksumOf(r io.Reader) (sum [sha256.Size]byte, err error) {
	h := sha256.New()
	if _, err = io.Copy(h, r); err == nil {
		h.Sum(sum[:0])
	}
	return sum, err
}
