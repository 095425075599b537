// Package settings reads a repository's own settings, env/reconcile.hcl, and finds the
// directories that are workspaces. It does not read their configuration.
package settings

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"

	"reconcile/reconciler/workspace/internal/hcleval"
	"reconcile/reconciler/workspace/repotree"
)

// File is the path of a repository's settings.
const File = "env/reconcile.hcl"

// defaultPattern matches root modules if the settings have no patterns.
const defaultPattern = "env/*"

// Settings holds a repository's settings for one environment.
type Settings struct {
	patterns     []posString // patterns of root module directories
	common       layer       // settings outside of environments
	environments map[string]layer
	environment  string             // the selected environment; "" for none
	policy       Policy             // from the preview block
	paths        map[string]string  // workspaces from Discover, including OpenTofuDirs, by name
	openTofuDirs []Dir              // see OpenTofuDirs
	named        map[string]bool    // see IsNamed
	warnings     []*hcleval.Problem // see Warnings
	configs      map[string]Config  // by workspace name
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
	text, err := repotree.ReadLimited(tree, File, hcleval.MaxConfigSize)
	if errors.Is(err, fs.ErrNotExist) {
		if environment != "" {
			return nil, fmt.Errorf("unknown environment %q: there is no %s", environment, File)
		}
		return &Settings{patterns: []posString{{text: defaultPattern}}}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", File, err)
	}
	d := decoder{tree: tree}
	s := d.decode(text, environment)
	if err := hcleval.JoinProblems(d.problems); err != nil {
		return nil, err
	}
	return s, nil
}

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
				names[name] = true
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
