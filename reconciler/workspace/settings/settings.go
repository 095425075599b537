// Package settings reads a repository's own settings, reconcile.hcl, and finds the
// directories that are workspaces. It does not read their configuration.
package settings

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"

	"github.com/hashicorp/hcl/v2"

	"reconcile/reconciler/workspace/internal/hcleval"
	"reconcile/reconciler/workspace/repotree"
)

// FileName is the name of a repository's settings. They are at its root, or in env.
const FileName = "reconcile.hcl"

// File is where the settings usually are.
const File = "env/" + FileName

// defaultPattern matches root modules if the settings have no patterns.
const defaultPattern = "env/*"

// Settings holds a repository's settings for one environment.
type Settings struct {
	file         string
	isMissing    bool        // there is no such file
	patterns     []posString // patterns of root module directories
	common       layer       // settings outside of environments
	environments map[string]layer
	environment  string              // the selected environment; "" for none
	policy       Policy              // from the preview block
	found        directories         // from Discover, including OpenTofuDirs
	openTofuDirs []Dir               // see OpenTofuDirs
	named        map[string]bool     // see IsNamed
	warnings     []*hcleval.Problem  // see Warnings
	configs      map[string]Config   // by workspace name
	values       values              // see AddValues
	keptOutputs  map[string][]string // see KeptOutputs
}

// posString is a string of the settings with its position.
type posString struct {
	text string
	rng  hcl.Range
}

// Load reads the settings of tree. Without a settings file, all settings have their
// defaults. The environment is "" for repositories without environments. The error holds
// the mistakes that concern the file as a whole.
func Load(tree repotree.Tree, environment string) (*Settings, error) {
	file := File
	text, err := repotree.ReadLimited(tree, File, hcleval.MaxConfigSize)
	atRoot, rootErr := repotree.ReadLimited(tree, FileName, hcleval.MaxConfigSize)
	isMissing, isMissingAtRoot := errors.Is(err, fs.ErrNotExist), errors.Is(rootErr, fs.ErrNotExist)
	switch {
	case err == nil && rootErr == nil:
		return nil, fmt.Errorf("both %s and %s exist: join them in one", FileName, File)
	case isMissing && isMissingAtRoot:
		if environment != "" {
			return nil, fmt.Errorf("unknown environment %q: there is no %s", environment, File)
		}
		if info, err := fs.Stat(tree, path.Dir(File)); err != nil || !info.IsDir() {
			file = FileName
		}
		return &Settings{file: file, isMissing: true, patterns: []posString{{text: defaultPattern}}}, nil
	case isMissing, err == nil && !isMissingAtRoot:
		file, text, err = FileName, atRoot, rootErr
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	return Parse(tree, file, text, environment)
}

// Parse reads settings from text, as Load does from the tree. The file is named in errors.
func Parse(tree repotree.Tree, file string, text []byte, environment string) (*Settings, error) {
	d := decoder{tree: tree, file: file}
	s := d.decode(text, environment)
	if err := hcleval.JoinProblems(d.problems); err != nil {
		return nil, err
	}
	return s, nil
}

// IsMistake reports whether an error is of what the settings say, at a position in their file.
func IsMistake(err error) bool {
	_, ok := errors.AsType[*hcleval.Problem](err)
	return ok
}

// File returns the path of the settings: that of the file that was read, else where one
// would be.
func (s *Settings) File() string { return s.file }

// IsMissing reports whether the repository has no settings, so that all are defaults.
func (s *Settings) IsMissing() bool { return s.isMissing }

// Config returns the settings of a workspace that Discover returned.
func (s *Settings) Config(name string) Config { return s.configs[name] }

// Patterns returns the patterns of the directories that Discover searches.
func (s *Settings) Patterns() []string { return textsOf(s.patterns) }

// Env returns the names of all TF_VAR_* variables that the settings declare, sorted.
func (s *Settings) Env() []string {
	names := map[string]bool{}
	for _, l := range []layer{s.common, s.environments[s.environment]} {
		for _, o := range append(slices.Collect(maps.Values(l.workspaces)), l.defaults.constant) {
			for _, name := range o.env {
				names[name.text] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

func textsOf(list []posString) []string {
	var out []string
	for _, l := range list {
		out = append(out, l.text)
	}
	return out
}

// valueOrZero returns *p, or the zero value if p is nil.
func valueOrZero[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
