// Package repotree is the tree of a commit as Terraform and OpenTofu see it: where a path
// leads through its links, and which files a product loads. It does not parse the files,
// and knows nothing of workspaces.
package repotree

import (
	"bytes"
	"fmt"
	"io/fs"
	"strings"
)

// AbsentID is the id of an object that does not exist.
const AbsentID = "absent"

// Tree is a Git tree. Paths are clean and slash-separated; "." is the root. Implementations
// are safe for concurrent use.
type Tree interface {
	fs.FS
	ReadFile(path string) ([]byte, error)
	ReadDir(path string) ([]fs.DirEntry, error)
	// Lstat and ReadLink do not follow a link at path itself.
	Lstat(path string) (fs.FileInfo, error)
	ReadLink(path string) (string, error)
	// SkippedEntries returns an error for each entry of a directory that ReadDir does not
	// list because it is not checked out for Terraform.
	SkippedEntries(path string) ([]error, error)
	// WithSkipped returns the tree whose ReadDir also lists those entries.
	WithSkipped() fs.FS
	// ID returns "mode:hex" of the object at path, or AbsentID. It does not follow a link
	// at path itself, but links on the way.
	ID(path string) string
	// FilteredID returns the ID that a directory would have without the entries below it for
	// which omits returns true, and without directories that are then empty. rel is relative
	// to the directory.
	FilteredID(path string, omits func(rel string, isDir bool) bool) string
}

// Prefixes of the ids that Tree.ID returns: the file modes of Git.
const (
	DirMode       = "040000:"
	LinkMode      = "120000:"
	SubmoduleMode = "160000:"
)

// SubmoduleError returns why the object at a path, a Git submodule, cannot be used.
func SubmoduleError(p string) error {
	return fmt.Errorf("%s is a Git submodule, which is not supported: copy its files into this repository, or call it as a module by its Git URL", p)
}

// ReadFile follows links, and returns the content of a file of at most limit bytes.
func ReadFile(tree Tree, p string, limit int64) ([]byte, error) {
	o, err := ResolveLinks(tree, p)
	if err != nil {
		return nil, err
	}
	return ReadLimited(tree, o.Path, limit)
}

// ReadLimited returns the content of a file of at most limit bytes.
func ReadLimited(tree Tree, p string, limit int64) ([]byte, error) {
	f, err := tree.Open(p)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("the file has %d bytes; the limit is %d: move large data out of it", info.Size(), limit)
	}
	content := bytes.NewBuffer(make([]byte, 0, info.Size()+bytes.MinRead))
	_, err = content.ReadFrom(f)
	return content.Bytes(), err
}

// IsFile reports whether path is a file of tree; it follows links.
func IsFile(tree Tree, path string) bool {
	real, err := ResolveLinks(tree, path)
	return err == nil && real.Exists && !real.Dir
}

// IsHidden reports whether an element of path begins with a dot, such as .terraform.
func IsHidden(path string) bool {
	return path != "." && (strings.HasPrefix(path, ".") || strings.Contains(path, "/."))
}

// RelativePath returns the relative path between two directories of the repository.
func RelativePath(from, to string) string {
	if from == to {
		return "."
	}
	a, b := splitPath(from), splitPath(to)
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	return strings.Join(append(strings.Split(strings.Repeat("../", len(a)), "/")[:len(a)], b...), "/")
}

func splitPath(p string) []string {
	if p == "." {
		return nil
	}
	return strings.Split(p, "/")
}
