package workspace

import (
	"errors"
	"fmt"
	"path"
	"strings"
)

// Prefixes of object ids: the modes of Git.
const (
	dirMode       = "040000:"
	linkMode      = "120000:"
	submoduleMode = "160000:"
)

// object is what a path leads to once its links are followed.
type object struct {
	// path is free of links. Where nothing exists it is the first part of the
	// way that is missing, or is no directory: what would have to change for
	// the path to lead somewhere.
	path   string
	links  []string // that lie on the way
	exists bool
	dir    bool
}

var errLeaves = errors.New("leads out of the repository")

// maxLinks is how many links one path may lead through, as in Linux.
const maxLinks = 40

// resolve follows the links on a path of tree.
func resolve(tree Tree, p string) (object, error) {
	if id := tree.ID(p); id != Absent && !strings.HasPrefix(id, linkMode) {
		return object{path: p, exists: true, dir: strings.HasPrefix(id, dirMode)}, nil
	}
	var o object
	done, rest := ".", p
	for rest != "" {
		var name string
		name, rest, _ = strings.Cut(rest, "/")
		next := path.Join(done, name)
		id := tree.ID(next)
		switch {
		case strings.HasPrefix(id, linkMode):
			o.links = append(o.links, next)
			if len(o.links) > maxLinks {
				return o, fmt.Errorf("symbolic link %s: too many links, or links in a circle", next)
			}
			to, err := linkTarget(tree, next)
			if err != nil {
				return o, err
			}
			done, rest = ".", path.Join(to, rest)
			continue
		case id == Absent, rest != "" && !strings.HasPrefix(id, dirMode):
			o.path = next
			return o, nil
		}
		done = next
	}
	id := tree.ID(done)
	o.path, o.exists, o.dir = done, id != Absent, strings.HasPrefix(id, dirMode)
	return o, nil
}

// linkTarget returns the repository path that the link at p points to.
func linkTarget(tree Tree, p string) (string, error) {
	text, err := tree.ReadLink(p)
	if err != nil {
		return "", fmt.Errorf("symbolic link %s: %w", p, err)
	}
	to := path.Join(path.Dir(p), text)
	if path.IsAbs(text) || outside(to) {
		return "", fmt.Errorf("symbolic link %s (to %s) %w: Terraform would see files that no commit holds", p, text, errLeaves)
	}
	return to, nil
}

// readFile returns the content of a file, links followed.
func readFile(tree Tree, p string) ([]byte, error) {
	o, err := resolve(tree, p)
	if err != nil {
		return nil, err
	}
	return tree.ReadFile(o.path)
}
