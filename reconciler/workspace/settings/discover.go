package settings

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/hashicorp/hcl/v2"

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

// DiscoverKnown does what Discover does. isKnown reports whether a directory with an id is known
// to have configuration for the product: then it is not read. It is called when the ids of all
// directories that a pattern matches are there.
func (s *Settings) DiscoverKnown(tree repotree.Tree, product repotree.Product, isKnown func(id string) bool) ([]Dir, error) {
	found := map[string]foundDir{}                // by name
	duplicates := map[string][]*hcleval.Problem{} // by name
	var unmatched []*hcleval.Problem              // patterns without a workspace, and matches that are none
	for _, pattern := range s.patterns {
		dirs, broken, err := matchPattern(tree, pattern.text, product, isKnown)
		if err != nil {
			return nil, fmt.Errorf("look for workspaces in %s: %w", pattern.text, err)
		}
		unmatched = append(unmatched, broken...)
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
	hasLinks := false
	for _, dir := range found {
		hasLinks = hasLinks || dir.linked
	}
	if !hasLinks {
		return
	}
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

// directoryOf returns the directory that p stands for, which a pattern matches, or "" for
// another object. The problem says why what looks like a directory is none.
func directoryOf(tree repotree.Tree, p string, d fs.DirEntry) (string, *hcleval.Problem) {
	if d.IsDir() {
		return p, nil
	}
	isLink := d.Type()&fs.ModeSymlink != 0
	if !isLink && d.Type()&fs.ModeIrregular == 0 {
		return "", nil // a file
	}
	o, err := repotree.ResolveLinks(tree, p)
	reason := ""
	switch {
	case err != nil:
		reason = err.Error()
	case o.Dir:
		return o.Path, nil
	case !o.Exists:
		reason = fmt.Sprintf("the link leads to %s, which does not exist", o.Path)
	case strings.HasPrefix(tree.ID(o.Path), repotree.SubmoduleMode):
		reason = repotree.SubmoduleError(o.Path).Error()
	default:
		return "", nil // a link to a file
	}
	return "", hcleval.ProblemAt(p, hcl.Range{}, "a pattern of workspaces matches it, and it is no workspace: %s", reason)
}

// matchPattern returns the directories that a pattern matches and that have configuration, and
// the problems of what only looks like one.
func matchPattern(tree repotree.Tree, pattern string, product repotree.Product, isKnown func(id string) bool) (dirs []matchedDir, broken []*hcleval.Problem, err error) {
	base, _ := doublestar.SplitPattern(pattern)
	var paths, names, ids []string // where the configuration is, what the pattern matches, and its id
	all := tree.WithSkipped()      // configuration that is not checked out is refused by name, when it is loaded
	err = doublestar.GlobWalk(all, pattern, func(p string, d fs.DirEntry) error {
		if repotree.IsHidden(p) {
			return nil
		}
		switch target, problem := directoryOf(tree, p, d); {
		case problem != nil:
			broken = append(broken, problem)
		case target != "":
			paths, names, ids = append(paths, target), append(names, p), append(ids, tree.ID(target))
		}
		return nil
	}, doublestar.WithFailOnIOErrors(), doublestar.WithNoFollow())
	if errors.Is(err, fs.ErrNotExist) { // the fixed part of the pattern does not exist
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	configured, openTofuOnly := make([]bool, len(paths)), make([]bool, len(paths))
	errs := make([]error, len(paths))
	var unknown []int
	for i, id := range ids {
		if configured[i] = isKnown(id); !configured[i] {
			unknown = append(unknown, i)
		}
	}
	parallel.ForEach(len(unknown), func(k int) {
		i := unknown[k]
		entries, err := fs.ReadDir(all, paths[i])
		configured[i], errs[i] = len(product.ConfigFiles(entries)) > 0, err
		openTofuOnly[i] = !configured[i] && len(repotree.OpenTofu.ConfigFiles(entries)) > 0
	})
	if err := errors.Join(errs...); err != nil {
		return nil, nil, err
	}
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
	return dirs, broken, nil
}
