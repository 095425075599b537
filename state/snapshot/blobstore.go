package snapshot

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// blobStore keeps objects under slash-separated keys. What is put becomes
// visible whole or not at all, even if the process is killed. Keys come
// checked: their parts are safe as file names.
type blobStore interface {
	// create stores b under a key that must be free: errExists if it is not.
	create(ctx context.Context, key string, b *blob) error
	// put stores b, replacing what the key holds.
	put(ctx context.Context, key string, b *blob) error
	// get returns what the key holds, or ErrNotFound.
	get(ctx context.Context, key string) (io.ReadCloser, error)
	// checksum returns the SHA-256 of what the key holds, or ErrNotFound.
	checksum(ctx context.Context, key string) ([sha256.Size]byte, error)
	// list returns what is directly below dir ("" or "a/b"), sorted by name.
	list(ctx context.Context, dir string) ([]blobInfo, error)
	// remove forgets a key. One that is not there is no error.
	remove(ctx context.Context, key string) error
	// location names a key to people: "s3://BUCKET/PREFIX/KEY" or a path.
	location(key string) string
}

// blobInfo is one line of a listing: an object, or a directory of them.
type blobInfo struct {
	name    string // the last part of its key
	isDir   bool
	size    int64
	modTime time.Time
}

// ErrNotFound: there is no such snapshot, log or file.
var ErrNotFound = errors.New("not found in the snapshot store")

var errExists = errors.New("the key is taken")

// blob is data on its way into a bucket, so that data of any size is stored
// with its length and checksum. It is in memory, or in an unnamed temporary
// file of which nothing is left when the process is killed.
type blob struct {
	data io.ReaderAt
	file *os.File // behind data; nil: none
	size int64
	sha  [sha256.Size]byte
}

// newMemoryBlob is a blob of data that is in memory.
func newMemoryBlob(data []byte) *blob {
	return &blob{data: bytes.NewReader(data), size: int64(len(data)), sha: sha256.Sum256(data)}
}

// newBlob makes a blob of what fill writes. dir is where temporary files go,
// "" for the system's own place.
func newBlob(dir string, write func(io.Writer) error) (*blob, error) {
	file, err := os.CreateTemp(dir, "reconcile-snapshot-*")
	if err != nil {
		return nil, fmt.Errorf("a temporary file is needed: %w", err)
	}
	b := &blob{data: file, file: file}
	hash := sha256.New()
	err = os.Remove(file.Name())
	if err == nil {
		err = write(io.MultiWriter(file, hash))
	}
	if err == nil {
		b.size, err = file.Seek(0, io.SeekCurrent)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	hash.Sum(b.sha[:0])
	return b, nil
}

// reader reads b from its beginning. Only one may be in use at a time.
func (b *blob) reader() *io.SectionReader { return io.NewSectionReader(b.data, 0, b.size) }

func (b *blob) close() {
	if b.file != nil {
		_ = b.file.Close() // nothing of it is wanted any more
	}
}
