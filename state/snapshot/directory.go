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
)

// directory is a bucket in a directory of this machine. Files are for their
// owner alone: logs and files of runs can be confidential.
type directory struct {
	root string // absolute
	now  func() time.Time

	mu    sync.Mutex
	swept time.Time // when drafts were last looked at
}

// drafts is where files are written before they get their names. No key
// begins with it.
const drafts = ".drafts"

// draftAge is how old a draft must be to be taken for one of a killed process.
const draftAge = 24 * time.Hour

func (d *directory) file(key string) string { return filepath.Join(d.root, filepath.FromSlash(key)) }

func (d *directory) location(key string) string { return d.file(key) }

func (d *directory) create(ctx context.Context, key string, b *blob) error {
	return d.write(ctx, key, b, lasting, func(draft, file string) error {
		err := os.Link(draft, file)
		if errors.Is(err, fs.ErrExist) {
			return errExists
		}
		return errors.Join(err, os.Remove(draft))
	})
}

// put does not wait for the disk: what may be replaced (a log) may also be
// lost when the machine loses power.
func (d *directory) put(ctx context.Context, key string, b *blob) error {
	return d.write(ctx, key, b, !lasting, os.Rename)
}

// lasting is what must outlive a loss of power once it was written.
const lasting = true

// write writes b to a draft and then, by publish, brings it under its name.
func (d *directory) write(ctx context.Context, key string, b *blob, lasting bool, publish func(draft, file string) error) error {
	file := d.file(key)
	for _, dir := range []string{filepath.Dir(file), d.file(drafts)} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	d.sweep()
	draft, err := os.CreateTemp(d.file(drafts), "") // 0600
	if err != nil {
		return err
	}
	_, err = io.Copy(draft, reading{ctx, b.reader()})
	if err == nil && lasting {
		err = draft.Sync()
	}
	if err = errors.Join(err, draft.Close()); err == nil {
		err = publish(draft.Name(), file)
	}
	if err != nil {
		return errors.Join(err, ignoreAbsent(os.Remove(draft.Name())))
	}
	if !lasting {
		return nil
	}
	return syncDir(filepath.Dir(file))
}

// sweepEvery is how long one look at the drafts is good for.
const sweepEvery = time.Hour

// sweep removes drafts that killed processes left.
func (d *directory) sweep() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.now().Sub(d.swept) < sweepEvery {
		return
	}
	d.swept = d.now()
	entries, _ := os.ReadDir(d.file(drafts)) // the next write sweeps again
	for _, e := range entries {
		if info, err := e.Info(); err == nil && d.now().Sub(info.ModTime()) > draftAge {
			_ = os.Remove(filepath.Join(d.file(drafts), e.Name()))
		}
	}
}

func (d *directory) get(_ context.Context, key string) (io.ReadCloser, error) {
	f, err := os.Open(d.file(key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", d.location(key), ErrNotFound)
	}
	return f, err
}

func (d *directory) sum(ctx context.Context, key string) (sum [sha256.Size]byte, err error) {
	f, err := d.get(ctx, key)
	if err != nil {
		return sum, err
	}
	defer f.Close()
	return sumOf(reading{ctx, f})
}

func (d *directory) list(_ context.Context, dir string) ([]object, error) {
	entries, err := os.ReadDir(d.file(dir))
	if err != nil {
		return nil, ignoreAbsent(err)
	}
	var objects []object
	for _, e := range entries {
		if e.Name() == drafts {
			continue
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed since
		}
		if err != nil {
			return nil, err
		}
		objects = append(objects, object{name: e.Name(), dir: e.IsDir(), size: info.Size(), at: info.ModTime()})
	}
	return objects, nil
}

// remove also removes the directories that it leaves empty, but for those
// directly in d.root: others may be about to write there.
func (d *directory) remove(_ context.Context, key string) error {
	file := d.file(key)
	if err := ignoreAbsent(os.Remove(file)); err != nil {
		return err
	}
	for dir := path.Dir(key); strings.Contains(dir, "/"); dir = path.Dir(dir) {
		if os.Remove(d.file(dir)) != nil {
			break // it is not empty
		}
	}
	return nil
}

func ignoreAbsent(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// syncDir makes the names in a directory survive a loss of power.
func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// reading is a reader that stops when its context ends.
type reading struct {
	ctx context.Context
	io.Reader
}

func (r reading) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}

func sumOf(r io.Reader) (sum [sha256.Size]byte, err error) {
	h := sha256.New()
	if _, err = io.Copy(h, r); err == nil {
		h.Sum(sum[:0])
	}
	return sum, err
}
