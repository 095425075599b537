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
	"reconcile/reconciler/workspace/settings"
)

// inputs collects the objects of the tree that a workspace depends on.
type inputs struct {
	tree   repotree.Tree
	loader *module.Loader
	files  *FileLists
	rules  ignoreRules

	own      map[string]bool                // directories of the workspace and its modules
	paths    map[string]bool                // true for directories and absent paths: they cover what is below them
	scopes   map[string]scope               // of directories in paths, and of what may become one
	filesets map[string]string              // what filesets search inside of directories, by pattern in doublestar's syntax
	guesses  map[string][]unknownExpression // directories that may contain an input
	patterns map[string][]unknownExpression // of files that may be inputs

	mentioned  []map[string]bool  // words of texts that may name ignored files, see Module.Mentions
	listed     []string           // see listed_inputs.go; nil: the settings do not list the inputs
	namedPaths []namedPath        // by the configuration, while listed is not nil
	unfollowed []*hcleval.Problem // what the configuration names and is no input
}

// unknownExpression is an expression whose value is not known, and what counts because of it.
type unknownExpression struct {
	problem *hcleval.Problem // "X cannot be evaluated"
	effect  string
}

// warning returns the warning about what counts.
func (u unknownExpression) warning() *hcleval.Problem {
	w := *u.problem
	w.Text += ": " + u.effect
	return &w
}

func newInputs(tree repotree.Tree, files *FileLists, l *module.Loader, config settings.Config) *inputs {
	return &inputs{
		tree: tree, files: files, loader: l, rules: ignoreRules{config.Ignore}, listed: config.Inputs,
		own: map[string]bool{}, paths: map[string]bool{}, scopes: map[string]scope{}, filesets: map[string]string{},
		guesses: map[string][]unknownExpression{}, patterns: map[string][]unknownExpression{},
	}
}

