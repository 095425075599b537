package odb

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sort"
	"sync"

	"github.com/go-git/go-git/v5/plumbing"
)

// A pack's index, version 2 (gitformat-pack(5)): header, fan-out, ids, CRCs, 31-bit offsets,
// 63-bit offsets for packs above 2 GiB, two checksums.
const (
	packMagic       = "PACK"
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

// pack is one pack file with its index.
type pack struct {
	path   string // without extension
	index  *mappedFile
	data   *mappedFile
	fanout [256]uint32

	offsets map[plumbing.Hash]int64 // of the objects, while there is no index
}

func openPack(path string) (_ *pack, err error) {
	p := &pack{path: path}
	defer func() {
		if err != nil {
			err = fmt.Errorf("open pack: %w", err)
		}
	}()
	if p.index, err = mapFile(path + ".idx"); err != nil {
		return nil, err
	}
	if p.data, err = mapFile(path + ".pack"); err != nil {
		return nil, err
	}
	if err := p.readFanout(); err != nil {
		return nil, err
	}
	return p, p.checkEnds()
}

func (p *pack) errIndex() error {
	return fmt.Errorf("%s.idx: damaged, or not of version 2 (`git index-pack %s.pack` writes it again)", p.path, p.path)
}

func (p *pack) readFanout() error {
	return catchFaults(func() error {
		head := p.index.data[:min(idsOffset, len(p.index.data))]
		if len(head) < idsOffset || string(head[:fanoutOffset]) != indexMagic {
			return p.errIndex()
		}
		last := uint32(0)
		for i := range p.fanout {
			p.fanout[i] = binary.BigEndian.Uint32(head[fanoutOffset+4*i:])
			if p.fanout[i] < last {
				return p.errIndex()
			}
			last = p.fanout[i]
		}
		if p.index.size() < idsOffset+int64(last)*(idLen+4+4)+trailerLen {
			return p.errIndex()
		}
		return nil
	})
}

// checkEnds looks, as Git does, whether the pack begins as one and ends with the checksum that
// its index has of it: it may be cut short, or another.
func (p *pack) checkEnds() error {
	return catchFaults(func() error {
		data, index := p.data.data, p.index.data
		if len(data) < trailerLen || string(data[:len(packMagic)]) != packMagic || !bytes.Equal(data[len(data)-idLen:], index[len(index)-trailerLen:][:idLen]) {
			return fmt.Errorf("%s.pack: damaged: cut short, or not the pack of its index%s", p.path, damageHelp)
		}
		return nil
	})
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
	low, high := 0, int(p.fanout[id[0]])
	if id[0] > 0 {
		low = int(p.fanout[id[0]-1])
	}
	err = catchFaults(func() error {
		ids := p.index.data[idsOffset:]
		var n int
		if n, ok = sort.Find(high-low, func(i int) int { return bytes.Compare(id[:], ids[(low+i)*idLen:][:idLen]) }); ok {
			offset, err = p.readOffset(low + n)
		}
		return err
	})
	return offset, ok && err == nil, err
}

// readOffset returns the n-th offset of the index.
func (p *pack) readOffset(n int) (int64, error) {
	total := int(p.fanout[255])
	narrow := p.index.data[idsOffset+total*(idLen+4):]
	offset := binary.BigEndian.Uint32(narrow[4*n:])
	if offset < wideOffsetFlag {
		return int64(offset), nil
	}
	wide := narrow[4*total : len(narrow)-trailerLen]
	if at := 8 * int(offset-wideOffsetFlag); at+8 <= len(wide) {
		return int64(binary.BigEndian.Uint64(wide[at:])), nil
	}
	return 0, errors.New("damaged: the index is cut short")
}

// packEntry is the header of an object in a pack.
type packEntry struct {
	kind       plumbing.ObjectType
	size       int64         // inflated size; for a delta, of the delta itself
	maxSize    int64         // maximum size that the rest of the pack can inflate to
	baseOffset int64         // offset of the base of an offset delta
	baseID     plumbing.Hash // id of the base of a reference delta
	pack       *pack
	body       bytes.Reader // the pack from here to its end
}

func (p *pack) readEntry(offset int64) (*packEntry, error) {
	if offset <= 0 || offset >= p.data.size() {
		return nil, fmt.Errorf("damaged: offset %d outside the pack", offset)
	}
	e := &packEntry{pack: p, maxSize: (p.data.size() - offset) * maxDeflateRatio}
	e.body.Reset(p.data.data[offset:])
	return e, catchFaults(func() error { return e.readHead(offset) })
}

func (e *packEntry) readHead(offset int64) error {
	first, err := e.body.ReadByte()
	if err != nil {
		return err
	}
	e.kind, e.size = plumbing.ObjectType(first>>4&7), int64(first&15)
	for shift, b := 4, first; b&0x80 != 0; shift += 7 {
		if b, err = e.body.ReadByte(); err != nil || shift > 56 {
			return errors.New("damaged: object head")
		}
		e.size |= int64(b&0x7f) << shift
	}
	switch e.kind {
	case plumbing.OFSDeltaObject:
		e.baseOffset, err = parseBaseOffset(&e.body, offset)
	case plumbing.REFDeltaObject:
		_, err = io.ReadFull(&e.body, e.baseID[:])
	}
	return err
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

// These buffers are larger than most objects, so they are reused.
var (
	readers     = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, packReadSize) }}
	copyBuffers = sync.Pool{New: func() any { b := make([]byte, 1<<15); return &b }}
)

// open inflates the body, whose length must match the header. e must not be used after the
// result is closed.
func (e *packEntry) open() (*exactReader, error) {
	if e.size < 0 || e.size > e.maxSize {
		return nil, errors.New("damaged: object larger than its pack can hold")
	}
	var z io.ReadCloser
	err := catchFaults(func() (err error) {
		z, err = inflate(&e.body)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &exactReader{inflated: z, remaining: e.size, release: func() { inflaters.Put(z) }}, nil
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
