// Package workspace finds the Terraform root modules of a repository and what
// each of them depends on: the objects of the Git tree that Terraform could
// see when it runs there (its inputs), where its state lives, and which other
// states it reads.
//
// Nothing is executed and nothing downloaded: configuration is parsed with
// HashiCorp's own parser and evaluated as far as constants go. What cannot be
// evaluated is widened to the directory that it must lie in, and said; it is
// never dropped, because a missed input silently skips an apply.
package workspace

import (
	"io/fs"
	"maps"
	"slices"
	"strings"

	"reconcile/internal/gitpath"
)

// RulesVersion is the version of the discovery rules. It is part of every trace, so
// that a release that finds other inputs looks at every workspace again.
const RulesVersion = "3"

// Names of the inputs of a trace that are no paths.
const (
	SettingsInput = "//settings"
	RulesInput    = "//rules"
)

// AbsentID is the id of an object that does not exist.
const AbsentID = "absent"

// Tree is a Git tree. Paths are clean and slash-separated; "." is the root.
// Implementations are safe for use by several goroutines.
type Tree interface {
	fs.FS
	ReadFile(path string) ([]byte, error)
	ReadDir(path string) ([]fs.DirEntry, error)
	// Lstat and ReadLink do not follow a link at path itself.
	Lstat(path string) (fs.FileInfo, error)
	ReadLink(path string) (string, error)
	// SkippedEntries returns what is to be said of each entry of a directory that
	// ReadDir does not list, since it is not laid out for Terraform.
	SkippedEntries(path string) ([]error, error)
	// ID is "mode:hex" of the object at path, or Absent. A link at path itself
	// is not followed; those on the way are.
	ID(path string) string
}

// Dir is a directory that holds a workspace.
type Dir struct {
	Name string // its path below the pattern's fixed part, as people call it
	Path string // in the repository
}

// Workspace is what was found out about one workspace of a tree.
type Workspace struct {
	Dir
	Inputs          []string // repository paths, its own directory first, the others sorted
	Identity        string   // where its state lives; "" when Err is set before that was known
	Backend         Backend
	Reads           []string // identities of the states that it reads, "*" for what could not be evaluated; sorted
	Globs           []string // patterns of repository paths, as doublestar has them, by which files are looked for; sorted
	Variables       []string // names of the root module's variables, sorted
	RequiredVersion []string // every required_version of the root module and the modules that it calls, sorted
	InitKey         []string // what the configuration has for init; "terraform init" need not run again while it stays
	NeedsProviders  bool     // whether it may need providers beside the one that is part of Terraform
	LockFile        string   // path of the dependency lock file; "" when there is none
	Warnings        []string // what was widened or could not be seen, each with file:line; sorted
	Err             error    // why the workspace cannot be used; its neighbours are not concerned
	Config          Config

	settings    map[string]bool // of providers and the backend, as setting.key has them
	backendText string          // what the backend block says
}

// Trace returns the workspace's inputs, each with its id in tree, which must
// be the tree that the workspace was loaded from. Paths are as gitpath.Quote
// has them: a trace is stored as text.
func (w *Workspace) Trace(tree Tree) map[string]string {
	trace := map[string]string{SettingsInput: w.Config.Digest(), RulesInput: RulesVersion}
	for _, path := range w.Inputs {
		trace[gitpath.Quote(path)] = tree.ID(path)
	}
	return trace
}

// Node returns what Link needs to know of the workspace.
func (w *Workspace) Node() Node {
	return Node{Name: w.Name, Identity: w.Identity, Reads: w.Reads, DependsOn: w.Config.DependsOn}
}

// StalePaths returns the paths of trace, sorted, that have another id in tree.
// Names that begin with "//" are no paths and left to the caller.
func StalePaths(tree Tree, trace map[string]string) []string {
	var stale []string
	for _, name := range slices.Sorted(maps.Keys(trace)) {
		if !strings.HasPrefix(name, "//") && tree.ID(gitpath.Unquote(name)) != trace[name] {
			stale = append(stale, name)
		}
	}
	return stale
}
