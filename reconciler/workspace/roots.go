package workspace

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"reconcile/internal/excerpt"
	"reconcile/reconciler/workspace/internal/hcleval"
	"reconcile/reconciler/workspace/internal/module"
	"reconcile/reconciler/workspace/repotree"
	"reconcile/reconciler/workspace/settings"
)

// Limits of what FindRoots searches.
const (
	maxRootEntries = 200_000
	maxRootDirs    = 5_000
	maxRootWords   = 16 * hcleval.MaxTokens // about a minute of parsing
)

// Root is a directory that is likely a root module.
type Root struct {
	Path    string
	Backend string // type; "" if the configuration names none
	// VarFiles are the *.tfvars files in it and in its subdirectories that Terraform does
	// not load by itself, and BackendFiles the files for a partial backend; both relative
	// to Path, sorted.
	VarFiles, BackendFiles []string
	// UsesCLIWorkspace: it was written for several Terraform CLI workspaces, because it or a
	// module that it calls reads terraform.workspace, or its backend has a place for them.
	UsesCLIWorkspace bool
	// CLIWorkspaces are the names that its configuration expects of them, sorted.
	CLIWorkspaces []string
	Broken        bool // its configuration has mistakes, so that little is known of it
}

// FindRoots searches the whole tree for root modules. A directory with configuration that no
// other directory calls as a module is one if it has a backend, settings of a provider, a lock
// file or values for variables; or if its path does not look like a module's, and all its
// variables have defaults. Others holds the directories that nobody calls and that are none.
// The error says that the search ended at a limit; what was found until then is returned.
func (l *Loader) FindRoots() (roots []Root, others []string, err error) {
	dirs, names, err := l.listConfigured()
	called := map[string]bool{}
	modules := map[string]*foundModule{}
	words := 0
	for i, dir := range dirs {
		if words > maxRootWords {
			err = fmt.Errorf("the search for root modules ended at %s: the directories before it have more than %d words and signs of configuration", dir, maxRootWords)
			dirs = dirs[:i]
			break
		}
		m, loadErr := l.modules.Load(dir)
		if loadErr != nil {
			continue
		}
		words += m.Words()
		modules[dir] = newFoundModule(dir, m)
		for _, callee := range modules[dir].callees {
			called[callee] = true
		}
	}
	for _, dir := range dirs {
		m := modules[dir]
		switch {
		case called[dir]:
		case m != nil && m.isRoot, slices.ContainsFunc(names[dir], isRootFile), !looksLikeModule(dir) && (m == nil || !m.needsValues):
			root := newRoot(dir, names[dir], m)
			l.findCLIWorkspaces(&root, modules)
			roots = append(roots, root)
		default:
			others = append(others, dir)
		}
	}
	return roots, others, err
}

// foundModule is what a search remembers of a module: the syntax trees of a whole repository
// would fill the memory.
type foundModule struct {
	callees                   []string // directories of the repository that it calls as modules
	backend                   string   // type
	isRoot                    bool     // it has what only root modules have
	needsValues, broken       bool
	namesCLIWorkspace         bool // it reads terraform.workspace
	hasPlacesForCLIWorkspaces bool // its backend does
}

func newFoundModule(dir string, m *module.Module) *foundModule {
	found := &foundModule{
		isRoot: m.Backend != nil || len(m.Settings) > 0, needsValues: m.NeedsValues(), broken: len(m.Problems) > 0,
		namesCLIWorkspace: len(m.CLIWorkspaceRefs) > 0,
	}
	for _, c := range m.Calls {
		if source := c.Arguments["source"].Expression; source != nil {
			text, _ := hcleval.ConstantString(source)
			if p, ok := module.LocalSource(text); ok {
				found.callees = append(found.callees, path.Join(dir, p))
			}
		}
	}
	if m.Backend != nil {
		_, hasPrefix := m.Backend.Arguments["workspace_key_prefix"]
		_, hasDir := m.Backend.Arguments["workspace_dir"]
		found.backend, found.hasPlacesForCLIWorkspaces = m.Backend.Kind, hasPrefix || hasDir
	}
	return found
}

