// Package scaffold writes the first settings of a repository from what it finds there.
package scaffold

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"reconcile/internal/excerpt"
	"reconcile/reconciler/source"
	"reconcile/reconciler/workspace"
	"reconcile/reconciler/workspace/repotree"
	"reconcile/reconciler/workspace/settings"
)

// maxListed is how many directories a sentence names.
const maxListed = 5

// ErrExists means that the repository already has settings.
var ErrExists = errors.New("the repository already has settings")

// Findings is what was found in a repository, and what of it the settings could not say.
type Findings struct {
	Top      string           `json:"top"`  // directory of the repository
	File     string           `json:"file"` // the settings, relative to Top
	Roots    []workspace.Root `json:"-"`
	Patterns []string         `json:"workspaces"`
	Unsure   []string         `json:"unsure"`            // what a person must decide
	Others   []string         `json:"others"`            // directories with configuration that were not taken
	Entries  []string         `json:"entries,omitempty"` // names of the entries of Terraform CLI workspaces
	example  string           // name of a workspace
	entries  []entry
	unnamed  []string // root modules whose CLI workspaces are not known
	text     []byte
}

// Search reads the files of the work tree at top and returns what settings for it would say. It
// writes nothing. The error is ErrExists if there are settings.
func Search(ctx context.Context, top string, product repotree.Product) (*Findings, error) {
	commit, _, err := source.ReadWorkTree(ctx, top)
	if err != nil {
		return nil, err
	}
	for _, file := range []string{settings.File, settings.FileName} {
		if _, err := fs.Stat(commit.Tree, file); err == nil {
			return nil, fmt.Errorf("%w: %s", ErrExists, file)
		}
	}
	f := &Findings{Top: top, File: settings.FileName, Unsure: []string{}, Others: []string{}}
	if info, err := fs.Stat(commit.Tree, path.Dir(settings.File)); err == nil && info.IsDir() {
		f.File = settings.File
	}
	loader := workspace.NewLoader(commit.Tree, product)
	roots, others, incomplete := loader.FindRoots()
	if len(roots) == 0 {
		return nil, fmt.Errorf("no root module of Terraform was found below %s", top)
	}
	f.Roots, f.Others = roots, append(f.Others, others...)
	var dirs []string
	for _, root := range roots {
		dirs = append(dirs, root.Path)
	}
	f.Patterns = loader.SuggestPatterns(dirs)
	names, err := findNames(commit.Tree, product, f.Patterns)
	if err != nil {
		return nil, err
	}
	f.findEntries(names)
	f.example = f.findExample(names)
	f.noteDoubts(loader)
	if incomplete != nil {
		f.Unsure = append(f.Unsure, incomplete.Error())
	}
	f.text = f.render()
	return f, nil
}

// findNames returns the names of the workspaces that settings with these patterns find, by
// directory. The error says why they find none.
func findNames(tree repotree.Tree, product repotree.Product, patterns []string) (map[string]string, error) {
	var list []cty.Value
	for _, p := range patterns {
		list = append(list, cty.StringVal(p))
	}
	file := hclwrite.NewEmptyFile()
	file.Body().SetAttributeValue("workspaces", cty.ListVal(list))
	s, err := settings.Parse(tree, settings.FileName, file.Bytes(), "")
	if err != nil {
		return nil, err
	}
	found, err := s.Discover(tree, product)
	if err != nil || len(found) == 0 {
		return nil, fmt.Errorf("patterns of the workspaces (%s): %w", strings.Join(patterns, ", "), err)
	}
	names := map[string]string{}
	for _, d := range found {
		names[d.Path] = d.Name
	}
	return names, nil
}

// noteDoubts lists what the files do not say.
func (f *Findings) noteDoubts(loader *workspace.Loader) {
	f.addDoubt("the configuration has mistakes, which `reconcile validate` names", func(r workspace.Root) bool { return r.Broken })
	f.addDoubt("no backend: the state would be kept beside the record; add a backend, such as s3, before a team uses it", func(r workspace.Root) bool { return r.Backend == "" && !r.Broken })
	f.addDoubt("the state is in HCP Terraform, which runs Terraform remotely: reconcile needs another backend, such as s3", runsRemotely)
	f.addDoubt("the backend does not lock, and passes refuse that: make it lock (s3: use_lockfile = true), or set allow_unlocked = true", func(r workspace.Root) bool {
		return r.Backend != "" && !runsRemotely(r) && len(r.BackendFiles) == 0 && loader.Load(settings.Dir{Name: r.Path, Path: r.Path}, settings.Config{}).Backend.Unlocked != nil
	})
	if len(f.Others) > 0 {
		f.Unsure = append(f.Unsure, "not taken for root modules, because their paths look like those of modules, or nothing sets their variables: "+excerpt.List(f.Others, maxListed))
	}
}

