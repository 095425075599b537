// Package workspace loads the Terraform root modules of a repository and finds their
// dependencies: the objects of the Git tree that Terraform could read in each of them (its
// inputs), the location of its state, and the other states that it reads.
//
// It executes nothing and downloads nothing. It parses configuration with HashiCorp's own
// parser, and evaluates constants. If an expression cannot be evaluated, the directory that
// must contain its file becomes an input, with a warning. An input is never dropped,
// because a missed input silently skips an apply.
package workspace

import (
	"slices"
	"strings"

	"reconcile/internal/gitpath"
	"reconcile/internal/stateid"
	"reconcile/reconciler/workspace/settings"
)

// RulesVersion is the version of the discovery rules. It is part of every trace, so that a
// release that finds other inputs checks every workspace again.
const RulesVersion = "5"

// wholeRules is the version whose traces have the ids of whole directories, and no names of
// wider scopes. What it found is enough to see that nothing changed.
const wholeRules = "4"

// Names of the inputs of a trace that are not paths.
const (
	SettingsInput = "//settings"
	RulesInput    = "//rules"

	// Beginnings of names: of a file pattern, of a pattern in doublestar's syntax, and of
	// directories with a scope that is not ownFiles.
	patternInput = "//files/"
	globInput    = "//glob/"
	guessedInput = "//guessed/"
	wholeInput   = "//whole/"
)

// Workspace describes one workspace of a tree.
type Workspace struct {
	Name            string     // see Dir
	Path            string     // in the repository
	Inputs          []string   // repository paths, its own directory first, the others sorted
	Patterns        []string   // of further files that it may read, see FileLists; what matches is in Inputs; sorted
	Filesets        []string   // patterns in doublestar's syntax of files that filesets or the settings name; what matches is in Inputs; sorted
	Unfollowed      []string   // what its configuration names and is no input by the settings, each with file:line; sorted
	Identity        stateid.ID // identity of its state; "" if Err was set before it was known
	Backend         Backend
	Reads           []stateid.ID // identities of the states that it reads, "*" for parts that could not be evaluated; sorted
	Globs           []string     // repository path patterns, in doublestar's syntax, that its configuration searches; sorted
	Variables       []string     // names of the root module's variables, sorted
	RequiredVersion []string     // every required_version of the root module and its called modules, sorted
	InitKey         []string     // the inputs of "terraform init", which need not run again while they stay the same
	Modules         []string     // directories of the modules that it calls, also indirectly; sorted
	HasBackend      bool         // its configuration has a backend or cloud block, as only a root module does
	NeedsProviders  bool         // whether it may need providers other than the built-in one
	LockFile        string       // path of the dependency lock file; "" if there is none
	Warnings        []string     // over-approximated or invisible inputs, each with file:line; sorted
	Err             error        // why the workspace cannot be used; other workspaces are not affected
	Config          settings.Config

	scopes      map[string]scope // of directories in Inputs
	settings    map[string]bool  // of providers and the backend, see setting.key
	backendText string           // see backendTextOf
}

// Trace returns the workspace's inputs, each with its id in the tree of files. The workspace
// must have been loaded from that tree. Paths are quoted by gitpath.Quote, because a trace is
// stored as text.
func (w *Workspace) Trace(files *FileLists) map[string]string {
	trace := map[string]string{SettingsInput: w.Config.Digest(), RulesInput: RulesVersion}
	rules := ignoreRules{w.Config.Ignore}
	for in := range w.tracedInputs {
		trace[in.kind+gitpath.Quote(in.path)] = in.id(files, rules)
	}
	return trace
}

// tracedInput is an input of a trace that is a path or a pattern.
type tracedInput struct {
	kind string // the beginning of its name; "": a file, or a directory with the scope ownFiles
	path string
}

