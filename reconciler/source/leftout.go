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

// LeftOut is an entry of a tree that is not laid out.
type LeftOut struct {
	Path string
	Why  string
}

func (l LeftOut) Error() string {
	return fmt.Sprintf("%s is not laid out: %s; remove or rename it", gitpath.Quote(l.Path), l.Why)
}

// Is makes errors.Is(err, ErrUnsafe) true.
func (l LeftOut) Is(target error) bool { return target == ErrUnsafe }

// LeftOut returns the entries of the directory dir that are not laid out, each
// as a LeftOut.
func (t *Tree) LeftOut(dir string) ([]error, error) {
	found, err := t.find("readdir", dir, true)
	if err != nil {
		return nil, err
	}
	list, err := t.listing(found.id)
	if err != nil {
		return nil, failed("readdir", dir, err)
	}
	var left []error
	for _, e := range list.entries {
		if why := t.leftOut(path.Join(found.path, e.name), e); why != "" {
			left = append(left, LeftOut{path.Join(found.path, e.name), why})
		}
	}
	return left, nil
}

// leftOut says why the entry at name, a path free of links, is not laid out;
// "" if it is.
func (t *Tree) leftOut(name string, e entry) string {
	switch {
	case e.odd != "":
		return e.odd
	case len(name) > maxPath:
		return fmt.Sprintf("its path is longer than %d bytes", maxPath)
	case e.mode == filemode.Symlink:
		return t.leadsOut(name, e)
	}
	return ""
}

// leadsOut says why a link must not be laid out. One that dangles inside, or
// leads round in a circle, may: what it points to may be made by a run.
func (t *Tree) leadsOut(name string, e entry) string {
	target, err := t.target(e)
	if err != nil {
		return err.Error()
	}
	if target == "" || strings.Contains(target, "\x00") {
		return "it is a link to nowhere"
	}
	if _, err := t.walk(name, true); errors.Is(err, errLeaves) {
		return fmt.Sprintf("it is a link that leads out of the repository, to %s", gitpath.Quote(target))
	}
	return ""
}

// target returns what a link says.
func (t *Tree) target(e entry) (string, error) {
	if size, err := t.store.Size(e.id); err == nil && size > maxTarget {
		return "", fmt.Errorf("it is a link of %d bytes", size)
	}
	data, err := t.blob(e)
	return string(data), err
}

// isUnlisted reports whether nothing can be at a path, or nothing that is laid
// out: for who follows a link there, that is the same.
func isUnlisted(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrUnsafe)
}

// oddName says why nothing can be laid out under a name; "" if it can.
func oddName(name string) string {
	switch {
	case name == "":
		return "it has no name"
	case name == "." || name == "..":
		return "it has the name of a directory above"
	case strings.ContainsAny(name, "/\x00"):
		return "a slash in its name"
	case strings.EqualFold(strings.Map(visibleToHFS, name), ".git"), strings.EqualFold(name, "git~1"):
		return "it has the name of Git's own directory"
	case len(name) > maxName:
		return fmt.Sprintf("its name is longer than %d bytes", maxName)
	case runtime.GOOS == "darwin" && !utf8.ValidString(name):
		return "its name is not UTF-8, which macOS does not take"
	}
	return ""
}

// visibleToHFS takes away the characters that a disk of macOS ignores in
// names, by which ".git" could be written otherwise.
func visibleToHFS(r rune) rune {
	if '\u200c' <= r && r <= '\u200f' || '\u202a' <= r && r <= '\u202e' || '\u206a' <= r && r <= '\u206f' || r == '\ufeff' {
		return -1
	}
	return r
}

// oddMode says why nothing is laid out for a mode; "" if something is.
func oddMode(mode filemode.FileMode) string {
	switch mode {
	case filemode.Dir, filemode.Regular, filemode.Deprecated, filemode.Executable, filemode.Symlink, filemode.Submodule:
		return ""
	}
	return fmt.Sprintf("its mode is %o", uint32(mode))
}
