package odb

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"sync"
	"sync/atomic"

	"github.com/go-git/go-git/v5/plumbing"
)

// A pack's index, version 2 (gitformat-pack(5)): header, fan-out, ids, CRCs, 31-bit offsets,
// 63-bit offsets for packs above 2 GiB, two checksums.
const (
	indexMagic      = "\xfftOc\x00\x00\x00\x02"
	fanoutOffset    = 8
	fanoutLen       = 256 * 4
	idsOffset       = fanoutOffset + fanoutLen
	idLen           = 20
	wideOffsetFlag  = 1 << 31
	trailerLen      = 2 * idLen
	packReadSize    = 4096
	maxDeflateRatio = 1032 // maximum compression ratio of deflate
)

// pack is one pack file with its index. The index is searched on disk.
type pack struct {
	path   string // without extension
	index  *os.File
	data   *os.File
	size   int64 // size of the pack file
	fanout [256]uint32

	offsets map[plumbing.Hash]int64 // of the objects, while there is no index

	lookups   atomic.Int32
	heldIndex atomic.Pointer[bytes.Reader] // the index in memory; nil: not yet
}

func openPack(path string) (_ *pack, err error) {
	p := &pack{path: path}
	defer func() {
		if err != nil {
			p.close()
			err = fmt.Errorf("open pack: %w", err)
		}
	}()
	if p.index, err = os.Open(path + ".idx"); err != nil {
		return nil, err
	}
	if p.data, err = os.Open(path + ".pack"); err != nil {
		return nil, err
	}
	info, err := p.data.Stat()
	if err != nil {
		return nil, err
	}
	p.size = info.Size()
	return p, p.readFanout()
}

func (p *pack) readFanout() error {
	var head [idsOffset]byte
	if _, err := p.index.ReadAt(head[:], 0); err != nil || string(head[:fanoutOffset]) != indexMagic {
		return fmt.Errorf("%s.idx: not a pack index of version 2", p.path)
	}
	last := uint32(0)
	for i := range p.fanout {
		p.fanout[i] = binary.BigEndian.Uint32(head[fanoutOffset+4*i:])
		if p.fanout[i] < last {
			return fmt.Errorf("%s.idx: damaged", p.path)
		}
		last = p.fanout[i]
	}
	info, err := p.index.Stat()
	if err != nil {
		return err
	}
	if info.Size() < idsOffset+int64(last)*(idLen+4+4)+trailerLen {
		return fmt.Errorf("%s.idx: cut short", p.path)
	}
	return nil
}

