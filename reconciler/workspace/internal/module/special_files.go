package module

import (
	"bytes"
	"fmt"
	"io/fs"

	"reconcile/internal/gitpath"
)

// SpecialFiles are the objects below a directory for which the directory's id is not
// enough, or that cannot be used. Paths are repository paths.
type SpecialFiles struct {
	Links      []string
	Submodules []string
	Pointers   []string // Git LFS pointers, but see Loader.SkipsPointers
	Skipped    []error  // errors for entries that are not checked out
}

// lfsPointerPrefix begins every Git LFS pointer; the SHA-256 and the size of the object
// follow. The LFS specification limits a pointer to maxPointerSize bytes. A file of another
// size is not read.
const (
	lfsPointerPrefix = "version https://git-lfs.github.com/spec/v1\n"
	minPointerSize   = len(lfsPointerPrefix) + len("oid sha256:") + 64 + len("\nsize 0\n")
	maxPointerSize   = 1024
)

// FindSpecialFiles searches the directory dir, and stores the result.
func (l *Loader) FindSpecialFiles(dir string) (*SpecialFiles, error) {
	return l.findSpecialFiles(dir, l.SkipsPointers(dir))
}

func (l *Loader) findSpecialFiles(dir string, skipsPointers bool) (*SpecialFiles, error) {
	scans := &l.scans
	if skipsPointers {
		scans = &l.scansWithoutPointers
	}
	return scans.get(dir, func() (*SpecialFiles, error) { return l.scanDir(dir, skipsPointers) })
}

func (l *Loader) scanDir(dir string, skipsPointers bool) (*SpecialFiles, error) {
	entries, err := l.tree.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", dir, err)
	}
	skipped, err := l.tree.SkippedEntries(dir)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", dir, err)
	}
	found := &SpecialFiles{Skipped: skipped}
	for _, e := range entries {
		if e.Type().IsRegular() && (skipsPointers || l.product.IsConfigFile(e.Name())) { // parsing reports a pointer
			continue
		}
		p := gitpath.Join(dir, e.Name())
		switch {
		case e.Type().IsRegular():
			if info, err := e.Info(); err == nil && l.IsLFSPointer(p, info) {
				found.Pointers = append(found.Pointers, p)
			}
		case e.IsDir():
			inner, err := l.findSpecialFiles(p, skipsPointers || l.SkipsPointers(p))
			if err != nil {
				return nil, err
			}
			found.merge(inner)
		case e.Type()&fs.ModeSymlink != 0:
			found.Links = append(found.Links, p)
		default:
			found.Submodules = append(found.Submodules, p)
		}
	}
	return found, nil
}

func (f *SpecialFiles) merge(other *SpecialFiles) {
	f.Links = append(f.Links, other.Links...)
	f.Submodules = append(f.Submodules, other.Submodules...)
	f.Pointers = append(f.Pointers, other.Pointers...)
	f.Skipped = append(f.Skipped, other.Skipped...)
}

// LFSPointerText says of a file that it is a Git LFS pointer, and what to do.
const LFSPointerText = "is a Git LFS pointer, which is not supported: commit the file itself to Git, or move it out of what Terraform reads"

// IsLFSPointer reports whether the file at p is a Git LFS pointer.
func (l *Loader) IsLFSPointer(p string, info fs.FileInfo) bool {
	if !info.Mode().IsRegular() || info.Size() < int64(minPointerSize) || info.Size() > maxPointerSize {
		return false
	}
	text, err := l.tree.ReadFile(p)
	return err == nil && bytes.HasPrefix(text, []byte(lfsPointerPrefix))
}
