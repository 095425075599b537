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
	path   string   // free of links, as far as it exists
	links  []string // that lie on the way
	exists bool
	dir    bool
}

var errLeaves = errors.New("leads out of the repository")

// maxLinks is how many links one path may lead through, as in Linux.
const maxLinks = 40

// resolve follows the links on a path of tree, in the order in which the
// system would.
func resolve(tree Tree, p string) (object, error) {
	var o object
	done, rest := ".", p
	for rest != "" {
		var name string
		name, rest, _ = strings.Cut(rest, "/")
		switch name {
		case "", ".":
			continue
		case "..":
			if done == "." {
				return o, leaves(p, o.links)
			}
			done = path.Dir(done)
			continue
		}
		next := path.Join(done, name)
		id := tree.ID(next)
		switch {
		case strings.HasPrefix(id, linkMode):
			text, err := linkText(tree, next)
			o.links = append(o.links, next)
			if err == nil && len(o.links) > maxLinks {
				err = fmt.Errorf("symbolic link %s: too many links, or links in a circle", next)
			}
			if err != nil {
				return o, err
			}
			rest = text + "/" + rest
			continue
		case id == Absent, rest != "" && !strings.HasPrefix(id, dirMode):
			o.path = path.Join(next, rest)
			return o, nil
		}
		done = next
	}
	o.path, o.exists, o.dir = done, true, strings.HasPrefix(tree.ID(done), dirMode)
	return o, nil
}

// linkText returns what the link at p says.
func linkText(tree Tree, p string) (string, error) {
	text, err := tree.ReadLink(p)
	if err != nil {
		return "", fmt.Errorf("symbolic link %s: %w", p, err)
	}
	if path.IsAbs(text) {
		return "", leaves(p, []string{p})
	}
	return text, nil
}

// leaves is the error for a path that climbs out of the tree, perhaps by its
// links.
func leaves(p string, links []string) error {
	if len(links) == 0 {
		return fmt.Errorf("%s %w", p, errLeaves)
	}
	return fmt.Errorf("symbolic link %s %w: Terraform would see files that no commit holds", links[len(links)-1], errLeaves)
}

// readFile returns the content of a file of at most limit bytes, links
// followed.
func readFile(tree Tree, p string, limit int64) ([]byte, error) {
	o, err := resolve(tree, p)
	if err != nil {
		return nil, err
	}
	return readSome(tree, o.path, limit)
}

// readSome returns the content of a file of at most limit bytes.
func readSome(tree Tree, p string, limit int64) ([]byte, error) {
	if info, err := tree.Lstat(p); err == nil && info.Size() > limit {
		return nil, fmt.Errorf("it has %d bytes, and more than %d are not read: keep large data out of it", info.Size(), limit)
	}
	return tree.ReadFile(p)
}
