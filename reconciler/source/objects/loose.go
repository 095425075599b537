package objects

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/klauspost/compress/zlib"
)

// loosePath is where an object lies that is in no pack.
func loosePath(dir string, id plumbing.Hash) string {
	hex := id.String()
	return filepath.Join(dir, hex[:2], hex[2:])
}

func (s *Store) readLoose(id plumbing.Hash) (plumbing.ObjectType, []byte, error) {
	for _, dir := range s.dirs {
		f, err := os.Open(loosePath(dir, id))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return 0, nil, fmt.Errorf("read object %s: %w", id, err)
		}
		kind, data, err := decodeLoose(f)
		f.Close()
		if err != nil {
			return 0, nil, fmt.Errorf("read object %s: %w", id, err)
		}
		return kind, data, nil
	}
	return 0, nil, fmt.Errorf("object %s: %w", id, ErrNotFound)
}

// decodeLoose inflates "TYPE SIZE\x00CONTENT".
func decodeLoose(r io.Reader) (plumbing.ObjectType, []byte, error) {
	z, err := zlib.NewReader(r)
	if err != nil {
		return 0, nil, err
	}
	defer z.Close()
	all, err := io.ReadAll(z)
	if err != nil {
		return 0, nil, err
	}
	header, content, ok := bytes.Cut(all, []byte{0})
	name, size, ok2 := bytes.Cut(header, []byte{' '})
	if !ok || !ok2 {
		return 0, nil, errors.New("damaged object: no header")
	}
	kind, err := plumbing.ParseObjectType(string(name))
	if err != nil {
		return 0, nil, fmt.Errorf("damaged object: type %q", name)
	}
	if n, err := strconv.Atoi(string(size)); err != nil || n != len(content) {
		return 0, nil, fmt.Errorf("damaged object: %d bytes where its header says %q", len(content), size)
	}
	return kind, content, nil
}
