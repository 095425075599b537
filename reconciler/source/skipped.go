package source

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
)

// What a tree holds and no checkout or snapshot does: entries that could lead
// out of the place where the tree is laid out, or that no disk takes. They
// harm nobody who does not read them, so they stop nobody else.

const (
	maxName   = 255  // bytes of a name: what file systems take
	maxPath   = 3072 // bytes of a path, so that there is room for that of the checkout before it
	maxTarget = 4095 // bytes that a link may say: what Linux takes
)

// SkippedEntry is an entry of a tree that is not laid out.
type SkippedEntry struct {
	Path   string
	Reason string
}

func (l SkippedEntry) Error() string {
	return fmt.Sprintf("%s is not laid out: %s; remove or rename it", gitpath.Quote(l.Path), l.Reason)
}

// Is makes errors.Is(err, ErrUnsafe) true.
func (l SkippedEntry) Is(target error) bool { return target == ErrUnsafe }

// SkippedEntries returns the entries of the directory dir that are not laid out, each
// as a LeftOut.
func (t *Tree) SkippedEntries(dir string) ([]error, error) {
	found, err := t.findPath("readdir", dir, true)
	if err != nil {
		return nil, err
	}
	list, err := t.readTree(found.id)
	if err != nil {
		return nil, pathError("readdir", dir, err)
	}
	var skipped []error
	for _, e := range list.entries {
		if reason := t.skipReason(path.Join(found.path, e.name), e); reason != "" {
			skipped = append(skipped, SkippedEntry{path.Join(found.path, e.name), reason})
		}
	}
	return skipped, nil
}

// skipReason says why the entry at name, a path free of links, is not laid out;
// "" if it is.
func (t *Tree) skipReason(name string, e entry) string {
	switch {
	case e.problem != "":
		return e.problem
	case len(name) > maxPath:
		return fmt.Sprintf("its path is longer than %d bytes", maxPath)
	case e.mode == filemode.Symlink:
		return t.escapeReason(name, e)
	}
	return ""
}

// escapeReason says why a link must not be laid out. One that dangles inside, or
// leads round in a circle, may: what it points to may be made by a run.
func (t *Tree) escapeReason(name string, e entry) string {
	target, err := t.linkTarget(e)
	if err != nil {
		return err.Error()
	}
	if target == "" || strings.Contains(target, "\x00") {
		return "it is a link to nowhere"
	}
	if _, err := t.resolvePath(name, true); errors.Is(err, errEscapes) {
		return fmt.Sprintf("it is a link that leads out of the repository, to %s", gitpath.Quote(target))
	}
	return ""
}

// linkTarget returns what a link says.
func (t *Tree) linkTarget(e entry) (string, error) {
	if size, err := t.store.Size(e.id); err == nil && size > maxTarget {
		return "", fmt.Errorf("it is a link of %d bytes", size)
	}
	data, err := t.readBlob(e)
	return string(data), err
}

// isUnlisted reports whether nothing can be at a path, or nothing that is laid
// out: for who follows a link there, that is the same.
func isUnlisted(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrUnsafe)
}

// nameProblem says why nothing can be laid out under a name; "" if it can.
func nameProblem(name string) string {
	switch {
	case name == "":
		return "it has no name"
	case name == "." || name == "..":
		return "it has the name of a directory above"
	case strings.ContainsAny(name, "/\x00"):
		return "a slash in its name"
	case strings.EqualFold(strings.Map(stripHFSIgnored, name), ".git"), strings.EqualFold(name, "git~1"):
		return "it has the name of Git's own directory"
	case len(name) > maxName:
		return fmt.Sprintf("its name is longer than %d bytes", maxName)
	case runtime.GOOS == "darwin" && !utf8.ValidString(name):
		return "its name is not UTF-8, which macOS does not take"
	}
	return ""
}

// stripHFSIgnored takes away the characters that a disk of macOS ignores in
// names, by which ".git" could be written otherwise.
func stripHFSIgnored(r rune) rune {
	if '\u200c' <= r && r <= '\u200f' || '\u202a' <= r && r <= '\u202e' || '\u206a' <= r && r <= '\u206f' || r == '\ufeff' {
		return -1
	}
	return r
}

// modeProblem says why nothing is laid out for a mode; "" if something is.
func modeProblem(mode filemode.FileMode) string {
	switch mode {
	case filemode.Dir, filemode.Regular, filemode.Deprecated, filemode.Executable, filemode.Symlink, filemode.Submodule:
		return ""
	}
	return fmt.Sprintf("its mode is %o", uint32(mode))
}
