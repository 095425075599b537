package workspace

import (
	"errors"
	"fmt"
	"path"
	"strings"
)

// Prefixes of object ids: the file modes of Git.
const (
	dirMode       = "040000:"
	linkMode      = "120000:"
	submoduleMode = "160000:"
)

// resolvedPath is the target of a path after its links are followed.
type resolvedPath struct {
	path   string   // without links, as far as it exists
	links  []string // links on the way
	exists bool
	dir    bool
}

var errOutsideRepo = errors.New("leads outside the repository")

// maxLinks is the maximum number of links in one path, as in Linux.
const maxLinks = 40

// resolveLinks follows the links on a path of tree in the order of the operating system.
func resolveLinks(tree Tree, p string) (resolvedPath, error) {
	var o resolvedPath
	resolved, rest := ".", p
	for rest != "" {
		var name string
		name, rest, _ = strings.Cut(rest, "/")
		switch name {
		case "", ".":
			continue
		case "..":
			if resolved == "." {
				return o, outsideRepoError(p, o.links)
			}
			resolved = path.Dir(resolved)
			continue
		}
		next := path.Join(resolved, name)
		id := tree.ID(next)
		switch {
		case strings.HasPrefix(id, linkMode):
			text, err := linkText(tree, next)
			o.links = append(o.links, next)
			if err == nil && len(o.links) > maxLinks {
				err = fmt.Errorf("symbolic link %s: too many levels of symbolic links", next)
			}
			if err != nil {
				return o, err
			}
			rest = text + "/" + rest
			continue
		case id == AbsentID, rest != "" && !strings.HasPrefix(id, dirMode):
			o.path = path.Join(next, rest)
			return o, nil
		}
		resolved = next
	}
	o.path, o.exists, o.dir = resolved, true, strings.HasPrefix(tree.ID(resolved), dirMode)
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

// readFile follows links, and returns the content of a file of at most limit bytes.
func readFile(tree Tree, p string, limit int64) ([]byte, error) {
	o, err := resolveLinks(tree, p)
	if err != nil {
		return nil, err
	}
	return readLimited(tree, o.path, limit)
}

// readLimited returns the content of a file of at most limit bytes.
func readLimited(tree Tree, p string, limit int64) ([]byte, error) {
	if info, err := tree.Lstat(p); err == nil && info.Size() > limit {
		return nil, fmt.Errorf("the file has %d bytes; the limit is %d: move large data out of it", info.Size(), limit)
	}
	return tree.ReadFile(p)
}

// isFile reports whether path is a file of tree; it follows links.
func isFile(tree Tree, path string) bool {
	real, err := resolveLinks(tree, path)
	return err == nil && real.exists && !real.dir
}

func isOutsideRepo(path string) bool {
	return path == ".." || strings.HasPrefix(path, "../") || strings.HasPrefix(path, "/")
}
