package workspace

import (
	"fmt"
	"path"
	"strings"

	"reconcile/reconciler/workspace/internal/hcleval"
	"reconcile/reconciler/workspace/repotree"
	"reconcile/reconciler/workspace/settings"
)

// Terraform CLI workspaces are several states of one directory. Each is an entry of the
// settings. A directory that was written for several, and that the settings do not mention,
// would create the existing resources a second time in the workspace "default".

// noEntriesText says why such a directory is an error, and what to do.
func noEntriesText(dir string) string {
	return fmt.Sprintf("the settings name no Terraform CLI workspace of %s: add workspace \"NAME\" { directory = %[1]q, terraform_workspace = … } to %s for each (\"default\" if there never was another one)", dir, settings.FileName)
}

// rejectCLIWorkspaces adds an error for a directory that was written for several CLI
// workspaces, unless an entry of the settings says which one this is.
func (e *evaluation) rejectCLIWorkspaces(w *Workspace) {
	selected := path.Join(w.Path, ".terraform/environment")
	if text, err := repotree.ReadLimited(e.tree, selected, hcleval.MaxConfigSize); err == nil && strings.TrimSpace(string(text)) != settings.DefaultCLIWorkspace {
		e.problems = append(e.problems, &hcleval.Problem{File: selected, Text: fmt.Sprintf("the Terraform CLI workspace %q is selected in Git, but each run selects that of its entry in %s: remove .terraform from Git", strings.TrimSpace(string(text)), settings.FileName)})
	}
	if w.Config.CLIWorkspace != "" {
		return
	}
	if states := path.Join(w.Path, "terraform.tfstate.d"); e.tree.ID(states) != repotree.AbsentID {
		e.problems = append(e.problems, &hcleval.Problem{File: states, Text: "these are states of CLI workspaces, but " + noEntriesText(w.Path)})
	}
	if places := hcleval.SortProblems(e.cliWorkspaceRefs); len(places) > 0 && e.checker == nil {
		p := *places[0]
		if more := len(places) - 1; more > 0 {
			p.Text += fmt.Sprintf(" (and in %d more places)", more)
		}
		p.Text += " is used, but " + noEntriesText(w.Path)
		e.problems = append(e.problems, &p)
	}
}
