package workspace

import (
	"fmt"
	"io/fs"
	"path"
)

// specialFiles are the objects below a directory for which the directory's id is not
// enough, or that cannot be used. Paths are repository paths.
type specialFiles struct {
	links      []string
	submodules []string
	pointers   []string // Git LFS pointers, unless Loader.SkipPointers
	skipped    []error  // errors for entries that are not checked out
}

// lfsPointerPrefix begins every Git LFS pointer; the SHA-256 and the size of the object
// follow. The LFS specification limits a pointer to maxPointerSize bytes. A file of another
// size is not read.
const (
	lfsPointerPrefix = "version https://git-lfs.github.com/spec/v1\n"
	minPointerSize   = len(lfsPointerPrefix) + len("oid sha256:") + 64 + len("\nsize 0\n")
	maxPointerSize   = 1024
)

// findSpecialFiles searches the directory dir, and stores the result.
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
		case e.Type().IsRegular() && l.product.IsConfigFile(e.Name()): // parsing reports it
		case e.Type().IsRegular():
			if l.SkipPointers {
				continue
			}
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
