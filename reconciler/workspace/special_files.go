package workspace

import (
	"fmt"
	"io/fs"
	"path"
)

// specialFiles are the objects below a directory that need more than the
// directory's id, or that cannot be used at all. Paths are the repository's.
type specialFiles struct {
	links      []string
	submodules []string
	pointers   []string // of Git LFS
	skipped    []error  // what is to be said of what is not laid out
}

// lfsPointerPrefix begins every Git LFS pointer, and an object's SHA-256 and size
// follow; none is longer than maxPointerSize bytes (the LFS specification). What
// cannot be one by its size is not read.
const (
	lfsPointerPrefix = "version https://git-lfs.github.com/spec/v1\n"
	minPointerSize   = len(lfsPointerPrefix) + len("oid sha256:") + 64 + len("\nsize 0\n")
	maxPointerSize   = 1024
)

// findSpecialFiles looks through the directory dir, once.
func (l *Loader) findSpecialFiles(dir string) (*specialFiles, error) {
	return l.scans.get(dir, func() (*specialFiles, error) { return l.scanDir(dir) })
}

func (l *Loader) scanDir(dir string) (*specialFiles, error) {
	entries, err := l.tree.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", dir, err)
	}
	skipped, err := l.tree.SkippedEntries(dir)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", dir, err)
	}
	found := &specialFiles{skipped: skipped}
	for _, e := range entries {
		p := path.Join(dir, e.Name())
		switch {
		case e.Type().IsRegular() && l.product.isConfigFile(e.Name()): // parsing it tells
		case e.Type().IsRegular():
			if info, err := e.Info(); err == nil && l.isLFSPointer(p, info) {
				found.pointers = append(found.pointers, p)
			}
		case e.IsDir():
			inner, err := l.findSpecialFiles(p)
			if err != nil {
				return nil, err
			}
			found.merge(inner)
		case e.Type()&fs.ModeSymlink != 0:
			found.links = append(found.links, p)
		default:
			found.submodules = append(found.submodules, p)
		}
	}
	return found, nil
}

func (o *specialFiles) merge(other *specialFiles) {
	o.links = append(o.links, other.links...)
	o.submodules = append(o.submodules, other.submodules...)
	o.pointers = append(o.pointers, other.pointers...)
	o.skipped = append(o.skipped, other.skipped...)
}
