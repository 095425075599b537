package workspace

import (
	"fmt"
	"io/fs"
	"path"
)

// oddities are the objects below a directory that need more than the
// directory's id, or that cannot be used at all. Paths are the repository's.
type oddities struct {
	links      []string
	submodules []string
	pointers   []string // of Git LFS
	leftOut    []error  // what is to be said of what is not laid out
}

// pointerPrefix begins every Git LFS pointer, and an object's SHA-256 and size
// follow; none is longer than maxPointer bytes (the LFS specification). What
// cannot be one by its size is not read.
const (
	pointerPrefix = "version https://git-lfs.github.com/spec/v1\n"
	minPointer    = len(pointerPrefix) + len("oid sha256:") + 64 + len("\nsize 0\n")
	maxPointer    = 1024
)

// oddities looks through the directory dir, once.
func (l *Loader) oddities(dir string) (*oddities, error) {
	return l.scans.get(dir, func() (*oddities, error) { return l.scan(dir) })
}

func (l *Loader) scan(dir string) (*oddities, error) {
	entries, err := l.tree.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", dir, err)
	}
	left, err := l.tree.LeftOut(dir)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", dir, err)
	}
	found := &oddities{leftOut: left}
	for _, e := range entries {
		p := path.Join(dir, e.Name())
		switch {
		case e.Type().IsRegular() && l.product.reads(e.Name()): // parsing it tells
		case e.Type().IsRegular():
			if info, err := e.Info(); err == nil && l.isPointer(p, info) {
				found.pointers = append(found.pointers, p)
			}
		case e.IsDir():
			below, err := l.oddities(p)
			if err != nil {
				return nil, err
			}
			found.add(below)
		case e.Type()&fs.ModeSymlink != 0:
			found.links = append(found.links, p)
		default:
			found.submodules = append(found.submodules, p)
		}
	}
	return found, nil
}

func (o *oddities) add(below *oddities) {
	o.links = append(o.links, below.links...)
	o.submodules = append(o.submodules, below.submodules...)
	o.pointers = append(o.pointers, below.pointers...)
	o.leftOut = append(o.leftOut, below.leftOut...)
}
