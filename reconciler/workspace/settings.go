package workspace

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/hashicorp/hcl/v2"
)

// SettingsFile is where a repository keeps its settings.
const SettingsFile = "env/reconcile.hcl"

// defaultPattern is where root modules are when the settings do not say.
const defaultPattern = "env/*"

// Settings is what a repository's settings say, for one environment.
type Settings struct {
	patterns    []located // of directories that hold root modules
	defaults    options
	workspaces  map[string]options // by label
	environment *environment       // the chosen one; nil when none was
	paths       map[string]string  // of the workspaces that Discover found, by name
}

// located is a string of the settings, and where it stands.
type located struct {
	text string
	at   hcl.Range
}

// LoadSettings reads the settings of tree. Without a settings file everything
// has its default. The environment "" is the one of repositories that know no
// environments.
func LoadSettings(tree Tree, environment string) (*Settings, error) {
	text, err := tree.ReadFile(SettingsFile)
	if errors.Is(err, fs.ErrNotExist) {
		if environment != "" {
			return nil, fmt.Errorf("environment %q is not known: there is no %s", environment, SettingsFile)
		}
		return &Settings{patterns: []located{{text: defaultPattern}}}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", SettingsFile, err)
	}
	d := settingsDecoder{tree: tree}
	s := d.decode(text, environment)
	if err := join(d.problems); err != nil {
		return nil, err
	}
	return s, nil
}

// Config returns the settings as they hold for the workspace called name,
// which Discover has found. Lists of the defaults come before the
// workspace's own; other values of the workspace take their place.
func (s *Settings) Config(name string) Config {
	own := s.workspaces[name]
	all := s.defaults.with(own)
	c := Config{
		DependsOn:     texts(own.dependsOn),
		Apply:         all.apply,
		VarFiles:      texts(s.varFiles(name)),
		Env:           slices.Compact(slices.Sorted(slices.Values(all.env))),
		Protect:       all.protect,
		Prune:         value(all.prune),
		PlanRole:      all.planRole,
		ApplyRole:     all.applyRole,
		AllowUnlocked: value(all.allowUnlocked),
	}
	if c.Apply == "" {
		c.Apply = Always
	}
	if s.environment != nil && s.environment.backendConfig != nil {
		c.BackendConfig = s.environment.backendConfig.text
	}
	return c
}

// Env returns the names of every TF_VAR_* that the settings declare, sorted.
func (s *Settings) Env() []string {
	names := map[string]bool{}
	for _, o := range append(slices.Collect(maps.Values(s.workspaces)), s.defaults) {
		for _, name := range o.env {
			names[name] = true
		}
	}
	return sortedKeys(names)
}

// varFiles returns the repository paths of the workspace's variable files.
func (s *Settings) varFiles(name string) []located {
	var files []located
	for _, f := range slices.Concat(s.defaults.varFiles, s.workspaces[name].varFiles) {
		files = append(files, located{path.Join(s.paths[name], f.text), f.at})
	}
	if e := s.environment; e != nil && e.varFile != nil {
		files = append(files, located{path.Join(s.paths[name], e.varFile.text), e.varFile.at})
	}
	return files
}

// Discover returns the workspaces of tree, sorted by name: the directories
// that the patterns match and that hold configuration. A link to a directory
// is another name for it, not another workspace. Settings that name nothing
// are errors.
func Discover(tree Tree, s *Settings) ([]Dir, error) {
	found := map[string]string{} // path by name
	var list []*Problem
	for _, pattern := range s.patterns {
		dirs, err := match(tree, pattern.text)
		if err != nil {
			return nil, fmt.Errorf("look for workspaces in %s: %w", pattern.text, err)
		}
		if len(dirs) == 0 && pattern.at.Start.Line > 0 {
			list = append(list, problemAt(SettingsFile, pattern.at, "workspaces: %q matches no directory that holds .tf files", pattern.text))
		}
		for _, d := range dirs {
			if other, taken := found[d.Name]; taken && other != d.Path {
				list = append(list, problemAt(SettingsFile, pattern.at, "workspaces: %s and %s would both be named %q: use patterns whose fixed parts differ", other, d.Path, d.Name))
				continue
			}
			found[d.Name] = d.Path
		}
	}
	s.paths = found
	list = append(list, s.check(tree)...)
	if err := join(list); err != nil {
		return nil, err
	}
	dirs := make([]Dir, 0, len(found))
	for _, name := range sortedKeys(found) {
		dirs = append(dirs, Dir{Name: name, Path: found[name]})
	}
	return dirs, nil
}

// check reports settings that name a workspace or a file that is not there.
func (s *Settings) check(tree Tree) (list []*Problem) {
	for label, o := range s.workspaces {
		if _, ok := s.paths[label]; !ok {
			list = append(list, problemAt(SettingsFile, o.at, "there is no workspace %q (%s)", label, s.known()))
		}
		for _, up := range o.dependsOn {
			if _, ok := s.paths[up.text]; !ok {
				list = append(list, problemAt(SettingsFile, up.at, "depends_on: there is no workspace %q (%s)", up.text, s.known()))
			}
		}
	}
	for name := range s.paths {
		for _, f := range s.varFiles(name) {
			switch {
			case outside(f.text):
				list = append(list, problemAt(SettingsFile, f.at, "variable file %s of workspace %s lies outside the repository", f.text, name))
			case !isFile(tree, f.text):
				list = append(list, problemAt(SettingsFile, f.at, "workspace %s has no variable file %s", name, f.text))
			}
		}
	}
	return list
}

// known lists the workspaces for a message.
func (s *Settings) known() string {
	names := sortedKeys(s.paths)
	if len(names) == 0 {
		return "none was found"
	}
	const shown = 10
	if more := len(names) - shown; more > 0 {
		return fmt.Sprintf("known: %s and %d more", strings.Join(names[:shown], ", "), more)
	}
	return "known: " + strings.Join(names, ", ")
}

// match returns the directories that pattern matches and that hold
// configuration.
func match(tree Tree, pattern string) ([]Dir, error) {
	base, _ := doublestar.SplitPattern(pattern)
	var dirs []Dir
	err := doublestar.GlobWalk(tree, pattern, func(p string, d fs.DirEntry) error {
		if !d.IsDir() || hidden(p) {
			return nil
		}
		entries, err := tree.ReadDir(p)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return !e.IsDir() && isConfig(e.Name()) }) {
			return nil
		}
		name := strings.TrimPrefix(strings.TrimPrefix(p, base), "/")
		if base == "." {
			name = p
		}
		if name == "." {
			name = "root"
		}
		dirs = append(dirs, Dir{Name: name, Path: p})
		return nil
	}, doublestar.WithFailOnIOErrors(), doublestar.WithNoFollow())
	if errors.Is(err, fs.ErrNotExist) { // the fixed part of the pattern
		return nil, nil
	}
	return dirs, err
}

// hidden tells whether an element of path begins with a dot, as that of
// .terraform does.
func hidden(path string) bool {
	return path != "." && (strings.HasPrefix(path, ".") || strings.Contains(path, "/."))
}

// isFile tells whether path is a file of tree, links followed.
func isFile(tree Tree, path string) bool {
	real, err := resolve(tree, path)
	return err == nil && real.exists && !real.dir
}

func outside(path string) bool {
	return path == ".." || strings.HasPrefix(path, "../") || strings.HasPrefix(path, "/")
}

func texts(list []located) []string {
	var out []string
	for _, l := range list {
		out = append(out, l.text)
	}
	return out
}

func sortedKeys[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }

// value returns what p points to, or the zero value.
func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
