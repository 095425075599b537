package workspace

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"reconcile/reconciler/workspace/internal/hcleval"
	"reconcile/reconciler/workspace/internal/module"
	"reconcile/reconciler/workspace/repotree"
	"reconcile/reconciler/workspace/settings"
)

// Limits of what NoWorkspacesError searches and prints.
const (
	maxSuggestEntries = 20_000
	maxSuggestDirs    = 500
	maxSuggestions    = 10
)

// NoWorkspacesError returns an error that says that Discover found no workspace. It lists
// the directories that could be meant, and the settings that name them.
func (l *Loader) NoWorkspacesError(s *settings.Settings) error {
	message := fmt.Sprintf("no workspace was found: %s matches no directory with %s configuration", strings.Join(s.Patterns(), ", "), l.product)
	if dirs := s.OpenTofuDirs(); len(dirs) > 0 {
		return fmt.Errorf("%s; %s has only OpenTofu configuration: use --terraform tofu", message, dirs[0].Path)
	}
	roots := l.findRoots()
	if len(roots) == 0 {
		return fmt.Errorf("%s, nor does any other directory have configuration: is this the right branch?", message)
	}
	shown := strings.Join(roots[:min(len(roots), maxSuggestions)], ", ")
	if more := len(roots) - maxSuggestions; more > 0 {
		shown += fmt.Sprintf(" and %d more", more)
	}
	return fmt.Errorf("%s; these directories have configuration: %s: if they are root modules, add this line to %s: workspaces = [%s]", message, shown, s.File(), suggestPatterns(roots))
}

// findRoots returns the directories that have configuration and that no other directory
// calls as a module.
func (l *Loader) findRoots() []string {
	var dirs []string
	seen := 0
	_ = fs.WalkDir(l.tree, ".", func(p string, d fs.DirEntry, err error) error {
		seen++
		switch {
		case seen > maxSuggestEntries || len(dirs) == maxSuggestDirs:
			return fs.SkipAll
		case err != nil || d.IsDir() && repotree.IsHidden(p):
			return fs.SkipDir
		case !d.IsDir() && l.product.IsConfigFile(path.Base(p)) && !slices.Contains(dirs, path.Dir(p)):
			dirs = append(dirs, path.Dir(p))
		}
		return nil
	})
	called := map[string]bool{}
	for _, dir := range dirs {
		m, err := l.modules.Load(dir)
		if err != nil {
			continue
		}
		for _, c := range m.Calls {
			if source := c.Arguments["source"].Expression; source != nil {
				text, _ := hcleval.ConstantString(source)
				if p, ok := module.LocalSource(text); ok {
					called[path.Join(dir, p)] = true
				}
			}
		}
	}
	slices.Sort(dirs)
	return slices.DeleteFunc(dirs, func(dir string) bool { return called[dir] })
}

// suggestPatterns returns patterns that match dirs, with one pattern for siblings.
func suggestPatterns(dirs []string) string {
	siblings := map[string]int{}
	for _, dir := range dirs {
		siblings[path.Dir(dir)]++
	}
	var patterns []string
	for _, dir := range dirs {
		if parent := path.Dir(dir); siblings[parent] > 1 && parent != "." {
			dir = parent + "/*"
		}
		if quoted := fmt.Sprintf("%q", dir); !slices.Contains(patterns, quoted) {
			patterns = append(patterns, quoted)
		}
	}
	return strings.Join(patterns, ", ")
}
