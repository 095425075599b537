package settings

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"reconcile/internal/gitpath"
	"reconcile/internal/parallel"
	"reconcile/reconciler/workspace/internal/hcleval"
	"reconcile/reconciler/workspace/repotree"
)

// Discover returns the workspaces of tree, sorted by name: the directories that match the
// patterns and have configuration for the product. A link to a directory that no pattern
// matches is a workspace with the name of the link and the path of the directory; a link to
// another workspace is only another name for it. Mistakes in the settings of one workspace are
// in its Config. An error may concern any workspace.
func (s *Settings) Discover(tree repotree.Tree, product repotree.Product) ([]Dir, error) {
	return s.DiscoverKnown(tree, product, func(string) bool { return false })
}

// DiscoverKnown does what Discover does. isKnown reports whether a directory is known to have
// configuration for the product: then it is not read.
func (s *Settings) DiscoverKnown(tree repotree.Tree, product repotree.Product, isKnown func(dir string) bool) ([]Dir, error) {
	found := map[string]foundDir{}                // by name
	duplicates := map[string][]*hcleval.Problem{} // by name
	var unmatched []*hcleval.Problem
	for _, pattern := range s.patterns {
		dirs, err := matchPattern(tree, pattern.text, product, isKnown)
		if err != nil {
			return nil, fmt.Errorf("look for workspaces in %s: %w", pattern.text, err)
		}
		if len(dirs) == 0 && pattern.rng.Start.Line > 0 {
			unmatched = append(unmatched, hcleval.ProblemAt(s.file, pattern.rng, "workspaces: %q matches no directory with .tf files", pattern.text))
		}
		for _, d := range dirs {
			if other, taken := found[d.name]; taken && other.path != d.found.path {
				duplicates[d.name] = append(duplicates[d.name], hcleval.ProblemAt(s.file, pattern.rng, "workspaces: %s and %s would both be named %q: use patterns with different fixed parts", other.path, d.found.path, d.name))
				other.openTofuOnly = other.openTofuOnly && d.found.openTofuOnly
				found[d.name] = other
				continue
			}
			found[d.name] = d.found
		}
	}
	removeAliases(found)
	sets := map[string]directories{} // by environment
	for _, label := range append(slices.Collect(maps.Keys(s.environments)), s.environment) {
		sets[label] = s.addPlaces(tree, product, found, s.placesIn(label))
	}
	selected := sets[s.environment]
	found = selected.found
	for name, problems := range selected.problems {
		duplicates[name] = append(duplicates[name], problems...)
	}
	s.named = map[string]bool{}
	problems := s.configure(tree, sets, duplicates)
	if len(found) == 0 {
		problems = append(problems, unmatched...)
	} else {
		s.warnings = append(s.warnings, unmatched...)
	}
	if err := hcleval.JoinProblems(problems); err != nil {
		return nil, err
	}
	dirs := make([]Dir, 0, len(found))
	s.openTofuDirs = nil
	for _, name := range slices.Sorted(maps.Keys(found)) {
		if d := (Dir{Name: name, Path: found[name].path}); found[name].openTofuOnly {
			s.openTofuDirs = append(s.openTofuDirs, d)
		} else {
			dirs = append(dirs, d)
		}
	}
	return dirs, nil
}

// matchedDir is a directory that a pattern matches.
type matchedDir struct {
	name  string
	found foundDir
}

// removeAliases removes the links to directories that another name stands for.
func removeAliases(found map[string]foundDir) {
	names := map[string]string{} // by path
	sorted := slices.Sorted(maps.Keys(found))
	for _, name := range sorted {
		if !found[name].linked {
			names[found[name].path] = name
		}
	}
	for _, name := range sorted {
		if !found[name].linked {
			continue
		}
		if _, taken := names[found[name].path]; taken {
			delete(found, name)
		} else {
			names[found[name].path] = name
		}
	}
}

func matchPattern(tree repotree.Tree, pattern string, product repotree.Product, isKnown func(dir string) bool) ([]matchedDir, error) {
	base, _ := doublestar.SplitPattern(pattern)
	var paths, names []string // where the configuration is, and what the pattern matches
	all := tree.WithSkipped() // configuration that is not checked out is refused by name, when it is loaded
	err := doublestar.GlobWalk(all, pattern, func(p string, d fs.DirEntry) error {
		target := p
		if d.Type()&fs.ModeSymlink != 0 {
			o, err := repotree.ResolveLinks(tree, p)
			if err != nil || !o.Dir {
				return nil
			}
			target = o.Path
		} else if !d.IsDir() {
			return nil
		}
		if !repotree.IsHidden(p) {
			paths, names = append(paths, target), append(names, p)
		}
		return nil
	}, doublestar.WithFailOnIOErrors(), doublestar.WithNoFollow())
	if errors.Is(err, fs.ErrNotExist) { // the fixed part of the pattern does not exist
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	configured, openTofuOnly := make([]bool, len(paths)), make([]bool, len(paths))
	errs := make([]error, len(paths))
	parallel.ForEach(len(paths), func(i int) {
		if configured[i] = isKnown(paths[i]); configured[i] {
			return
		}
		entries, err := fs.ReadDir(all, paths[i])
		configured[i], errs[i] = len(product.ConfigFiles(entries)) > 0, err
		openTofuOnly[i] = !configured[i] && len(repotree.OpenTofu.ConfigFiles(entries)) > 0
	})
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	var dirs []matchedDir
	for i, p := range paths {
		if !configured[i] && !openTofuOnly[i] {
			continue
		}
		name := strings.TrimPrefix(strings.TrimPrefix(names[i], base), "/")
		if base == "." {
			name = names[i]
		}
		if name == "." {
			name = "root"
		}
		dirs = append(dirs, matchedDir{name: gitpath.Quote(name), found: foundDir{path: p, openTofuOnly: openTofuOnly[i], linked: p != names[i]}})
	}
	return dirs, nil
}