func runsRemotely(r workspace.Root) bool { return r.Backend == "cloud" || r.Backend == "remote" }

// addDoubt adds a doubt with the roots that have it.
func (f *Findings) addDoubt(text string, has func(workspace.Root) bool) {
	var paths []string
	for _, root := range f.Roots {
		if has(root) {
			paths = append(paths, root.Path)
		}
	}
	if len(paths) > 0 {
		f.Unsure = append(f.Unsure, text+": "+excerpt.List(paths, maxListed))
	}
}

// environment is a name that files of values have in several places, such as staging.
type environment struct{ name, varFile, backendFile string }

// listEnvironments returns the environments that the files of the roots suggest, by name.
func (f *Findings) listEnvironments() []environment {
	found := map[string]environment{}
	for _, root := range f.Roots {
		if f.usesCLIWorkspaces(root) {
			continue
		}
		for _, file := range root.VarFiles {
			name, _, _ := strings.Cut(path.Base(file), ".")
			found[name] = environment{name: name, varFile: file, backendFile: found[name].backendFile}
		}
	}
	for _, root := range f.Roots {
		for _, file := range root.BackendFiles {
			name, _, _ := strings.Cut(path.Base(file), ".")
			if e, ok := found[name]; ok {
				e.backendFile = path.Join(root.Path, file)
				found[name] = e
			}
		}
	}
	var list []environment
	for _, e := range found {
		list = append(list, e)
	}
	slices.SortFunc(list, func(a, b environment) int { return cmp.Compare(a.name, b.name) })
	return list
}

func quote(text string) string { return string(hclwrite.TokensForValue(cty.StringVal(text)).Bytes()) }

// render returns the text of the settings.
func (f *Findings) render() []byte {
	var b strings.Builder
	b.WriteString("# Settings of reconcile for this repository. `reconcile validate` checks them.\n\n")
	b.WriteString("# Directories that are root modules. A new directory that matches becomes a workspace, too;\n")
	b.WriteString("# another one is added here.\nworkspaces = [\n")
	for _, p := range f.Patterns {
		fmt.Fprintf(&b, "  %s,\n", quote(p))
	}
	b.WriteString("]\n\ndefaults {\n")
	b.WriteString("  # What is applied without a person's approval: always, safe (nothing is interrupted,\n")
	b.WriteString("  # replaced or destroyed), approve (each plan is approved) or plan-only.\n")
	b.WriteString("  apply = \"safe\"\n\n")
	b.WriteString("  # Roles that Terraform runs with; without them it has the credentials of reconcile.\n")
	b.WriteString("  # plan_role  = \"arn:aws:iam::123456789012:role/plan-${workspace}\"\n")
	b.WriteString("  # apply_role = \"arn:aws:iam::123456789012:role/apply-${workspace}\"\n\n")
	b.WriteString("  # Files that change nothing.\n")
	b.WriteString("  # ignore = [\"docs/**\"]\n}\n")
	fmt.Fprintf(&b, "\n# One workspace differs from the defaults.\n# workspace %s {\n", quote(f.example))
	b.WriteString("#   apply      = \"approve\"\n#   protect    = [\"aws_db_instance.*\"] # asks before it destroys or replaces these\n#   depends_on = []                    # beside those whose state it reads\n")
	b.WriteString("#   env        = [\"TF_VAR_example\"]    # variables of reconcile's environment that it gets\n# }\n")
	f.renderEntries(&b)
	for _, e := range f.listEnvironments() {
		fmt.Fprintf(&b, "\n# %s was found. An environment is chosen by --environment, and has a record and states of its own.\n", e.varFile)
		fmt.Fprintf(&b, "# environment %s {\n#   var_file = %s\n", quote(e.name), quote(e.varFile))
		if e.backendFile != "" {
			fmt.Fprintf(&b, "#   backend_config = %s\n", quote(e.backendFile))
		}
		b.WriteString("# }\n")
	}
	return hclwrite.Format([]byte(b.String()))
}

// Write writes the settings. It never overwrites a file.
func (f *Findings) Write() error {
	name := filepath.Join(f.Top, filepath.FromSlash(f.File))
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) // #nosec G302 -- a file of the repository, which holds no secret
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%w: %s", ErrExists, f.File)
	}
	if err != nil {
		return err
	}
	_, err = file.Write(f.text)
	return errors.Join(err, file.Close())
}