// findCLIWorkspaces finds whether root was written for several CLI workspaces, and which.
func (l *Loader) findCLIWorkspaces(root *Root, modules map[string]*foundModule) {
	seen := map[string]bool{}
	var visit func(dir string)
	visit = func(dir string) {
		found := modules[dir]
		if found == nil || seen[dir] {
			return
		}
		seen[dir] = true
		if found.namesCLIWorkspace {
			root.UsesCLIWorkspace = true
			if m, err := l.modules.Load(dir); err == nil {
				s := module.NewScope(module.NewEvaluator(l.modules, dir, settings.DefaultCLIWorkspace), m)
				root.CLIWorkspaces = append(root.CLIWorkspaces, s.CLIWorkspaceNames()...)
			}
		}
		for _, callee := range found.callees {
			visit(callee)
		}
	}
	visit(root.Path)
	if m := modules[root.Path]; m != nil {
		root.UsesCLIWorkspace = root.UsesCLIWorkspace || m.hasPlacesForCLIWorkspaces
	}
	slices.Sort(root.CLIWorkspaces)
	root.CLIWorkspaces = slices.DeleteFunc(slices.Compact(root.CLIWorkspaces), func(name string) bool {
		return name == settings.DefaultCLIWorkspace || !settings.IsCLIWorkspaceName(name) // a key "default" is what others fall back to
	})
}

// listConfigured returns the directories with configuration, sorted, and the files in each of
// them and one level below. The error says at which limit it ended.
func (l *Loader) listConfigured() (dirs []string, files map[string][]string, ended error) {
	files = map[string][]string{}
	configured := map[string]bool{}
	seen := 0
	_ = fs.WalkDir(l.tree, ".", func(p string, d fs.DirEntry, err error) error {
		seen++
		dir, name := path.Dir(p), path.Base(p)
		switch {
		case seen > maxRootEntries || len(configured) == maxRootDirs:
			ended = fmt.Errorf("the search for root modules ended at %s: it looks at %d files and directories, and at %d directories with configuration", p, maxRootEntries, maxRootDirs)
			return fs.SkipAll
		case err != nil:
			return fs.SkipDir
		case d.IsDir():
			if repotree.IsHidden(p) {
				return fs.SkipDir
			}
			return nil
		case l.product.IsConfigFile(name):
			configured[dir] = true
		}
		files[dir] = append(files[dir], name)
		if parent := path.Dir(dir); dir != "." {
			files[parent] = append(files[parent], path.Join(path.Base(dir), name))
		}
		return nil
	})
	for dir := range configured {
		dirs = append(dirs, dir)
	}
	slices.Sort(dirs)
	return dirs, files, ended
}

func newRoot(dir string, files []string, m *foundModule) Root {
	root := Root{Path: dir, Broken: m == nil || m.broken}
	if m != nil {
		root.Backend = m.backend
	}
	for _, file := range files {
		switch name := path.Base(file); {
		case repotree.IsLoadedVarFile(name), strings.Contains(name, "example"), strings.Contains(name, "sample"):
		case strings.HasSuffix(name, ".tfvars"), strings.HasSuffix(name, ".tfvars.json"):
			root.VarFiles = append(root.VarFiles, file)
		case strings.HasSuffix(name, ".tfbackend"):
			root.BackendFiles = append(root.BackendFiles, file)
		}
	}
	slices.Sort(root.VarFiles)
	slices.Sort(root.BackendFiles)
	return root
}

// isRootFile reports whether a file in a directory is one that only a root module has.
func isRootFile(file string) bool {
	return !strings.Contains(file, "/") && (file == ".terraform.lock.hcl" || strings.HasSuffix(file, ".tfvars") || strings.HasSuffix(file, ".tfbackend"))
}

// looksLikeModule reports whether a directory is, by its path, a module or an example of one.
func looksLikeModule(dir string) bool {
	return slices.ContainsFunc(strings.Split(dir, "/"), func(name string) bool {
		return slices.Contains([]string{"module", "modules", "example", "examples", "test", "tests", "fixtures"}, name)
	})
}

