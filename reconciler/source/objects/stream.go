package objects

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/klauspost/compress/zlib"
)

// MaxRead is the largest object that Read returns, in bytes. Larger ones are
// read through Open.
const MaxRead = 64 << 20

// Object is an object opened for reading. Content ends with an error unless it
// is as long as Size says.
type Object struct {
	Kind    plumbing.ObjectType
	Size    int64
	Content io.ReadCloser
}

// Open opens the object for reading, whatever its size: it is not held in
// memory.
func (s *Store) Open(id plumbing.Hash) (*Object, error) {
	p, offset, err := s.findObject(id)
	if err != nil {
		return nil, err
	}
	if p == nil {
		return s.openLoose(id)
	}
	o, err := s.openAt(p, offset)
	return o, p.failed(id, err)
}

// openAt opens the object at offset of the pack.
func (s *Store) openAt(p *pack, offset int64) (*Object, error) {
	e, err := p.readEntry(offset)
	if err != nil {
		return nil, err
	}
	if !isDelta(e.kind) {
		body, err := e.open()
		return &Object{e.kind, e.size, body}, err
	}
	readers.Put(e.body)
	c, err := (&resolution{store: s, pack: p}).resolve(offset, 0)
	if err != nil {
		return nil, err
	}
	return &Object{c.kind, c.size, c.reader()}, nil
}

// Read returns the type and content of the object, which must not be changed:
// others may be reading it. It refuses what is larger than MaxRead.
func (s *Store) Read(id plumbing.Hash) (plumbing.ObjectType, []byte, error) {
	p, offset, err := s.findObject(id)
	if err != nil {
		return 0, nil, err
	}
	var o *Object
	if p == nil {
		o, err = s.openLoose(id)
	} else {
		if kind, data, ok := s.bases.get(p, offset); ok {
			return kind, data, nil
		}
		o, err = s.openAt(p, offset)
		err = p.failed(id, err)
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

// ReadAll returns the content, unless it is larger than MaxRead.
func (o *Object) ReadAll() ([]byte, error) {
	if o.Size > MaxRead {
		return nil, fmt.Errorf("it has %d bytes, and more than %d are not read at once", o.Size, MaxRead)
	}
	data := bytes.NewBuffer(make([]byte, 0, min(o.Size, maxHeld)+bytes.MinRead)) // the head may lie
	_, err := data.ReadFrom(o.Content)
	return data.Bytes(), err
}

// Size returns the length of the object's content, which its head tells.
func (s *Store) Size(id plumbing.Hash) (int64, error) {
	p, offset, err := s.findObject(id)
	if err != nil {
		return 0, err
	}
	if p == nil {
		o, err := s.openLoose(id)
		if err != nil {
			return 0, err
		}
		return o.Size, o.Content.Close()
	}
	size, err := p.sizeAt(offset)
	return size, p.failed(id, err)
}

// inflaters are kept for reuse, as they are larger than most objects.
var inflaters sync.Pool

func inflate(r io.Reader) (io.ReadCloser, error) {
	if z, ok := inflaters.Get().(io.ReadCloser); ok {
		return z, z.(zlib.Resetter).Reset(r, nil)
	}
	return zlib.NewReader(r)
}

// exactly reads as many bytes as an object has by its head, and makes sure
// that there are neither fewer nor more.
type exactly struct {
	inflated io.Reader
	left     int64
	release  func()
}

// Read gives out the last bytes only when they are known to be the last.
func (r *exactly) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, cmp.Or(r.end(), io.EOF)
	}
	n, err := r.inflated.Read(p[:min(int64(len(p)), r.left)])
	r.left -= int64(n)
	switch {
	case r.left == 0:
		if err := r.end(); err != nil {
			return 0, err
		}
		return n, nil
	case err == io.EOF:
		return n, io.ErrUnexpectedEOF
	}
	return n, err
}

// end makes sure that nothing follows, and that the checksum is right.
func (r *exactly) end() error {
	if n, err := r.inflated.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		return errors.New("damaged: object longer than its head says, or its checksum is wrong")
	}
	return nil
}

// Close gives back what reading took.
func (r *exactly) Close() error {
	if r.release != nil {
		r.release()
		r.release = nil
	}
	return nil
}
