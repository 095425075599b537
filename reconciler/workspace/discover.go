package workspace

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"reconcile/internal/gitpath"
	"reconcile/internal/similar"
)

// Discover returns the workspaces of tree, sorted by name: the directories
// that the patterns match and that hold configuration for the product. A link
// to a directory is another name for it, not another workspace. What is wrong
// with the settings of one workspace is in its Config; an error is what may
// concern any of them.
func Discover(tree Tree, s *Settings, product Product) ([]Dir, error) {
	found := map[string]string{}     // path by name
	unread := map[string]bool{}      // names
	twice := map[string][]*Problem{} // by name
	var unmatched, noOnes []*Problem
	for _, pattern := range s.patterns {
		dirs, err := match(tree, pattern.text, product)
		if err != nil {
			return nil, fmt.Errorf("look for workspaces in %s: %w", pattern.text, err)
		}
		if len(dirs) == 0 && pattern.at.Start.Line > 0 {
			unmatched = append(unmatched, problemAt(SettingsFile, pattern.at, "workspaces: %q matches no directory that holds .tf files", pattern.text))
		}
		for _, d := range dirs {
			if other, taken := found[d.Name]; taken && other != d.Path {
				twice[d.Name] = append(twice[d.Name], problemAt(SettingsFile, pattern.at, "workspaces: %s and %s would both be named %q: use patterns whose fixed parts differ", other, d.Path, d.Name))
				unread[d.Name] = unread[d.Name] && d.unread
				continue
			}
			found[d.Name], unread[d.Name] = d.Path, d.unread
		}
	}
	s.paths = found
	noOnes = s.configure(tree, twice)
	if len(found) == 0 {
		noOnes = append(noOnes, unmatched...)
	} else {
		s.warnings = append(s.warnings, unmatched...)
	}
	if err := join(noOnes); err != nil {
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

// configure evaluates the settings for each workspace. What is wrong with
// those of one is in its Config, beside what is already known to be. It returns
// the blocks that name no workspace: it is not known whose settings they are,
// and whom they were to protect.
func (s *Settings) configure(tree Tree, wrong map[string][]*Problem) []*Problem {
	s.configs = map[string]Config{}
	others := &settingsDecoder{tree: tree} // of environments that are not chosen
	for name := range s.paths {
		d := &settingsDecoder{tree: tree, problems: wrong[name]}
		config := s.config(d, name)
		config.Err = join(d.problems)
		s.configs[name] = config
		for label, env := range s.environments {
			if label != s.chosen {
				env.of(others, name)
				others.problems = append(others.problems, env.workspaces[name].problems...)
				s.dependencies(others, env.workspaces[name].dependsOn)
			}
		}
	}
	d := &settingsDecoder{tree: tree}
	s.nameless(d, s.outside)
	for label, env := range s.environments {
		if label == s.chosen {
			s.nameless(d, env)
		} else {
			s.nameless(others, env)
		}
	}
	s.warnings = append(s.warnings, others.problems...)
	return d.problems
}

// nameless complains about the blocks of a layer that name no workspace.
func (s *Settings) nameless(d *settingsDecoder, l layer) {
	for label, o := range l.workspaces {
		if _, ok := s.paths[label]; !ok {
			d.complain(o.at, "%s: as long as it is not known whose settings these are, none are used: correct the name or remove the block", s.unknown(label))
		}
	}
}

// dependencies returns the names of workspaces among those that one is to
// depend on.
func (s *Settings) dependencies(d *settingsDecoder, list []located) (known []located) {
	for _, up := range list {
		if _, ok := s.paths[up.text]; ok {
			known = append(known, up)
		} else {
			d.complain(up.at, "depends_on: %s", s.unknown(up.text))
		}
	}
	return known
}

// Warnings returns what is wrong with the settings and changes nothing for the
// workspaces that there are, in the order of the places.
func (s *Settings) Warnings() (texts []string) {
	for _, p := range inOrder(s.warnings) {
		texts = append(texts, p.Error())
	}
	return texts
}

// unknown says that no workspace has a name, and which one may be meant.
func (s *Settings) unknown(name string) string {
	text := fmt.Sprintf("there is no workspace %q (%s)", name, s.known())
	if meant := similar.Misspelt(name, sortedKeys(s.paths)); meant != "" {
		text += fmt.Sprintf(", did you mean %q?", meant)
	}
	return text
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
