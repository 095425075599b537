package workspace

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"reconcile/internal/gitpath"
)

// Discover returns the workspaces of tree, sorted by name: the directories
// that the patterns match and that hold configuration for the product. A link
// to a directory is another name for it, not another workspace. Settings that
// name nothing are errors.
func Discover(tree Tree, s *Settings, product Product) ([]Dir, error) {
	found := map[string]string{} // path by name
	unread := map[string]bool{}  // names
	var list []*Problem
	for _, pattern := range s.patterns {
		dirs, err := match(tree, pattern.text, product)
		if err != nil {
			return nil, fmt.Errorf("look for workspaces in %s: %w", pattern.text, err)
		}
		if len(dirs) == 0 && pattern.at.Start.Line > 0 {
			list = append(list, problemAt(SettingsFile, pattern.at, "workspaces: %q matches no directory that holds .tf files", pattern.text))
		}
		for _, d := range dirs {
			if other, taken := found[d.Name]; taken && other != d.Path {
				list = append(list, problemAt(SettingsFile, pattern.at, "workspaces: %s and %s would both be named %q: use patterns whose fixed parts differ", other, d.Path, d.Name))
				continue
			}
			found[d.Name], unread[d.Name] = d.Path, d.unread
		}
	}
	s.paths = found
	list = append(list, s.configure(tree)...)
	if err := join(list); err != nil {
		return nil, err
	}
	dirs := make([]Dir, 0, len(found))
	s.unread = nil
	for _, name := range sortedKeys(found) {
		if d := (Dir{Name: name, Path: found[name]}); unread[name] {
			s.unread = append(s.unread, d)
		} else {
			dirs = append(dirs, d)
		}
	}
	return dirs, nil
}

// Unread returns the directories that would be workspaces, but for that all
// their configuration is for OpenTofu alone and Discover was asked for
// Terraform. The settings may name them.
func (s *Settings) Unread() []Dir { return s.unread }

// configure evaluates the settings for each workspace, and reports those that
// name a workspace or a file that is not there.
func (s *Settings) configure(tree Tree) []*Problem {
	d := &settingsDecoder{tree: tree}
	s.configs = map[string]Config{}
	for name := range s.paths {
		s.configs[name] = s.config(d, name)
		for label, env := range s.environments {
			if label != s.chosen {
				env.of(d, name) // for its mistakes
			}
		}
	}
	for _, l := range append(slices.Collect(maps.Values(s.environments)), s.outside) {
		for label, o := range l.workspaces {
			if _, ok := s.paths[label]; !ok {
				d.complain(o.at, "there is no workspace %q (%s)", label, s.known())
			}
			for _, up := range o.dependsOn {
				if _, ok := s.paths[up.text]; !ok {
					d.complain(up.at, "depends_on: there is no workspace %q (%s)", up.text, s.known())
				}
			}
		}
	}
	return d.problems
}

// known lists the workspaces for a message.
func (s *Settings) known() string {
	names := sortedKeys(s.paths)
	if len(names) == 0 {
		return "none was found"
	}
	const shown = 10
	if more := len(names) - shown; more > 0 {
		return fmt.Sprintf("known: %s and %d more", strings.Join(names[:shown], ", "), more)
	}
	return "known: " + strings.Join(names, ", ")
}

// matched is a directory that a pattern matches.
type matched struct {
	Dir
	unread bool // its configuration is for another product
}

// match returns the directories that pattern matches and that hold
// configuration.
func match(tree Tree, pattern string, product Product) ([]matched, error) {
	base, _ := doublestar.SplitPattern(pattern)
	var paths []string
	err := doublestar.GlobWalk(tree, pattern, func(p string, d fs.DirEntry) error {
		if d.IsDir() && !hidden(p) {
			paths = append(paths, p)
		}
		return nil
	}, doublestar.WithFailOnIOErrors(), doublestar.WithNoFollow())
	if errors.Is(err, fs.ErrNotExist) { // the fixed part of the pattern
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	configured, unread := make([]bool, len(paths)), make([]bool, len(paths))
	errs := make([]error, len(paths))
	inParallel(len(paths), func(i int) {
		entries, err := tree.ReadDir(paths[i])
		configured[i], errs[i] = len(product.configFiles(entries)) > 0, err
		unread[i] = !configured[i] && len(OpenTofu.configFiles(entries)) > 0
	})
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	var dirs []matched
	for i, p := range paths {
		if !configured[i] && !unread[i] {
			continue
		}
		name := strings.TrimPrefix(strings.TrimPrefix(p, base), "/")
		if base == "." {
			name = p
		}
		if name == "." {
			name = "root"
		}
		dirs = append(dirs, matched{Dir{Name: gitpath.Quote(name), Path: p}, unread[i]})
	}
	return dirs, nil
}

// hidden tells whether an element of path begins with a dot, as that of
// .terraform does.
func hidden(path string) bool {
	return path != "." && (strings.HasPrefix(path, ".") || strings.Contains(path, "/."))
}