// SuggestPatterns returns patterns for the settings that match exactly the directories, and
// give each another name. It prefers few patterns.
func (l *Loader) SuggestPatterns(dirs []string) []string {
	if len(dirs) == 1 && strings.Contains(dirs[0], "/") {
		if siblings := []string{path.Join(path.Dir(dirs[0]), "*")}; l.matchesExactly(siblings, dirs) {
			return siblings // a second one beside it is found, too
		}
	}
	groups := map[string][]string{} // by the first element and the depth
	var order []string
	for _, dir := range dirs {
		elements := strings.Split(dir, "/")
		key := elements[0] + strings.Repeat("/*", len(elements)-1)
		if len(groups[key]) == 0 {
			order = append(order, key)
		}
		groups[key] = append(groups[key], dir)
	}
	var patterns []string
	for _, key := range order {
		patterns = append(patterns, l.patternsOfGroup(key, groups[key])...)
	}
	return patterns
}

// patternsOfGroup returns patterns for directories of one depth below one directory. wide
// matches all of that depth.
func (l *Loader) patternsOfGroup(wide string, dirs []string) []string {
	siblings := path.Join(path.Dir(dirs[0]), "*")
	candidates := [][]string{{wide}}
	if len(dirs) == 1 {
		candidates = [][]string{{dirs[0]}}
	} else if siblings != wide {
		candidates = append(candidates, []string{siblings})
	}
	var byLast []string // such as environments/*/network
	for _, dir := range dirs {
		elements := strings.Split(dir, "/")
		if len(elements) > 2 {
			elements[1] = "*"
		}
		if p := strings.Join(elements, "/"); !slices.Contains(byLast, p) {
			byLast = append(byLast, p)
		}
	}
	for _, patterns := range append(candidates, byLast) {
		if l.matchesExactly(patterns, dirs) {
			return patterns
		}
	}
	return dirs
}

// matchesExactly reports whether settings with these patterns find exactly these directories.
func (l *Loader) matchesExactly(patterns, dirs []string) bool {
	s, err := settings.Parse(l.tree, settings.File, []byte("workspaces = ["+quoteAll(patterns)+"]"), "")
	if err != nil {
		return false
	}
	found, err := s.Discover(l.tree, l.product)
	if err != nil || len(found) != len(dirs) {
		return false
	}
	for _, d := range found {
		if !slices.Contains(dirs, d.Path) || s.Config(d.Name).Err != nil {
			return false
		}
	}
	return true
}

func pathsOf(roots []Root) []string {
	paths := make([]string, len(roots))
	for i, root := range roots {
		paths[i] = root.Path
	}
	return paths
}

// maxSuggestions is how many directories NoWorkspacesError names.
const maxSuggestions = 10

// NoWorkspacesError says that Discover found no workspace, and lists the directories that could
// be meant, and the settings that name them.
type NoWorkspacesError struct {
	Text            string
	WithoutSettings bool // the repository has no settings
}

func (e *NoWorkspacesError) Error() string { return e.Text }

// NoWorkspacesError returns the error of settings that match nothing.
func (l *Loader) NoWorkspacesError(s *settings.Settings) error {
	return &NoWorkspacesError{Text: l.explainNoWorkspaces(s), WithoutSettings: s.IsMissing()}
}

func (l *Loader) explainNoWorkspaces(s *settings.Settings) string {
	message := fmt.Sprintf("no workspace was found: %s matches no directory with %s configuration", strings.Join(s.Patterns(), ", "), l.product)
	if dirs := s.OpenTofuDirs(); len(dirs) > 0 {
		return fmt.Sprintf("%s; %s has only OpenTofu configuration: use --terraform tofu", message, dirs[0].Path)
	}
	found, others, incomplete := l.FindRoots()
	if incomplete != nil {
		message += "; " + incomplete.Error()
	}
	roots := pathsOf(found)
	if len(roots) == 0 {
		roots = others
	}
	if len(roots) == 0 {
		return fmt.Sprintf("%s, nor does any other directory have configuration: is this the right branch?", message)
	}
	return fmt.Sprintf("%s; these directories have configuration: %s: if they are root modules, add this line to %s: workspaces = [%s]", message, excerpt.List(roots, maxSuggestions), s.File(), quoteAll(l.SuggestPatterns(roots)))
}

// quoteAll returns the texts as strings of HCL, for a list.
func quoteAll(texts []string) string {
	quoted := make([]string, len(texts))
	for i, text := range texts {
		quoted[i] = string(hclwrite.TokensForValue(cty.StringVal(text)).Bytes())
	}
	return strings.Join(quoted, ", ")
}
