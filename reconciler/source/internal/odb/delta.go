package odb

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/go-git/go-git/v5/plumbing"
)

const (
	// maxChain is the longest chain of deltas that is followed. Git creates none above 4095.
	maxChain = 4095
	// maxHeld is the maximum size in bytes of a delta's result or base in memory. Larger ones
	// go into a file.
	maxHeld = maxCacheBytes / 4
	// maxSpooled bounds the bytes that the deltas of one object write to files: as many as a
	// tree may have.
	maxSpooled = 16 << 30
	// maxSpooledToRead is the same for Read, which nothing can stop: a chain of Git's own depth
	// (pack.depth, 50) of the largest objects that Read returns.
	maxSpooledToRead = 64 * maxRead
)

var errDelta = errors.New("damaged: delta")

func isDelta(kind plumbing.ObjectType) bool {
	return kind == plumbing.OFSDeltaObject || kind == plumbing.REFDeltaObject
}

// resolution applies the deltas of one object.
type resolution struct {
	ctx     context.Context // a chain of large objects takes minutes
	store   *Store
	pack    *pack
	spooled int64
	limit   int64 // of spooled
}

// resolve returns the object at offset of the pack, with its deltas applied.
func (r *resolution) resolve(offset int64, depth int) (*content, error) {
	if kind, data, ok := r.store.bases.get(baseKey{r.pack, offset}); ok {
		return &content{kind: kind, size: int64(len(data)), data: data}, nil
	}
	if depth > maxChain {
		return nil, errors.New("damaged: chain of deltas without an end")
	}
	e, err := r.pack.readEntry(offset)
	if err != nil {
		return nil, err
	}
	var made *content
	switch {
	case isDelta(e.kind):
		made, err = r.apply(e, depth)
	case e.kind == plumbing.CommitObject, e.kind == plumbing.TreeObject, e.kind == plumbing.BlobObject, e.kind == plumbing.TagObject:
		made, err = r.copy(e)
	default:
		err = fmt.Errorf("damaged: object of type %d", e.kind)
	}
	if err != nil {
		return nil, err
	}
	if made.file == nil {
		r.store.bases.put(baseKey{r.pack, offset}, made.kind, made.data)
	}
	return made, nil
}

// copy inflates an object that is not a delta.
func (r *resolution) copy(e *packEntry) (*content, error) {
	body, err := e.open()
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return r.make(e.kind, e.size, func(w io.Writer) error {
		buffer := copyBuffers.Get().(*[]byte)
		defer copyBuffers.Put(buffer)
		_, err := io.CopyBuffer(w, body, *buffer)
		return err
	})
}

func (r *resolution) apply(e *packEntry, depth int) (*content, error) {
	base, err := r.base(e, depth)
	if err != nil {
		return nil, err
	}
	defer base.Close()
	body, err := e.open()
	if err != nil {
		return nil, err
	}
	defer body.Close()
	delta := readers.Get().(*bufio.Reader)
	defer readers.Put(delta)
	delta.Reset(body)
	from, to, err := readSizes(delta)
	if err != nil || from != base.size {
		return nil, errDelta
	}
	return r.make(base.kind, to, func(w io.Writer) error { return patch(w, base, delta) })
}

// base returns the base object of the delta e.
func (r *resolution) base(e *packEntry, depth int) (*content, error) {
	if e.kind == plumbing.OFSDeltaObject {
		return r.resolve(e.baseOffset, depth+1)
	}
	offset, ok, err := r.pack.find(e.baseID)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, fmt.Errorf("base %s of a delta: %w", e.baseID, ErrNotFound)
	}
	return r.resolve(offset, depth+1)
}

