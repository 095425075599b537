package odb

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zlib"
)

// maxRead is the size of the largest object that Read returns, in bytes. Open reads larger
// ones.
const maxRead = 64 << 20

// Object is an object opened for reading. Reading its content fails if the length differs
// from Size.
type Object struct {
	Kind    plumbing.ObjectType
	Size    int64
	Content io.ReadCloser
}

// Open opens an object of any size for reading, without loading it into memory. It applies the
// object's deltas before it returns, or ends when ctx does.
func (s *Store) Open(ctx context.Context, id plumbing.Hash) (*Object, error) {
	p, offset, loose, err := s.findObject(id)
	if err != nil || loose != nil {
		return loose, err
	}
	o, err := (&resolution{ctx: ctx, store: s, pack: p, limit: maxSpooled}).open(offset)
	return o, p.wrapError(id, err)
}

func (r *resolution) open(offset int64) (*Object, error) {
	e, err := r.pack.readEntry(offset)
	if err != nil {
		return nil, err
	}
	if !isDelta(e.kind) {
		body, err := e.open()
		return &Object{e.kind, e.size, body}, err
	}
	c, err := r.resolve(offset, 0)
	if err != nil {
		return nil, err
	}
	return &Object{c.kind, c.size, c.reader()}, nil
}

// Read returns the type and content of an object. The content is shared and must not be
// changed. Read returns an error for an object larger than maxRead.
func (s *Store) Read(id plumbing.Hash) (plumbing.ObjectType, []byte, error) {
	if kind, data, ok := s.sized.get(id); ok {
		return kind, data, nil
	}
	p, offset, o, err := s.findObject(id)
	if err != nil {
		return 0, nil, err
	}
	if o == nil {
		if kind, data, ok := s.bases.get(baseKey{p, offset}); ok {
			return kind, data, nil
		}
		o, err = (&resolution{ctx: context.Background(), store: s, pack: p, limit: maxSpooledToRead}).open(offset)
		err = p.wrapError(id, err)
	}
	if err != nil {
		return 0, nil, err
	}
	defer o.Content.Close()
	data, err := o.ReadAll()
	if err != nil {
		return 0, nil, fmt.Errorf("read object %s: %w", id, err)
	}
	return o.Kind, data, nil
}

// ReadAll returns the content. It returns an error if the content is larger than maxRead.
func (o *Object) ReadAll() ([]byte, error) {
	if o.Size > maxRead {
		return nil, fmt.Errorf("it has %d bytes, and more than %d are not read at once", o.Size, maxRead)
	}
	data := bytes.NewBuffer(make([]byte, 0, min(o.Size, maxHeld)+bytes.MinRead)) // the header may be wrong
	_, err := data.ReadFrom(o.Content)
	return data.Bytes(), err
}

// Size returns the length of the object's content, read from its header.
func (s *Store) Size(id plumbing.Hash) (int64, error) {
	p, offset, loose, err := s.findObject(id)
	if err != nil {
		return 0, err
	}
	if loose != nil {
		return s.sizeOfLoose(id, loose)
	}
	size, err := p.sizeAt(offset)
	return size, p.wrapError(id, err)
}

// maxSized is the size up to which Size keeps a loose object. It had to be opened anyway.
const maxSized = 1024

func (s *Store) sizeOfLoose(id plumbing.Hash, loose *Object) (int64, error) {
	defer loose.Content.Close()
	if loose.Size <= maxSized {
		if data, err := loose.ReadAll(); err == nil { // else the read returns the error
			s.sized.put(id, loose.Kind, data)
		}
	}
	return loose.Size, nil
}

// inflaters are reused, since each is larger than most objects.
var inflaters sync.Pool

func inflate(r io.Reader) (io.ReadCloser, error) {
	if z, ok := inflaters.Get().(io.ReadCloser); ok {
		return z, explainDamage(z.(zlib.Resetter).Reset(r, nil))
	}
	z, err := zlib.NewReader(r)
	return z, explainDamage(err)
}

// exactReader reads the number of bytes that an object's header gives, and fails if there are
// fewer or more.
type exactReader struct {
	inflated  io.Reader
	remaining int64
	release   func()
	more      [1]byte // what end reads into
}

// Read returns the last bytes only after it has checked that nothing follows.
func (r *exactReader) Read(p []byte) (int, error) {
	if r.remaining == 0 {
		return 0, cmp.Or(r.end(), io.EOF)
	}
	n, err := r.inflate(p[:min(int64(len(p)), r.remaining)])
	r.remaining -= int64(n)
	switch {
	case r.remaining == 0:
		if err := r.end(); err != nil {
			return 0, err
		}
		return n, nil
	case errors.Is(err, io.EOF):
		return n, explainDamage(io.ErrUnexpectedEOF)
	}
	return n, explainDamage(err)
}

// inflate reads what may come from a mapped file.
func (r *exactReader) inflate(p []byte) (n int, err error) {
	err = catchFaults(func() (err error) {
		n, err = r.inflated.Read(p)
		return err
	})
	return n, err
}

// explainDamage says what to do about an object that cannot be inflated. It returns other errors
// as they are.
func explainDamage(err error) error {
	var corrupt flate.CorruptInputError
	if errors.As(err, &corrupt) || errors.Is(err, zlib.ErrChecksum) || errors.Is(err, zlib.ErrHeader) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("damaged: %w%s", err, damageHelp)
	}
	return err
}

// ErrKind returns the error for an object that is not what another object, which names it, says:
// a byte of its head may have flipped.
func ErrKind(id plumbing.Hash, kind plumbing.ObjectType, expected string) error {
	return fmt.Errorf("damaged: object %s is a %s, and what names it says %s%s", id, kind, expected, damageHelp)
}

const damageHelp = " (`git fsck` in the repository says what else is; a new clone of its remote has it)"

// end checks that nothing follows and that the checksum is right.
func (r *exactReader) end() error {
	if n, err := r.inflate(r.more[:]); n != 0 || !errors.Is(err, io.EOF) {
		return errors.New("damaged: object longer than its head says, or its checksum is wrong" + damageHelp)
	}
	return nil
}

// Close returns the reader's resources to their pools.
func (r *exactReader) Close() error {
	if r.release != nil {
		r.release()
		r.release = nil
	}
	return nil
}
