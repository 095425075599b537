package odb

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/go-git/go-git/v5/plumbing"
)

// loosePath returns the path of an object that is in no pack.
func loosePath(dir string, id plumbing.Hash) string {
	hex := id.String()
	return filepath.Join(dir, hex[:2], hex[2:])
}

func (s *Store) openLoose(id plumbing.Hash) (*Object, error) {
	for _, dir := range s.dirs {
		// For files O_NONBLOCK means nothing, but saves Go four calls to the system.
		f, err := os.OpenFile(loosePath(dir, id), os.O_RDONLY|syscall.O_NONBLOCK, 0)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read object %s: %w", id, err)
		}
		o, err := decodeLoose(f)
		if err != nil {
			f.Close()
			return nil, fmt.Errorf("read object %s: %w", id, err)
		}
		return o, nil
	}
	return nil, fmt.Errorf("object %s: %w", id, ErrNotFound)
}

// decodeLoose inflates "TYPE SIZE\x00CONTENT" and parses the header. Closing the object
// closes f.
func decodeLoose(f io.ReadCloser) (_ *Object, err error) {
	raw := readers.Get().(*bufio.Reader)
	raw.Reset(f)
	z, err := inflate(raw)
	if err != nil {
		readers.Put(raw)
		return nil, err
	}
	r := readers.Get().(*bufio.Reader)
	r.Reset(z)
	release := func() {
		inflaters.Put(z)
		readers.Put(r)
		readers.Put(raw)
	}
	defer func() {
		if err != nil {
			release()
		}
	}()
	header, err := r.ReadSlice(0)
	if err != nil {
		return nil, fmt.Errorf("damaged object: no header: %w", err)
	}
	name, length, _ := strings.Cut(string(header[:len(header)-1]), " ")
	kind, err := plumbing.ParseObjectType(name)
	if err != nil {
		return nil, fmt.Errorf("damaged object: type %q", name)
	}
	size, err := strconv.ParseInt(length, 10, 64)
	if err != nil || size < 0 {
		return nil, fmt.Errorf("damaged object: length %q", length)
	}
	return &Object{kind, size, &exactReader{inflated: r, remaining: size, release: func() { release(); f.Close() }}}, nil
}
