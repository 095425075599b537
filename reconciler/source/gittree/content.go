package gittree

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/go-git/go-git/v5/plumbing"

	"reconcile/reconciler/source/internal/odb"
)

// ReadBlob returns the content of a file or the target of a symlink. It fails if the content
// is too large for memory.
func (t *Tree) ReadBlob(e Entry) ([]byte, error) {
	kind, data, err := t.objects.Read(e.ID)
	if err != nil {
		return nil, err
	}
	return data, checkFile(e.ID, kind)
}

// open opens a file's content of any size.
func (t *Tree) open(ctx context.Context, e Entry) (*odb.Object, error) {
	o, err := t.objects.Open(ctx, e.ID)
	if err != nil {
		return nil, err
	}
	if err := checkFile(e.ID, o.Kind); err != nil {
		return nil, errors.Join(err, o.Content.Close())
	}
	return o, nil
}

func (t *Tree) copyTo(ctx context.Context, w io.Writer, e Entry) error {
	o, err := t.open(ctx, e)
	if err != nil {
		return err
	}
	defer o.Content.Close()
	return copyWithin(ctx, w, o.Content)
}

// copyWithin copies until r ends or ctx is done.
func copyWithin(ctx context.Context, w io.Writer, r io.Reader) error {
	buffer := copyBuffers.Get().(*[]byte)
	defer copyBuffers.Put(buffer)
	for {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		n, err := r.Read(*buffer)
		if n > 0 {
			if _, err := w.Write((*buffer)[:n]); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

var copyBuffers = sync.Pool{New: func() any { b := make([]byte, 1<<16); return &b }}

func checkFile(id plumbing.Hash, kind plumbing.ObjectType) error {
	if kind == plumbing.BlobObject {
		return nil
	}
	return odb.ErrKind(id, kind, "file")
}

// hashFile returns the blob id of the content of r. It returns the zero hash if the content
// does not have the given size.
func hashFile(ctx context.Context, r io.Reader, size int64) (plumbing.Hash, error) {
	h := plumbing.NewHasher(plumbing.BlobObject, size)
	n := &countWriter{w: h}
	if err := copyWithin(ctx, n, r); err != nil || n.n != size {
		return plumbing.ZeroHash, err
	}
	return h.Sum(), nil
}

type countWriter struct {
	w io.Writer
	n int64
}

func (c *countWriter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return c.w.Write(p)
}
