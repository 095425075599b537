package workspace

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"reconcile/reconciler/workspace/internal/hcleval"
	"reconcile/reconciler/workspace/internal/module"
	"reconcile/reconciler/workspace/repotree"
)

// inputs collects the objects of the tree that a workspace depends on.
type inputs struct {
	tree    repotree.Tree
	loader  *module.Loader
	paths   map[string]bool               // true for directories and absent paths: they cover everything below them
	guesses map[string][]*hcleval.Problem // directories that may contain an input, with the warnings for each

	files    *FileLists
	patterns map[string][]*hcleval.Problem // of files that may be inputs, with the warnings for each
}

func newInputs(tree repotree.Tree, files *FileLists, l *module.Loader) *inputs {
	return &inputs{tree: tree, files: files, loader: l, paths: map[string]bool{}, guesses: map[string][]*hcleval.Problem{}, patterns: map[string][]*hcleval.Problem{}}
}

// add adds the object at p, the links on the way to it, and the targets of links below it.
// It returns an error for each object that no run can use.
func (in *inputs) add(p string) (errs []error) {
	if _, seen := in.paths[p]; seen {
		return nil
	}
	o, err := repotree.ResolveLinks(in.tree, p)
	for _, link := range o.Links {
		in.paths[link] = false
	}
	if err != nil {
		return []error{err}
	}
	if _, seen := in.paths[o.Path]; seen {
		return nil
	}
	in.paths[o.Path] = o.Dir || !o.Exists
	switch {
	case o.Dir:
		return in.addLinksBelow(o.Path)
	case !o.Exists:
		for dir := path.Dir(o.Path); dir != "." && dir != "/"; dir = path.Dir(dir) {
			if strings.HasPrefix(in.tree.ID(dir), repotree.SubmoduleMode) {
				return []error{submoduleError(dir)}
			}
		}
		return nil
	case strings.HasPrefix(in.tree.ID(o.Path), repotree.SubmoduleMode):
		return []error{submoduleError(o.Path)}
	case in.loader.SkipPointers:
		return nil
	}
	info, err := in.tree.Lstat(o.Path)
	switch {
	case err != nil:
		return []error{err}
	case in.loader.IsLFSPointer(o.Path, info):
		return []error{pointerError(o.Path)}
	}
	return nil
}

func (in *inputs) addLinksBelow(dir string) (errs []error) {
	special, err := in.loader.FindSpecialFiles(dir)
	if err != nil {
		return []error{err}
	}
	for _, link := range special.Links {
		errs = append(errs, in.add(link)...)
	}
	errs = append(errs, special.Skipped...)
	for _, p := range special.Submodules {
		errs = append(errs, submoduleError(p))
	}
	for _, p := range special.Pointers {
		errs = append(errs, pointerError(p))
	}
	return errs
}

func submoduleError(p string) error {
	return fmt.Errorf("%s is a Git submodule, which is not supported: copy its files into this repository, or call it as a module by its Git URL", p)
}

func pointerError(p string) error {
	return fmt.Errorf("%s %s", p, module.LFSPointerText)
}

// addGuess adds a directory that may contain an input. The warning counts only if the
// directory does not become an input anyway.
func (in *inputs) addGuess(dir string, warning *hcleval.Problem) {
	if o, err := repotree.ResolveLinks(in.tree, dir); err == nil {
		for _, link := range o.Links {
			in.paths[link] = false
		}
		dir = o.Path
	}
	in.guesses[dir] = append(in.guesses[dir], warning)
}

// addPattern adds the files that pattern matches. The warning counts only if their directory
// does not become an input anyway.
func (in *inputs) addPattern(pattern string, warning *hcleval.Problem) {
	dir, rest := splitPattern(pattern)
	if o, err := repotree.ResolveLinks(in.tree, dir); err == nil {
		for _, link := range o.Links {
			in.paths[link] = false
		}
		pattern = path.Join(o.Path, rest)
	}
	if len(in.files.match(pattern)) > maxMatches {
		in.addGuess(dir, warning)
		return
	}
	in.patterns[pattern] = append(in.patterns[pattern], warning)
}

// resolvePatterns adds the files of the patterns outside of directories that are inputs, and
// returns these patterns, sorted.
func (in *inputs) resolvePatterns() (patterns []string, warnings []*hcleval.Problem) {
	for _, pattern := range slices.Sorted(maps.Keys(in.patterns)) {
		if dir, _ := splitPattern(pattern); in.paths[dir] || in.isCovered(dir) {
			continue
		}
		for _, p := range in.files.match(pattern) {
			in.add(p) // an object that cannot be used was perhaps not meant
		}
		patterns, warnings = append(patterns, pattern), append(warnings, in.patterns[pattern]...)
	}
	return patterns, warnings
}

// list returns the inputs and the warnings: the workspace's directory first, the others
// sorted, without paths inside another input.
func (in *inputs) list(workspaceDir string) (paths, patterns []string, warnings []*hcleval.Problem) {
	var guessed []string
	for dir, notes := range in.guesses {
		if !in.paths[dir] && !in.isCovered(dir) {
			guessed = append(guessed, dir)
			warnings = append(warnings, notes...)
		}
	}
	for _, dir := range guessed {
		in.add(dir) // an object that cannot be used was perhaps not meant
	}
	patterns, more := in.resolvePatterns()
	warnings = append(warnings, more...)
	for p := range in.paths {
		if p != workspaceDir && !in.isCovered(p) {
			paths = append(paths, p)
		}
	}
	slices.Sort(paths)
	return append([]string{workspaceDir}, paths...), patterns, warnings
}

// isCovered reports whether an input directory contains p.
func (in *inputs) isCovered(p string) bool {
	for p != "." {
		p = path.Dir(p)
		if in.paths[p] {
			return true
		}
	}
	return false
}