// add adds the object at p, the links on the way to it, and the targets of links below it. s is
// the scope of a directory. It returns an error for each object that no run can use.
func (in *inputs) add(p string, s scope) (errs []error) {
	if in.has(p, s) {
		return nil
	}
	o, err := repotree.ResolveLinks(in.tree, p)
	for _, link := range o.Links {
		in.paths[link] = false
	}
	if err != nil {
		return []error{err}
	}
	if in.has(o.Path, s) {
		return nil
	}
	in.paths[o.Path] = o.Dir || !o.Exists
	switch {
	case o.Dir:
		in.scopes[o.Path] = s
		return in.addLinksBelow(o.Path, s)
	case !o.Exists:
		for dir := path.Dir(o.Path); dir != "." && dir != "/"; dir = path.Dir(dir) {
			if strings.HasPrefix(in.tree.ID(dir), repotree.SubmoduleMode) {
				return []error{repotree.SubmoduleError(dir)}
			}
		}
		if s == allFiles && path.Ext(p) == "" { // it may become a directory
			in.scopes[o.Path] = s
		}
		return nil
	case strings.HasPrefix(in.tree.ID(o.Path), repotree.SubmoduleMode):
		return []error{repotree.SubmoduleError(o.Path)}
	case in.loader.SkipsPointers(o.Path):
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

// addOwn adds the directory of the workspace, or of a module that it calls.
func (in *inputs) addOwn(dir string) []error {
	errs := in.add(dir, ownFiles)
	in.own[in.resolveDir(dir)] = true
	return errs
}

// has reports whether p was added with the scope s or a wider one.
func (in *inputs) has(p string, s scope) bool {
	if _, seen := in.paths[p]; !seen {
		return false
	}
	of, isDir := in.scopes[p]
	return !isDir || of >= s
}

func (in *inputs) addLinksBelow(dir string, s scope) (errs []error) {
	special, err := in.loader.FindSpecialFiles(dir)
	if err != nil {
		return []error{err}
	}
	for _, link := range special.Links {
		if !in.rules.omits(s, dir, link) {
			errs = append(errs, in.add(link, allFiles)...)
		}
	}
	errs = append(errs, special.Skipped...)
	for _, p := range special.Submodules {
		if !in.rules.omits(s, dir, p) {
			errs = append(errs, repotree.SubmoduleError(p))
		}
	}
	for _, p := range special.Pointers {
		if !in.rules.omits(s, dir, p) {
			errs = append(errs, pointerError(p))
		}
	}
	return errs
}

func pointerError(p string) error {
	return fmt.Errorf("%s %s", p, module.LFSPointerText)
}

// addGuess adds a directory that may contain an input.
func (in *inputs) addGuess(dir string, u unknownExpression) {
	dir = in.resolveDir(dir)
	in.guesses[dir] = append(in.guesses[dir], u)
}

// resolveDir returns where the links of a directory lead. The links are inputs.
func (in *inputs) resolveDir(dir string) string {
	o, err := repotree.ResolveLinks(in.tree, dir)
	if err != nil {
		return dir
	}
	for _, link := range o.Links {
		in.paths[link] = false
	}
	return o.Path
}

// addPattern adds the files that pattern matches.
func (in *inputs) addPattern(pattern string, u unknownExpression) {
	dir, rest := splitPattern(pattern)
	dir = in.resolveDir(dir)
	pattern = path.Join(dir, rest)
	if len(in.files.match(pattern)) > maxMatches {
		in.addGuess(dir, u)
		return
	}
	in.patterns[pattern] = append(in.patterns[pattern], u)
}

// addFileset adds what a fileset finds in dir, a directory: pattern is in doublestar's syntax.
func (in *inputs) addFileset(dir, pattern string) {
	in.filesets[path.Join(wildcards.Replace(dir), pattern)] = dir
}

// wildcards escapes what is a wildcard for doublestar.
var wildcards = strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`, "{", `\{`)

// foundInputs is what a workspace depends on.
type foundInputs struct {
	paths    []string         // the workspace's directory first, the others sorted, without paths inside another input
	scopes   map[string]scope // of directories in paths
	patterns []string         // file patterns
	globs    []string         // patterns in doublestar's syntax: of filesets and of the settings
	warnings []*hcleval.Problem
	problems []*hcleval.Problem
}

// find returns the inputs. The warning about what is unknown counts only if what it adds is
// not an input anyway.
func (in *inputs) find(workspaceDir string) *foundInputs {
	found := &foundInputs{scopes: map[string]scope{}}
	if in.listed != nil {
		in.addListed(found)
		in.followNamed(found)
	}
	in.addMentioned()
	in.addGuesses(found)
	in.addFilesets(found)
	in.addPatterns(found)
	for p := range in.paths {
		if p != workspaceDir && !in.isCovered(p) {
			found.paths = append(found.paths, p)
		}
	}
	slices.Sort(found.paths)
	found.paths = append([]string{workspaceDir}, found.paths...)
	for _, p := range found.paths {
		if s, isDir := in.scopes[p]; isDir {
			found.scopes[p] = s
		}
	}
	return found
}

func (in *inputs) addGuesses(found *foundInputs) {
	var dirs []string
	for dir, unknowns := range in.guesses {
		switch {
		case in.paths[dir] && in.has(dir, guessedFiles), in.isDirCovered(dir, guessedFiles):
			continue
		case in.isOwn(dir): // only ignored files become inputs, too
		case in.listed != nil:
			in.leaveOut(unknowns)
			continue
		default:
			for _, u := range unknowns {
				found.warnings = append(found.warnings, u.warning())
			}
		}
		dirs = append(dirs, dir)
	}
	for _, dir := range dirs {
		in.add(dir, guessedFiles) // an object that cannot be used was perhaps not meant
	}
}

// addFilesets adds the files that filesets find and that are not inputs as parts of their
// directories, or the directories that they search elsewhere.
func (in *inputs) addFilesets(found *foundInputs) {
	for _, glob := range slices.Sorted(maps.Keys(in.filesets)) {
		dir := in.filesets[glob]
		switch {
		case in.has(dir, allFiles), in.isDirCovered(dir, allFiles):
			continue
		case in.isOwn(dir):
		case in.listed == nil:
			in.add(dir, allFiles)
			continue
		default: // follow said so
			continue
		}
		for _, p := range in.files.matchGlob(glob) {
			if !in.isFileCovered(p) {
				in.add(p, allFiles)
			}
		}
		found.globs = append(found.globs, glob)
	}
}

// addPatterns adds the files of the file patterns that are no inputs yet.
func (in *inputs) addPatterns(found *foundInputs) {
	for _, pattern := range slices.Sorted(maps.Keys(in.patterns)) {
		dir, _ := splitPattern(pattern)
		isOwn := in.isOwn(dir)
		if in.has(dir, guessedFiles) || in.isDirCovered(dir, guessedFiles) {
			continue
		}
		if !isOwn && in.listed != nil {
			in.leaveOut(in.patterns[pattern])
			continue
		}
		added := false
		for _, p := range in.files.match(pattern) {
			if !in.rules.isIgnored(p) && !in.isFileCovered(p) {
				in.add(p, guessedFiles) // an object that cannot be used was perhaps not meant
				added = true
			}
		}
		if isOwn && !added && !isIgnoredName(path.Base(pattern)) {
			continue // what it may match counts with the directory
		}
		found.patterns = append(found.patterns, pattern)
		for _, u := range in.patterns[pattern] {
			if !isOwn {
				found.warnings = append(found.warnings, u.warning())
			}
		}
	}
}

// isCovered reports whether an input directory above an input contains all that it stands for.
func (in *inputs) isCovered(p string) bool {
	if s, isDir := in.scopes[p]; isDir {
		return in.isDirCovered(p, s)
	}
	return in.isFileCovered(p)
}

// isFileCovered reports whether an input directory contains a file.
func (in *inputs) isFileCovered(file string) bool {
	return in.hasDirAbove(file, func(dir string, of scope) bool { return !in.rules.omits(of, dir, file) })
}

// isDirCovered reports whether an input directory contains what is in the scope s of another.
func (in *inputs) isDirCovered(p string, s scope) bool {
	return in.hasDirAbove(p, func(dir string, of scope) bool {
		return s <= of && len(in.rules.patterns) == 0 && !in.rules.omits(of, dir, path.Join(p, "x"))
	})
}

// hasDirAbove reports whether one of the input directories above p leaves out nothing, or covers p.
func (in *inputs) hasDirAbove(p string, covers func(dir string, of scope) bool) bool {
	for dir := p; dir != "."; {
		if dir = path.Dir(dir); !in.paths[dir] {
			continue
		}
		if of, exists := in.scopes[dir]; !exists || in.rules.omitsNothing(of) || covers(dir, of) {
			return true
		}
	}
	return false
}

// isOwn reports whether p is the directory of the workspace or of a module that it calls, or
// below one.
func (in *inputs) isOwn(p string) bool {
	for !in.own[p] {
		if p == "." {
			return false
		}
		p = path.Dir(p)
	}
	return true
}
