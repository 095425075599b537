package repotree

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"reconcile/internal/gitpath"
)

// Resolved is the target of a path after its links are followed.
type Resolved struct {
	Path   string   // without links, as far as it exists
	Links  []string // links on the way
	Exists bool     // whether the target exists
	Dir    bool     // whether the target is a directory
}

var errOutsideRepo = errors.New("leads outside the repository")

// maxLinks is the maximum number of links in one path, as in Linux.
const maxLinks = 40

// ResolveLinks follows the links on a path of tree in the order of the operating system.
func ResolveLinks(tree Tree, p string) (Resolved, error) {
	var o Resolved
	resolved, rest := ".", p
	for rest != "" {
		var name string
		name, rest, _ = strings.Cut(rest, "/")
		switch name {
		case "", ".":
			continue
		case "..":
			if resolved == "." {
				return o, outsideRepoError(p, o.Links)
			}
			resolved = path.Dir(resolved)
			continue
		}
		next := gitpath.Join(resolved, name)
		id := tree.ID(next)
		switch {
		case strings.HasPrefix(id, LinkMode):
			text, err := linkText(tree, next)
			o.Links = append(o.Links, next)
			if err == nil && len(o.Links) > maxLinks {
				err = fmt.Errorf("symbolic link %s: too many levels of symbolic links", next)
			}
			if err != nil {
				return o, err
			}
			rest = text + "/" + rest
			continue
		case id == AbsentID, rest != "" && !strings.HasPrefix(id, DirMode):
			o.Path = path.Join(next, rest)
			return o, nil
		}
		resolved = next
	}
	o.Path, o.Exists, o.Dir = resolved, true, strings.HasPrefix(tree.ID(resolved), DirMode)
	return o, nil
}

// linkText returns the target text of the link at p.
func linkText(tree Tree, p string) (string, error) {
	text, err := tree.ReadLink(p)
	if err != nil {
		return "", fmt.Errorf("symbolic link %s: %w", p, err)
	}
	if path.IsAbs(text) {
		return "", outsideRepoError(p, []string{p})
	}
	return text, nil
}

// outsideRepoError returns the error for a path that leaves the tree, perhaps by its links.
func outsideRepoError(p string, links []string) error {
	if len(links) == 0 {
		return fmt.Errorf("%s %w", p, errOutsideRepo)
	}
	return fmt.Errorf("symbolic link %s %w: Terraform would read files that are not in any commit", links[len(links)-1], errOutsideRepo)
}

// IsOutside reports whether a clean path, relative to the root, leads out of the tree.
func IsOutside(path string) bool {
	return path == ".." || strings.HasPrefix(path, "../") || strings.HasPrefix(path, "/")
}
