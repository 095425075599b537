package workspace

import (
	"fmt"
	"path"
	"strings"

	"reconcile/reconciler/workspace/internal/hcleval"
	"reconcile/reconciler/workspace/repotree"
)

// Terraform CLI workspaces are several states of one directory. reconcile supports only the
// default one. In a directory written for several workspaces, it would create the existing
// resources a second time, in the workspace "default".

// onlyDefaultText says why such a directory is an error, and what to do.
const onlyDefaultText = "only the default Terraform CLI workspace is supported: give each CLI workspace its own directory and state"

// rejectCLIWorkspaces adds an error for a directory that was written for several CLI
// workspaces.
func (e *evaluation) rejectCLIWorkspaces(w *Workspace) {
	if states := path.Join(w.Path, "terraform.tfstate.d"); e.tree.ID(states) != repotree.AbsentID {
		e.problems = append(e.problems, &hcleval.Problem{File: states, Text: onlyDefaultText + ", then remove this directory from Git"})
	}
	selected := path.Join(w.Path, ".terraform/environment")
	if text, err := repotree.ReadLimited(e.tree, selected, hcleval.MaxConfigSize); err == nil && strings.TrimSpace(string(text)) != defaultWorkspace {
		e.problems = append(e.problems, &hcleval.Problem{File: selected, Text: fmt.Sprintf("the Terraform CLI workspace %q is selected, but %s, then remove .terraform from Git", strings.TrimSpace(string(text)), onlyDefaultText)})
	}
	if places := hcleval.SortProblems(e.cliWorkspaceRefs); len(places) > 0 && e.checker == nil {
		p := *places[0]
		if more := len(places) - 1; more > 0 {
			p.Text += fmt.Sprintf(" (and in %d more places)", more)
		}
		p.Text += " is used, but " + onlyDefaultText + ", then replace this with the workspace's name (\"default\" if there never was another one)"
		e.problems = append(e.problems, &p)
	}
}