// make stores what write writes. It fails unless that is size bytes.
func (r *resolution) make(kind plumbing.ObjectType, size int64, write func(io.Writer) error) (_ *content, err error) {
	c := &content{kind: kind, size: size}
	if size <= maxHeld {
		b := bytes.NewBuffer(make([]byte, 0, size))
		if err := write(&limitWriter{r.ctx, b, size}); err != nil {
			return nil, err
		}
		if c.data = b.Bytes(); int64(len(c.data)) != size {
			return nil, errDelta
		}
		return c, nil
	}
	if r.spooled += size; r.spooled > r.limit {
		return nil, fmt.Errorf("its chain of deltas holds more than %d GiB: have the repository repacked with a smaller pack.depth", r.limit>>30)
	}
	if c.file, err = openUnnamed(); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			c.file.Close()
		}
	}()
	w := &limitWriter{r.ctx, c.file, size}
	buffered := bufio.NewWriterSize(w, 1<<16)
	if err := errors.Join(write(buffered), buffered.Flush()); err != nil {
		return nil, err
	}
	if w.remaining != 0 {
		return nil, errDelta
	}
	return c, nil
}

// openUnnamed opens a file without a name. The file disappears with its last user, even after
// a crash.
func openUnnamed() (*os.File, error) {
	f, err := os.CreateTemp("", "reconcile-object-")
	if err != nil {
		return nil, err
	}
	return f, os.Remove(f.Name())
}

// limitWriter is a writer that fails beyond a given length, and once ctx is done.
type limitWriter struct {
	ctx       context.Context
	w         io.Writer
	remaining int64
}

func (l *limitWriter) Write(p []byte) (int, error) {
	switch {
	case l.ctx.Err() != nil:
		return 0, context.Cause(l.ctx)
	case int64(len(p)) > l.remaining:
		return 0, errDelta
	}
	l.remaining -= int64(len(p))
	return l.w.Write(p)
}

// content is the result of resolved deltas, in memory or in a file.
type content struct {
	kind plumbing.ObjectType
	size int64
	data []byte
	file *os.File // nil: the content is in data
}

func (c *content) section(offset, length int64) io.Reader {
	if c.file == nil {
		return bytes.NewReader(c.data[offset : offset+length])
	}
	return io.NewSectionReader(c.file, offset, length)
}

func (c *content) reader() io.ReadCloser {
	return struct {
		io.Reader
		io.Closer
	}{c.section(0, c.size), c}
}

// Close closes the file, which frees its space.
func (c *content) Close() error {
	if c.file == nil {
		return nil
	}
	return c.file.Close()
}

// readSizes reads the header of a delta: the length of its base and of its result.
func readSizes(delta io.ByteReader) (from, to int64, err error) {
	a, err1 := binary.ReadUvarint(delta)
	b, err2 := binary.ReadUvarint(delta)
	if from, to = int64(a), int64(b); err1 != nil || err2 != nil || from < 0 || to < 0 {
		return 0, 0, errDelta
	}
	return from, to, nil
}

// patch applies the instructions of a delta to base: copy a part of it, or insert the bytes
// that follow (gitformat-pack(5)).
func patch(w io.Writer, base *content, delta *bufio.Reader) error {
	inserted := make([]byte, 0x7f)
	for {
		code, err := delta.ReadByte()
		if errors.Is(err, io.EOF) {
			return nil
		}
		switch {
		case err != nil:
			return err
		case code == 0:
			return errDelta
		case code < 0x80:
			if _, err = io.ReadFull(delta, inserted[:code]); err == nil {
				_, err = w.Write(inserted[:code])
			}
		default:
			var offset, length int64
			if offset, length, err = readCopy(code, delta); err != nil || offset+length > base.size {
				return errDelta
			}
			_, err = io.Copy(w, base.section(offset, length))
		}
		if err != nil {
			return err
		}
	}
}

// readCopy reads the range of the base to copy. The bits of code show which bytes of both
// numbers follow; length 0 means 64 KiB.
func readCopy(code byte, delta io.ByteReader) (offset, length int64, err error) {
	var number uint64
	for bit := range 7 {
		if code>>bit&1 == 0 {
			continue
		}
		b, err := delta.ReadByte()
		if err != nil {
			return 0, 0, err
		}
		number |= uint64(b) << (8 * bit)
	}
	offset, length = int64(number&0xffffffff), int64(number>>32)
	if length == 0 {
		length = 0x10000
	}
	return offset, length, nil
}
