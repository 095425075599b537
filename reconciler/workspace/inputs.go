package workspace

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"reconcile/reconciler/workspace/internal/hcleval"
	"reconcile/reconciler/workspace/repotree"
)

// inputs collects the objects of the tree that a workspace depends on.
type inputs struct {
	loader  *Loader
	paths   map[string]bool               // true for directories and absent paths: they cover everything below them
	guesses map[string][]*hcleval.Problem // directories that may contain an input, with the warnings for each
}

func newInputs(l *Loader) *inputs {
	return &inputs{loader: l, paths: map[string]bool{}, guesses: map[string][]*hcleval.Problem{}}
}

// add adds the object at p, the links on the way to it, and the targets of links below it.
// It returns an error for each object that no run can use.
func (in *inputs) add(p string) (errs []error) {
	if _, seen := in.paths[p]; seen {
		return nil
	}
	o, err := repotree.ResolveLinks(in.loader.tree, p)
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
		return nil
	case strings.HasPrefix(in.loader.tree.ID(o.Path), repotree.SubmoduleMode):
		return []error{submoduleError(o.Path)}
	case in.loader.SkipPointers:
		return nil
	}
	info, err := in.loader.tree.Lstat(o.Path)
	switch {
	case err != nil:
		return []error{err}
	case in.loader.isLFSPointer(o.Path, info):
		return []error{pointerError(o.Path)}
	}
	return nil
}

func (in *inputs) addLinksBelow(dir string) (errs []error) {
	special, err := in.loader.findSpecialFiles(dir)
	if err != nil {
		return []error{err}
	}
	for _, link := range special.links {
		errs = append(errs, in.add(link)...)
	}
	errs = append(errs, special.skipped...)
	for _, p := range special.submodules {
		errs = append(errs, submoduleError(p))
	}
	for _, p := range special.pointers {
		errs = append(errs, pointerError(p))
	}
	return errs
}

func submoduleError(p string) error {
	return fmt.Errorf("%s is a Git submodule, which is not supported: copy its files into this repository, or call it as a module by its Git URL", p)
}

func pointerError(p string) error {
	return fmt.Errorf("%s %s", p, lfsPointerText)
}

const lfsPointerText = "is a Git LFS pointer, which is not supported: commit the file itself to Git, or move it out of what Terraform reads"

// addGuess adds a directory that may contain an input. The warning counts only if the
// directory does not become an input anyway.
func (in *inputs) addGuess(dir string, warning *hcleval.Problem) {
	if o, err := repotree.ResolveLinks(in.loader.tree, dir); err == nil {
		for _, link := range o.Links {
			in.paths[link] = false
		}
		dir = o.Path
	}
	in.guesses[dir] = append(in.guesses[dir], warning)
}

// list returns the inputs and the warnings: the workspace's directory first, the others
// sorted, without paths inside another input.
func (in *inputs) list(workspaceDir string) (paths []string, warnings []*hcleval.Problem) {
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
	for p := range in.paths {
		if p != workspaceDir && !in.isCovered(p) {
			paths = append(paths, p)
		}
	}
	slices.Sort(paths)
	return append([]string{workspaceDir}, paths...), warnings
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

func (l *Loader) isLFSPointer(p string, info fs.FileInfo) bool {
	if !info.Mode().IsRegular() || info.Size() < int64(minPointerSize) || info.Size() > maxPointerSize {
		return false
	}
	text, err := l.tree.ReadFile(p)
	return err == nil && bytes.HasPrefix(text, []byte(lfsPointerPrefix))
}
