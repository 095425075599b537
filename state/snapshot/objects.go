package snapshot

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// An archive begins with those Git objects of its tree that cannot be rebuilt from the
// files, such as the commit. They are in a skippable frame, which every reader of zstd
// skips (RFC 8878, 3.1.2). An archive of an older version has none.
const (
	objectsMagic    = 0x184d2a5e
	frameHeaderSize = 8 // bytes: the magic number and the length of the data
	maxObjectsBytes = 64 << 20
)

// writeObjects writes the frame that holds objects; it writes nothing if there are none.
func writeObjects(w io.Writer, objects []byte) error {
	if len(objects) == 0 {
		return nil
	}
	if len(objects) > maxObjectsBytes {
		return fmt.Errorf("its Git objects take %d bytes (at most %d)", len(objects), maxObjectsBytes)
	}
	var header [frameHeaderSize]byte
	binary.LittleEndian.PutUint32(header[:4], objectsMagic)
	binary.LittleEndian.PutUint32(header[4:], uint32(len(objects)))
	_, err := w.Write(header[:])
	if err == nil {
		_, err = w.Write(objects)
	}
	return err
}

// readObjects reads the frame at the beginning of an archive and returns its contents. Of
// an archive without a frame it reads nothing.
func readObjects(archive *bufio.Reader) ([]byte, error) {
	header, err := archive.Peek(frameHeaderSize)
	if len(header) < frameHeaderSize {
		if errors.Is(err, io.EOF) {
			return nil, nil // the next reader reports that it is no archive
		}
		return nil, err
	}
	if binary.LittleEndian.Uint32(header) != objectsMagic {
		return nil, nil
	}
	size := int64(binary.LittleEndian.Uint32(header[4:]))
	if size > maxObjectsBytes {
		return nil, fmt.Errorf("corrupt: its Git objects would take %d bytes", size)
	}
	if _, err := archive.Discard(frameHeaderSize); err != nil {
		return nil, err
	}
	var objects bytes.Buffer // grows with the data present, not with the announced size
	if _, err := io.CopyN(&objects, archive, size); err != nil {
		return nil, fmt.Errorf("its Git objects are truncated: %w", err)
	}
	return objects.Bytes(), nil
}
