package gittree

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"runtime"
	"strings"
	"unicode/utf8"

	"github.com/go-git/go-git/v5/plumbing/filemode"

	"reconcile/internal/gitpath"
	"reconcile/reconciler/source/internal/odb"
)

// Skipped entries are in a tree but in no checkout or snapshot: they could point outside the
// checkout, or no file system accepts them. They only matter to code that reads them, so they
// stop nothing else.

const (
	maxName   = 255  // bytes of a name: the limit of file systems
	maxPath   = 3072 // bytes of a path; leaves room for the path of the checkout
	maxTarget = 4095 // bytes of a symlink target: the limit of Linux
)

// ErrUnsafe is the kind of every SkippedEntry.
var ErrUnsafe = errors.New("unsafe path in the repository")

// SkippedEntry is an entry of a tree that is not checked out.
type SkippedEntry struct {
	Path   string
	Reason string
}

func (e SkippedEntry) Error() string {
	return fmt.Sprintf("%s is not checked out: %s; remove or rename it", gitpath.Quote(e.Path), e.Reason)
}

// Is makes errors.Is(err, ErrUnsafe) true.
func (e SkippedEntry) Is(target error) bool { return target == ErrUnsafe }

// SkippedEntries returns the entries of the directory dir that are not checked out, each as a
// SkippedEntry.
func (t *Tree) SkippedEntries(dir string) ([]error, error) {
	found, err := t.findPath("readdir", dir, followLast)
	if err != nil {
		return nil, err
	}
	list, err := t.readTree(found.entry.ID)
	if err != nil {
		return nil, pathError("readdir", dir, err)
	}
	var skipped []error
	for _, e := range list.entries {
		if reason := t.skipReason(found.path, e); reason != "" {
			skipped = append(skipped, SkippedEntry{path.Join(found.path, e.Name), reason})
		}
	}
	return skipped, nil
}

// skippedFS is a tree whose ReadDir also lists the entries that are not checked out.
type skippedFS struct {
	fs.FS     // the tree that has them
	all, tree *Tree
}

// WithSkipped returns the tree with the entries that are not checked out, for a search that must
// not miss them. Names that are no element of a path stay out.
func (t *Tree) WithSkipped() fs.FS {
	all := New(t.objects, t.root.ID, t.when, t.commit)
	all.listings, all.listsSkipped = t.listings, true
	return skippedFS{all, all, t}
}

// ReadDir implements fs.ReadDirFS. A snapshot has nothing of what is not checked out: there such
// a directory is empty.
func (f skippedFS) ReadDir(name string) ([]fs.DirEntry, error) {
	list, err := f.all.ReadDir(name)
	if errors.Is(err, odb.ErrNotFound) {
		if _, known := f.tree.findPath("readdir", name, followLast); errors.Is(known, ErrUnsafe) {
			return nil, nil
		}
	}
	return list, err
}

// Stat implements fs.StatFS.
func (f skippedFS) Stat(name string) (fs.FileInfo, error) { return f.all.Stat(name) }

// skipReason returns why the entry of the directory dir, a path without symlinks, is not checked
// out; "" if it is.
func (t *Tree) skipReason(dir string, e Entry) string {
	switch {
	case t.listsSkipped && isElement(e.Name):
		return ""
	case e.Problem != "":
		return e.Problem
	case len(dir)+1+len(e.Name) > maxPath && len(path.Join(dir, e.Name)) > maxPath:
		return fmt.Sprintf("its path is longer than %d bytes", maxPath)
	case e.Mode == filemode.Symlink:
		return t.escapeReason(path.Join(dir, e.Name), e)
	}
	return ""
}

// escapeReason returns why a symlink must not be checked out. A dangling or circular symlink
// inside the tree is allowed: a run may create its target.
func (t *Tree) escapeReason(name string, e Entry) string {
	target, err := t.linkTarget(e)
	if err != nil {
		return err.Error()
	}
	if target == "" || strings.Contains(target, "\x00") {
		return "it is a symlink with an empty target"
	}
	if _, err := t.resolvePath(name, followLast); errors.Is(err, errEscapes) {
		return fmt.Sprintf("it is a symlink that points outside the repository, to %s", gitpath.Quote(target))
	}
	return ""
}

// linkTarget returns the target of a symlink.
func (t *Tree) linkTarget(e Entry) (string, error) {
	if size, err := t.objects.Size(e.ID); err == nil && size > maxTarget {
		return "", fmt.Errorf("it is a link of %d bytes", size)
	}
	data, err := t.ReadBlob(e)
	return string(data), err
}

// isUnlisted reports whether the path does not exist or is not checked out. For a symlink to
// it the effect is the same.
func isUnlisted(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrUnsafe)
}

// isElement reports whether a name can be an element of a path.
func isElement(name string) bool {
	return isValidPath(name) && name != "." && !strings.Contains(name, "/")
}

// nameProblem returns why a name cannot be checked out; "" if it can.
func nameProblem(name string) string {
	switch {
	case name == "":
		return "it has no name"
	case name == "." || name == "..":
		return "its name is . or .."
	case strings.ContainsAny(name, "/\x00"):
		return "its name contains a slash"
	case strings.EqualFold(strings.Map(stripHFSIgnored, name), ".git"), strings.EqualFold(name, "git~1"):
		return "its name is .git"
	case len(name) > maxName:
		return fmt.Sprintf("its name is longer than %d bytes", maxName)
	case runtime.GOOS == "darwin" && !utf8.ValidString(name):
		return "its name is not UTF-8, which macOS does not support"
	}
	return ""
}

// stripHFSIgnored removes the characters that a macOS file system ignores in names. With them
// ".git" has other spellings.
func stripHFSIgnored(r rune) rune {
	if '\u200c' <= r && r <= '\u200f' || '\u202a' <= r && r <= '\u202e' || '\u206a' <= r && r <= '\u206f' || r == '\ufeff' {
		return -1
	}
	return r
}

// modeProblem returns why a mode cannot be checked out; "" if it can.
func modeProblem(mode filemode.FileMode) string {
	switch mode {
	case filemode.Dir, filemode.Regular, filemode.Deprecated, filemode.Executable, filemode.Symlink, filemode.Submodule:
		return ""
	}
	return fmt.Sprintf("its mode is %o", uint32(mode))
}
