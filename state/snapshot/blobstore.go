package snapshot

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"sync"
	"time"
)

// blobStore stores objects under slash-separated keys. An object becomes visible whole or
// not at all, even if the process is killed. Callers check the keys: each part must be
// safe as a file name.
type blobStore interface {
	// create stores b under key. If the key exists, the error is errExists.
	create(ctx context.Context, key string, b *blob) error
	// put stores b, replacing the object at key.
	put(ctx context.Context, key string, b *blob) error
	// get returns the object at key, or ErrNotFound.
	get(ctx context.Context, key string) (io.ReadCloser, error)
	// checksum returns the SHA-256 of the object at key, or ErrNotFound.
	checksum(ctx context.Context, key string) ([sha256.Size]byte, error)
	// list returns the entries directly below dir ("" or "a/b"), sorted by name.
	list(ctx context.Context, dir string) ([]blobInfo, error)
	// remove deletes the object at key. A missing object is no error.
	remove(ctx context.Context, key string) error
	// location returns key for people: "s3://BUCKET/PREFIX/KEY" or a path.
	location(key string) string
}

// blobInfo is one entry of a listing: an object, or a directory of them.
type blobInfo struct {
	name    string // the last part of its key
	isDir   bool
	size    int64
	modTime time.Time
}

// ErrNotFound: there is no such snapshot, log or file.
var ErrNotFound = errors.New("not found in the snapshot store")

var errExists = errors.New("the key exists")

// blob is data to be stored. Its length and checksum are known, so data of any size can
// be stored with them. It is in memory, or in an unnamed temporary file that vanishes if
// the process is killed.
type blob struct {
	data io.ReaderAt
	file *os.File // holds data; nil: data is in memory
	size int64
	sha  func() [sha256.Size]byte
}

// newMemoryBlob returns a blob of data in memory. A directory seldom asks for its checksum.
func newMemoryBlob(data []byte) *blob {
	sha := sync.OnceValue(func() [sha256.Size]byte { return sha256.Sum256(data) })
	return &blob{data: bytes.NewReader(data), size: int64(len(data)), sha: sha}
}

// newBlob returns a blob of what write writes. dir is the directory for temporary files;
// "" is the system's default.
func newBlob(dir string, write func(io.Writer) error) (*blob, error) {
	w := &blobWriter{dir: dir}
	if err := write(w); err != nil {
		return nil, errors.Join(err, w.close())
	}
	if w.file == nil {
		return newMemoryBlob(w.memory.Bytes()), nil
	}
	size, err := w.file.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil, errors.Join(err, w.close())
	}
	sum := [sha256.Size]byte(w.hash.Sum(nil))
	return &blob{w.file, w.file, size, func() [sha256.Size]byte { return sum }}, nil
}

// maxMemoryBlob is the size, in bytes, of the largest blob that newBlob holds in memory.
const maxMemoryBlob = 8 << 20

// blobWriter holds what is written in memory, and in a file once it is large. The checksum of a
// file is computed while it is written: a disk that changes it is noticed.
type blobWriter struct {
	dir    string // for the file
	memory bytes.Buffer
	file   *os.File // nil: all is in memory
	hash   hash.Hash
}

func (w *blobWriter) Write(p []byte) (int, error) {
	if w.file == nil && w.memory.Len()+len(p) <= maxMemoryBlob {
		return w.memory.Write(p)
	}
	if w.file == nil {
		if err := w.moveToFile(); err != nil {
			return 0, err
		}
	}
	return io.MultiWriter(w.file, w.hash).Write(p)
}

func (w *blobWriter) moveToFile() (err error) {
	if w.file, err = os.CreateTemp(w.dir, "reconcile-snapshot-*"); err != nil {
		return fmt.Errorf("create a temporary file: %w", err)
	}
	if err := os.Remove(w.file.Name()); err != nil {
		return err
	}
	w.hash = sha256.New()
	_, err = w.memory.WriteTo(io.MultiWriter(w.file, w.hash))
	w.memory = bytes.Buffer{}
	return err
}

func (w *blobWriter) close() error {
	if w.file == nil {
		return nil
	}
	return w.file.Close()
}

// reader returns a reader of b from its beginning. Only one may be in use at a time.
func (b *blob) reader() *io.SectionReader { return io.NewSectionReader(b.data, 0, b.size) }

func (b *blob) close() {
	if b.file != nil {
		_ = b.file.Close() // the contents are not needed any more
	}
}
