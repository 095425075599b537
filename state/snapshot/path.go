package snapshot

import (
	"errors"
	"fmt"
	"path"
	"strings"
)

// ErrUnsafe: a path or a link that could reach outside the tree, or that Git itself would
// refuse to check out. Match with errors.Is.
var ErrUnsafe = errors.New("unsafe path")

// maxPath is the maximum length of a path in bytes: no system takes longer ones.
const maxPath = 4095

// checkPath refuses a slash-separated path of a tree that could end up outside the tree,
// on Linux or on macOS.
func checkPath(name string) error {
	if len(name) > maxPath {
		return fmt.Errorf("%w: it is longer than %d bytes", ErrUnsafe, maxPath)
	}
	for part := range strings.SplitSeq(name, "/") {
		if err := checkPart(part); err != nil {
			return fmt.Errorf("%q: %w", name, err)
		}
	}
	return nil
}

func checkPart(part string) error {
	switch {
	case part == "" || part == "." || part == "..":
		return fmt.Errorf("%w: it has %q as a part", ErrUnsafe, part)
	case strings.EqualFold(part, ".git"):
		return fmt.Errorf("%w: %q is Git's own directory", ErrUnsafe, part)
	case strings.ContainsAny(part, "/\x00"):
		return fmt.Errorf("%w: a slash or a NUL in a name", ErrUnsafe)
	}
	return nil
}

// links is the symbolic links of a tree: targets by path.
type links map[string]string

// check refuses a link whose target could lie outside the tree. It follows links as the
// kernel does, through other links of the tree. A check of the text alone would let
// "s/up/../x" pass where "s/up" points to "..".
func (l links) check() error {
	for name, target := range l {
		if target == "" || path.IsAbs(target) || strings.Contains(target, "\x00") || l.escapes(name) {
			return fmt.Errorf("%q: %w: the link points to %q, outside the tree or nowhere", name, ErrUnsafe, target)
		}
	}
	return nil
}

// maxLinkHops is how many links are followed for one path, as in Linux.
const maxLinkHops = 40

// escapes reports whether following the link leads out of the tree. A link that points to
// nothing, or that is part of a circle, does not.
func (l links) escapes(name string) bool {
	resolved, remaining := []string{}, strings.Split(name, "/")
	for hops := 0; len(remaining) > 0; {
		part := remaining[0]
		remaining = remaining[1:]
		switch part {
		case "", ".":
			continue
		case "..":
			if len(resolved) == 0 {
				return true
			}
			resolved = resolved[:len(resolved)-1]
			continue
		}
		resolved = append(resolved, part)
		target, isLink := l[strings.Join(resolved, "/")]
		if !isLink {
			continue
		}
		if path.IsAbs(target) {
			return true
		}
		if hops++; hops > maxLinkHops {
			return false
		}
		resolved = resolved[:len(resolved)-1]
		remaining = append(strings.Split(target, "/"), remaining...)
	}
	return false
}
