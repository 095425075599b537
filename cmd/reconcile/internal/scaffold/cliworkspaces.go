package scaffold

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"reconcile/internal/excerpt"
	"reconcile/reconciler/workspace"
	"reconcile/reconciler/workspace/settings"
)

// entry is a Terraform CLI workspace of a root module, as an entry of the settings.
type entry struct {
	name, directory, cliWorkspace string
	varFiles                      []string // relative to directory
}

// sharedNames are names of files of values for all CLI workspaces.
var sharedNames = []string{"common", "shared", "global", "base", "all"}

// findEntries makes entries for the root modules that were written for several CLI workspaces.
// names are the workspaces that the patterns find, by directory.
func (f *Findings) findEntries(names map[string]string) {
	for _, root := range f.Roots {
		states := f.listStates(root)
		if !root.UsesCLIWorkspace && len(states) == 0 {
			continue
		}
		values := map[string]string{} // files by name
		var shared []string
		for _, file := range root.VarFiles {
			name, _, _ := strings.Cut(path.Base(file), ".")
			if slices.Contains(sharedNames, name) {
				shared = append(shared, file)
			} else if settings.IsCLIWorkspaceName(name) {
				values[name] = file
			}
		}
		found, from := states, "its states in terraform.tfstate.d"
		if len(found) == 0 {
			found, from = slices.Sorted(maps.Keys(values)), "names of its files of values"
		}
		if len(found) == 0 {
			found, from = root.CLIWorkspaces, "what its configuration expects"
		}
		if len(found) == 0 {
			f.unnamed = append(f.unnamed, root.Path)
			continue
		}
		for _, cli := range found {
			e := entry{name: cmp.Or(names[root.Path], path.Base(root.Path)) + "-" + cli, directory: root.Path, cliWorkspace: cli, varFiles: shared}
			if file := values[cli]; file != "" {
				e.varFiles = append(slices.Clone(shared), file)
			}
			f.entries, f.Entries = append(f.entries, e), append(f.Entries, e.name)
		}
		f.Unsure = append(f.Unsure, fmt.Sprintf("the Terraform CLI workspaces of %s (%s) are from %s: compare them with `terraform workspace list`, because a pass makes those that do not exist", root.Path, excerpt.List(found, maxListed), from))
		if len(root.BackendFiles) > 0 {
			f.Unsure = append(f.Unsure, fmt.Sprintf("%s has files for a partial backend (%s): an environment of the settings names one as backend_config", root.Path, excerpt.List(root.BackendFiles, maxListed)))
		}
	}
	if len(f.unnamed) > 0 {
		f.Unsure = append(f.Unsure, "Terraform CLI workspaces are used, and nothing in the repository names them: write an entry for each that `terraform workspace list` shows: "+excerpt.List(f.unnamed, maxListed))
	}
}

// listStates returns the CLI workspaces that have a local state on this machine, sorted.
func (f *Findings) listStates(root workspace.Root) (names []string) {
	dir := filepath.Join(f.Top, filepath.FromSlash(root.Path))
	states, _ := filepath.Glob(filepath.Join(dir, "terraform.tfstate.d", "*", "terraform.tfstate"))
	for _, state := range states {
		if name := filepath.Base(filepath.Dir(state)); settings.IsCLIWorkspaceName(name) {
			names = append(names, name)
		}
	}
	if info, err := os.Stat(filepath.Join(dir, "terraform.tfstate")); err == nil && info.Size() > 0 && len(names) > 0 {
		names = append(names, settings.DefaultCLIWorkspace)
	}
	slices.Sort(names)
	return names
}

// usesCLIWorkspaces reports whether a root module has entries, or needs some.
func (f *Findings) usesCLIWorkspaces(root workspace.Root) bool {
	return slices.Contains(f.unnamed, root.Path) || slices.ContainsFunc(f.entries, func(e entry) bool { return e.directory == root.Path })
}

// findExample returns the name of a workspace that the settings find: of the first directory.
func (f *Findings) findExample(names map[string]string) string {
	dir := slices.Min(slices.Collect(maps.Keys(names)))
	for _, e := range f.entries {
		if e.directory == dir {
			return e.name
		}
	}
	return names[dir]
}

// renderEntries writes the entries, and an example where the CLI workspaces are not known.
func (f *Findings) renderEntries(b *strings.Builder) {
	if len(f.entries) > 0 {
		b.WriteString("\n# Each is a Terraform CLI workspace of its directory.\n")
	}
	for i, e := range f.entries {
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(b, "workspace %s {\n  directory = %s\n  terraform_workspace = %s\n", quote(e.name), quote(e.directory), quote(e.cliWorkspace))
		if len(e.varFiles) > 0 {
			var files []string
			for _, file := range e.varFiles {
				files = append(files, quote(file))
			}
			fmt.Fprintf(b, "  var_files = [%s]\n", strings.Join(files, ", "))
		}
		b.WriteString("}\n")
	}
	for _, dir := range f.unnamed {
		fmt.Fprintf(b, "\n# %s has Terraform CLI workspaces. Write an entry for each.\n# workspace %s {\n#   directory           = %s\n#   terraform_workspace = \"prod\"\n# }\n", dir, quote(path.Base(dir)+"-prod"), quote(dir))
	}
}
