package repotree

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
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

// LinkedDirs returns the directories that links below a directory lead to, and those that links
// below these lead to. The path of the directory has no links.
func LinkedDirs(tree Tree, dir string) (found []string) {
	var walked []string
	for next := []string{dir}; len(next) > 0; {
		dir, next = next[0], next[1:]
		if slices.ContainsFunc(walked, func(above string) bool { return gitpath.IsWithin(dir, above) }) {
			continue
		}
		walked = append(walked, dir)
		_ = fs.WalkDir(tree, dir, func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.Type()&fs.ModeSymlink == 0 {
				return nil // what cannot be read has no links that Terraform could follow
			}
			if o, err := ResolveLinks(tree, p); err == nil && o.Dir && !slices.Contains(found, o.Path) {
				found, next = append(found, o.Path), append(next, o.Path)
			}
			return nil
		})
	}
	return found
}