func (p *pack) close() error {
	var errs []error
	for _, f := range []*os.File{p.index, p.data} {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	return errors.Join(errs...)
}

// wrapError adds the object's id and the pack to err; nil if err is nil.
func (p *pack) wrapError(id plumbing.Hash, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("read object %s from %s: %w", id, filepath.Base(p.path), err)
}

// find returns the offset of the object in the pack.
func (p *pack) find(id plumbing.Hash) (offset int64, ok bool, err error) {
	if p.index == nil {
		offset, ok = p.offsets[id]
		return offset, ok, nil
	}
	low, high := uint32(0), p.fanout[id[0]]
	if id[0] > 0 {
		low = p.fanout[id[0]-1]
	}
	if low == high {
		return 0, false, nil
	}
	buffer := idBuffers.Get().(*[]byte)
	defer idBuffers.Put(buffer)
	*buffer = slices.Grow((*buffer)[:0], int(high-low)*idLen)
	ids := (*buffer)[:int(high-low)*idLen]
	if _, err := p.indexReader().ReadAt(ids, idsOffset+int64(low)*idLen); err != nil {
		return 0, false, err
	}
	n := sort.Search(int(high-low), func(i int) bool {
		return bytes.Compare(ids[i*idLen:(i+1)*idLen], id[:]) >= 0
	})
	if n == int(high-low) || !bytes.Equal(ids[n*idLen:(n+1)*idLen], id[:]) {
		return 0, false, nil
	}
	offset, err = p.readOffset(int64(low) + int64(n))
	return offset, err == nil, err
}

// After minHeldLookups an index of at most maxHeldIndex bytes is read into memory: that costs as
// much as the calls to the system of some hundred lookups.
const (
	minHeldLookups = 200
	maxHeldIndex   = 16 << 20
)

// indexReader returns what to read the index from. It counts the lookups.
func (p *pack) indexReader() io.ReaderAt {
	if held := p.heldIndex.Load(); held != nil {
		return held
	}
	if p.lookups.Add(1) == minHeldLookups {
		if info, err := p.index.Stat(); err == nil && info.Size() <= maxHeldIndex {
			text := make([]byte, info.Size())
			if _, err := p.index.ReadAt(text, 0); err == nil { // otherwise a lookup returns the error
				p.heldIndex.Store(bytes.NewReader(text))
			}
		}
	}
	return p.index
}

// readOffset returns the n-th offset of the index.
func (p *pack) readOffset(n int64) (int64, error) {
	total := int64(p.fanout[255])
	narrowOffset := idsOffset + total*(idLen+4)
	var b [8]byte
	if _, err := p.indexReader().ReadAt(b[:4], narrowOffset+4*n); err != nil {
		return 0, err
	}
	offset := int64(binary.BigEndian.Uint32(b[:4]))
	if offset < wideOffsetFlag {
		return offset, nil
	}
	if _, err := p.indexReader().ReadAt(b[:], narrowOffset+4*total+8*(offset-wideOffsetFlag)); err != nil {
		return 0, err
	}
	return int64(binary.BigEndian.Uint64(b[:])), nil
}

// packEntry is the header of an object in a pack.
type packEntry struct {
	kind       plumbing.ObjectType
	size       int64         // inflated size; for a delta, of the delta itself
	maxSize    int64         // maximum size that the rest of the pack can inflate to
	baseOffset int64         // offset of the base of an offset delta
	baseID     plumbing.Hash // id of the base of a reference delta
	body       packReader
}

func (p *pack) readEntry(offset int64) (*packEntry, error) {
	if offset <= 0 || offset >= p.size {
		return nil, fmt.Errorf("damaged: offset %d outside the pack", offset)
	}
	e := &packEntry{body: packReader{pack: p, offset: offset}, maxSize: (p.size - offset) * maxDeflateRatio}
	r := &e.body
	first, err := r.ReadByte()
	if err != nil {
		return nil, err
	}
	e.kind, e.size = plumbing.ObjectType(first>>4&7), int64(first&15)
	for shift, b := 4, first; b&0x80 != 0; shift += 7 {
		if b, err = r.ReadByte(); err != nil || shift > 56 {
			return nil, errors.New("damaged: object head")
		}
		e.size |= int64(b&0x7f) << shift
	}
	switch e.kind {
	case plumbing.OFSDeltaObject:
		e.baseOffset, err = parseBaseOffset(r, offset)
	case plumbing.REFDeltaObject:
		_, err = io.ReadFull(r, e.baseID[:])
	}
	return e, err
}

// parseBaseOffset reads the distance to the base of a delta at offset, and returns the base's
// offset.
func parseBaseOffset(r io.ByteReader, offset int64) (int64, error) {
	distance := int64(0)
	for n := 0; ; n++ {
		b, err := r.ReadByte()
		if err != nil || n > 8 {
			return 0, errors.New("damaged: base of a delta")
		}
		distance = distance<<7 | int64(b&0x7f)
		if b&0x80 == 0 {
			break
		}
		distance++
	}
	if distance <= 0 || distance >= offset {
		return 0, errors.New("damaged: base of a delta outside the pack")
	}
	return offset - distance, nil
}

// These buffers are larger than most objects, so they are reused: readers, the part of an index
// in which ids are looked up, and what is copied at once.
var (
	readers     = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, packReadSize) }}
	idBuffers   = sync.Pool{New: func() any { return new([]byte) }}
	copyBuffers = sync.Pool{New: func() any { b := make([]byte, 1<<15); return &b }}
)

// open inflates the body, whose length must match the header. e must not be used after the
// result is closed.
func (e *packEntry) open() (*exactReader, error) {
	if e.size < 0 || e.size > e.maxSize {
		return nil, errors.New("damaged: object larger than its pack can hold")
	}
	r := readers.Get().(*bufio.Reader)
	r.Reset(&e.body)
	z, err := inflate(r)
	if err != nil {
		return nil, err
	}
	return &exactReader{inflated: z, remaining: e.size, release: func() {
		inflaters.Put(z)
		readers.Put(r)
	}}, nil
}

// sizeAt returns the length of the object at offset with its deltas applied. A delta's own
// header contains it.
func (p *pack) sizeAt(offset int64) (int64, error) {
	e, err := p.readEntry(offset)
	if err != nil {
		return 0, err
	}
	if !isDelta(e.kind) {
		return e.size, nil
	}
	body, err := e.open()
	if err != nil {
		return 0, err
	}
	defer body.Close()
	_, size, err := readSizes(bufio.NewReaderSize(body, 32))
	return size, err
}
