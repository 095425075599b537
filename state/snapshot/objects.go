package snapshot

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// An archive begins with the Git objects of its tree that the files do not
// tell, such as the commit's: in a skippable frame, which every reader of zstd
// passes over (RFC 8878, 3.1.2). An archive of an older version has none.
const (
	objectsMagic    = 0x184d2a5e
	frameHeaderSize = 8 // bytes: the magic number and the length of the data
	maxObjectsBytes = 64 << 20
)

// writeObjects writes the frame that holds objects; nothing for none.
func writeObjects(w io.Writer, objects []byte) error {
	if len(objects) == 0 {
		return nil
	}
	if len(objects) > maxObjectsBytes {
		return fmt.Errorf("its commit and odd directories take %d bytes (at most %d)", len(objects), maxObjectsBytes)
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

// readObjects reads the frame that an archive begins with and returns what it
// holds. It reads nothing of an archive without one.
func readObjects(archive *bufio.Reader) ([]byte, error) {
	header, err := archive.Peek(frameHeaderSize)
	if len(header) < frameHeaderSize {
		if errors.Is(err, io.EOF) {
			return nil, nil // what follows tells that it is no archive
		}
		return nil, err
	}
	if binary.LittleEndian.Uint32(header) != objectsMagic {
		return nil, nil
	}
	size := int64(binary.LittleEndian.Uint32(header[4:]))
	if size > maxObjectsBytes {
		return nil, fmt.Errorf("damaged: its commit would have %d bytes", size)
	}
	if _, err := archive.Discard(frameHeaderSize); err != nil {
		return nil, err
	}
	var objects bytes.Buffer // grows with what is there, not with what is said
	if _, err := io.CopyN(&objects, archive, size); err != nil {
		return nil, fmt.Errorf("its commit is cut off: %w", err)
	}
	return objects.Bytes(), nil
}
