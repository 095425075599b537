package workspace

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"reconcile/internal/gitpath"
	"reconcile/reconciler/workspace/internal/module"
	"reconcile/reconciler/workspace/repotree"
)

// scope says which files below an input directory are inputs.
type scope int

// The scopes, from the narrowest. A directory that is an input for several reasons has the
// widest of their scopes.
const (
	ownFiles     scope = iota // of the workspace or a module: without ignored files, also by default
	guessedFiles              // a directory that may contain an input: without what the settings ignore
	allFiles                  // a directory that the configuration names
)

// ignoreRules say which files are no inputs, unless the configuration names them.
type ignoreRules struct {
	patterns []string // of the settings, from the root of the repository
}

// Below the directory of a workspace or a module, files that no plan reads and that people
// change often are ignored by default. A name belongs here only if no provider or function
// reads such a file unless the configuration names it.

// ignoredNames are the names of files that are ignored by default, at any depth.
var ignoredNames = map[string]bool{
	"LICENSE": true, "LICENSE.txt": true, "LICENCE": true, "NOTICE": true, "CODEOWNERS": true,
	".gitignore": true, ".gitattributes": true, ".gitkeep": true, ".editorconfig": true,
	".terraform-docs.yml": true, ".terraform-docs.yaml": true, ".tflint.hcl": true, ".trivyignore": true,
	".checkov.yml": true, ".checkov.yaml": true, ".pre-commit-config.yaml": true,
}

// testsDir is the directory of "terraform test", which may also have modules for tests alone.
const testsDir = "tests"

// isIgnoredByDefault reports whether a file below the directory of a module is no input; rel
// is its path from there. A directory with such a name holds nothing but such files.
func isIgnoredByDefault(rel string) bool {
	dir, name := path.Split(rel)
	return isIgnoredName(name) || dir != "" && slices.Contains(strings.Split(dir, "/"), testsDir)
}

// isIgnoredName reports whether files or directories of a name are no inputs.
func isIgnoredName(name string) bool {
	switch {
	case strings.HasSuffix(name, ".md"), ignoredNames[name]:
		return true
	case strings.HasSuffix(name, ".hcl"), strings.HasSuffix(name, ".json"):
		return repotree.IsTestFile(name)
	}
	return false
}

// isIgnored reports whether the settings ignore the file at p.
func (r ignoreRules) isIgnored(p string) bool {
	return slices.ContainsFunc(r.patterns, func(pattern string) bool { return matchesOrContains(pattern, p) })
}

// matchesOrContains reports whether a pattern of doublestar matches p, or a directory that
// contains p.
func matchesOrContains(pattern, p string) bool {
	return doublestar.MatchUnvalidated(pattern, p) || doublestar.MatchUnvalidated(pattern+"/**", p)
}

// omits reports whether the file at p, below the input directory dir of this scope, is no
// input.
func (r ignoreRules) omits(s scope, dir, p string) bool {
	rel := strings.TrimPrefix(p, strings.TrimSuffix(dir+"/", "./"))
	switch {
	case s == allFiles:
		return false
	case s == ownFiles && isIgnoredByDefault(rel):
		return true
	case s == ownFiles && !strings.Contains(rel, "/") && (repotree.IsAutoLoaded(rel) || rel == lockFile):
		return false // Terraform reads it by itself
	}
	return r.isIgnored(p)
}

// omitsNothing reports whether all files below a directory of this scope are inputs, whatever
// their names.
func (r ignoreRules) omitsNothing(s scope) bool {
	return s == allFiles || s == guessedFiles && len(r.patterns) == 0
}

// lockFile is the name of the dependency lock file.
const lockFile = ".terraform.lock.hcl"

// listIgnored returns the files below dir, an input directory of scope s, that are no inputs.
func (r ignoreRules) listIgnored(files *FileLists, s scope, dir string) (ignored []string) {
	if r.omitsNothing(s) {
		return nil
	}
	for _, p := range files.listBelow(dir) {
		if r.omits(s, dir, p) {
			ignored = append(ignored, p)
		}
	}
	return ignored
}

// filteredID returns the id of dir without the files that are no inputs in its scope. It is the
// id of the tree itself while there are none.
func (l *FileLists) filteredID(r ignoreRules, s scope, dir string) string {
	id := l.tree.ID(dir)
	if r.omitsNothing(s) || !strings.HasPrefix(id, repotree.DirMode) {
		return id
	}
	key := id // what is ignored by default does not depend on where the directory is
	if len(r.patterns) > 0 {
		key = strings.Join(append([]string{id, dir, string(rune('0' + s))}, r.patterns...), "\x00")
	}
	filtered, ok := l.filtered.Get(key)
	if !ok {
		prefix := strings.TrimSuffix(dir+"/", "./")
		filtered = l.filtered.GetOrPut(key, l.tree.FilteredID(dir, func(rel string, isDir bool) bool {
			if isDir {
				return s == ownFiles && path.Base(rel) == testsDir
			}
			return r.omits(s, dir, prefix+rel)
		}))
	}
	return filtered
}

// Ignored returns the files below the workspace's inputs that are no inputs, sorted.
func (w *Workspace) Ignored(files *FileLists) []string {
	rules := ignoreRules{w.Config.Ignore}
	ignored := map[string]bool{}
	for dir, s := range w.scopes {
		for _, p := range rules.listIgnored(files, s, dir) {
			ignored[p] = true
		}
	}
	for _, input := range w.Inputs {
		delete(ignored, input)
		if s, isDir := w.scopes[input]; isDir {
			maps.DeleteFunc(ignored, func(p string, _ bool) bool { return isBelow(p, input) && !rules.omits(s, input, p) })
		}
	}
	return slices.Sorted(maps.Keys(ignored))
}

// isBelow reports whether p is below dir, and not dir itself.
func isBelow(p, dir string) bool { return p != dir && gitpath.IsWithin(p, dir) }

// A text without "..", such as "README.md" or "./chart", is not evaluated: what it may name is
// part of its workspace's directory. It matters only for files that are ignored by default.
// These are inputs if a word of a text has their name, or that of a directory above them. Which
// words are in other texts than arguments of providers does not matter: one more file counts.

// addMentioned adds the files that are ignored by default, and that words of the configuration
// mention.
func (in *inputs) addMentioned() {
	if len(in.mentioned) == 0 {
		return
	}
	for dir := range in.own {
		for _, p := range in.ignoredByDefault(dir) {
			rel := strings.TrimPrefix(p, strings.TrimSuffix(dir+"/", "./"))
			if slices.ContainsFunc(in.mentioned, func(words map[string]bool) bool { return mentions(words, rel) }) {
				in.add(p, guessedFiles)
			}
		}
	}
}

// ignoredByDefault returns the files below a directory that the program ignores, and not the
// settings.
func (in *inputs) ignoredByDefault(dir string) []string {
	ignored := in.files.ignoredByDefault(dir)
	return slices.DeleteFunc(slices.Clone(ignored), in.rules.isIgnored)
}

// mentions reports whether one of words may name the file at rel or a directory above it.
func mentions(words map[string]bool, rel string) bool {
	if words[module.AnyName+path.Ext(rel)] {
		return true
	}
	for p := rel; p != "."; p = path.Dir(p) {
		for end := p; ; { // each end of the path is a path from some directory
			if words[end] {
				return true
			}
			_, rest, more := strings.Cut(end, "/")
			if !more {
				break
			}
			end = rest
		}
	}
	return false
}
