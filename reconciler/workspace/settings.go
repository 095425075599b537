package workspace

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// SettingsFile is where a repository keeps its settings.
const SettingsFile = "env/reconcile.hcl"

// defaultPattern is where root modules are when the settings do not say.
const defaultPattern = "env/*"

// Settings is what a repository's settings say, for one environment.
type Settings struct {
	patterns     []posString   // of directories that hold root modules
	common       settingsLayer // of environments
	environments map[string]settingsLayer
	environment  string            // environment; "" for none
	policy       Policy            // what the preview block says
	paths        map[string]string // of the workspaces that Discover found, and of Unread, by name
	openTofuDirs []Dir             // see Unread
	warnings     []*Problem        // see Warnings
	configs      map[string]Config // of the same
}

// posString is a string of the settings, and where it stands.
type posString struct {
	text string
	rng  hcl.Range
}

// LoadSettings reads the settings of tree. Without a settings file everything
// has its default. The environment "" is the one of repositories that know no
// environments. An error is what is wrong with the file as a whole.
func LoadSettings(tree Tree, environment string) (*Settings, error) {
	text, err := readLimited(tree, SettingsFile, maxConfigSize)
	if errors.Is(err, fs.ErrNotExist) {
		if environment != "" {
			return nil, fmt.Errorf("environment %q is not known: there is no %s", environment, SettingsFile)
		}
		return &Settings{patterns: []posString{{text: defaultPattern}}}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", SettingsFile, err)
	}
	d := settingsDecoder{tree: tree}
	s := d.decode(text, environment)
	if err := joinProblems(d.problems); err != nil {
		return nil, err
	}
	return s, nil
}

// Config returns the settings as they hold for the workspace called name,
// which Discover has found.
func (s *Settings) Config(name string) Config { return s.configs[name] }

// Env returns the names of every TF_VAR_* that the settings declare, sorted.
func (s *Settings) Env() []string {
	names := map[string]bool{}
	for _, l := range []settingsLayer{s.common, s.environments[s.environment]} {
		for _, o := range append(slices.Collect(maps.Values(l.workspaces)), l.defaults.constant) {
			for _, name := range o.env {
				names[name] = true
			}
		}
	}
	return sortedKeys(names)
}

// isFile tells whether path is a file of tree, links followed.
func isFile(tree Tree, path string) bool {
	real, err := resolveLinks(tree, path)
	return err == nil && real.exists && !real.dir
}

func isOutsideRepo(path string) bool {
	return path == ".." || strings.HasPrefix(path, "../") || strings.HasPrefix(path, "/")
}

func textsOf(list []posString) []string {
	var out []string
	for _, l := range list {
		out = append(out, l.text)
	}
	return out
}

func sortedKeys[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }

// valueOrZero returns what p points to, or the zero value.
func valueOrZero[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