// tracedInputs yields the inputs that are paths or patterns. It stops where yield returns false.
func (w *Workspace) tracedInputs(yield func(tracedInput) bool) {
	rules := ignoreRules{w.Config.Ignore}
	for _, path := range w.Inputs {
		s, isDir := w.scopes[path]
		wider := guessedInput
		if rules.omitsNothing(s) {
			wider = wholeInput
		}
		if isDir && s != ownFiles && !yield(tracedInput{wider, path}) {
			return
		}
		isOwn := !isDir || s == ownFiles || path == w.Path || slices.Contains(w.Modules, path)
		if isOwn && !yield(tracedInput{"", path}) {
			return
		}
	}
	for _, pattern := range w.Patterns {
		if !yield(tracedInput{patternInput, pattern}) {
			return
		}
	}
	for _, glob := range w.Filesets {
		if !yield(tracedInput{globInput, glob}) {
			return
		}
	}
}

// id returns the id of the input in the tree of files.
func (in tracedInput) id(files *FileLists, rules ignoreRules) string {
	switch in.kind {
	case patternInput:
		return files.hashPattern(rules, in.path)
	case globInput:
		return files.hashGlob(in.path)
	case wholeInput:
		return files.tree.ID(in.path)
	case guessedInput:
		return files.filteredID(rules, guessedFiles, in.path)
	}
	return files.filteredID(rules, ownFiles, in.path)
}

// isPattern reports whether the input is the names of what a pattern matches.
func (in tracedInput) isPattern() bool { return in.kind == patternInput || in.kind == globInput }

// Omits reports whether the file at p, below the input dir, is no input.
func (w *Workspace) Omits(dir, p string) bool {
	s, isDir := w.scopes[dir]
	return isDir && !slices.Contains(w.Inputs, p) && ignoreRules{w.Config.Ignore}.omits(s, dir, p)
}

// HasSetting reports whether a provider or the backend has a setting with this key, which
// is that of a module.Setting.
func (w *Workspace) HasSetting(key string) bool { return w.settings[key] }

// HasBackendOf reports whether the backend has all settings of the backend of other.
func (w *Workspace) HasBackendOf(other *Workspace) bool { return w.backendText == other.backendText }

// StalePaths returns the paths and the patterns of trace, sorted, whose id differs in the tree
// of files. c is the settings of the workspace. It ignores other names that begin with "//":
// they are not paths.
func StalePaths(files *FileLists, c settings.Config, trace map[string]string) []string {
	rules := ignoreRules{c.Ignore}
	var stale []string
	for name, id := range trace {
		in := tracedInput{path: name}
		for _, prefix := range []string{patternInput, globInput, guessedInput, wholeInput} {
			if rest, ok := strings.CutPrefix(name, prefix); ok {
				in = tracedInput{prefix, rest}
				break
			}
		}
		if in.kind == "" && strings.HasPrefix(name, "//") {
			continue
		}
		quoted := in.path
		in.path = gitpath.Unquote(quoted)
		if !in.isPattern() && files.tree.ID(in.path) == id { // a tree that has the filtered id has no ignored files
			continue
		}
		if in.kind == "" && trace[RulesInput] == wholeRules || in.id(files, rules) != id {
			stale = append(stale, quoted)
		}
	}
	slices.Sort(stale)
	return slices.Compact(stale)
}

// ChangedPaths returns the paths and the patterns among the workspace's inputs, sorted, that
// differ between two trees. The workspace must have been loaded from the tree of after.
func (w *Workspace) ChangedPaths(before, after *FileLists) []string {
	rules := ignoreRules{w.Config.Ignore}
	var changed []string
	for in := range w.tracedInputs {
		if !in.isPattern() && before.tree.ID(in.path) == after.tree.ID(in.path) { // so no part of it differs
			continue
		}
		if in.id(before, rules) != in.id(after, rules) {
			changed = append(changed, gitpath.Quote(in.path))
		}
	}
	slices.Sort(changed)
	return slices.Compact(changed)
}

// StaleInputs returns a description of each changed input of trace that is not a path: the
// workspace's settings c and the discovery rules. StalePaths handles the paths.
func StaleInputs(c settings.Config, trace map[string]string) []string {
	var stale []string
	if c.Err != nil || trace[SettingsInput] != c.Digest() {
		stale = append(stale, "settings")
	}
	if rules := trace[RulesInput]; rules != RulesVersion && rules != wholeRules {
		stale = append(stale, "discovery rules")
	}
	return stale
}
