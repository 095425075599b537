package odb

import (
	"io"
	"sync/atomic"
)

// A pack is read in windows: objects that are read one after the other mostly lie side by side,
// and a call to the system for each costs as much as a tenth of inflating it.
const windowSize = 32 << 10

// windows are parts of packs that are in memory, 2 MiB at most. A part may be in one place only,
// so that none must be searched.
var windows [64]atomic.Pointer[window]

type window struct {
	pack   *pack
	number int64 // its offset in the pack, in windows
	data   []byte
}

// readWindow returns the part of the pack with that number, which ends with the file at the
// latest.
func (p *pack) readWindow(number int64) (*window, error) {
	place := &windows[number%int64(len(windows))]
	if held := place.Load(); held != nil && held.pack == p && held.number == number {
		return held, nil
	}
	data := make([]byte, min(windowSize, p.size-number*windowSize))
	if _, err := p.data.ReadAt(data, number*windowSize); err != nil {
		return nil, err
	}
	read := &window{p, number, data}
	place.Store(read)
	return read, nil
}

// packReader reads a pack from an offset to its end.
type packReader struct {
	pack   *pack
	offset int64  // of what follows unread
	unread []byte // the rest of a window
}

// Read returns at most the rest of a window: what follows may not be needed.
func (r *packReader) Read(p []byte) (int, error) {
	if err := r.fill(); err != nil {
		return 0, err
	}
	n := copy(p, r.unread)
	r.unread = r.unread[n:]
	return n, nil
}

func (r *packReader) ReadByte() (byte, error) {
	if err := r.fill(); err != nil {
		return 0, err
	}
	b := r.unread[0]
	r.unread = r.unread[1:]
	return b, nil
}

// fill reads the next window if nothing is unread.
func (r *packReader) fill() error {
	if len(r.unread) > 0 {
		return nil
	}
	if r.offset >= r.pack.size {
		return io.EOF
	}
	read, err := r.pack.readWindow(r.offset / windowSize)
	if err != nil {
		return err
	}
	r.unread = read.data[r.offset%windowSize:]
	r.offset += int64(len(r.unread))
	return nil
}
