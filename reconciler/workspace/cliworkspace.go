package workspace

import (
	"fmt"
	"path"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// Terraform CLI workspaces are several states of one directory. Here it has
// one, that of the default one. In a directory that was written for several,
// what stands would be made a second time under the name "default".

// onlyDefault is why such a directory is refused, and what to do.
const onlyDefault = "this directory has a state for each Terraform CLI workspace, and only the default one is supported: make a directory of each, with a state of its own"

// namesCLIWorkspace reports whether t is the name of the CLI workspace.
func namesCLIWorkspace(t hcl.Traversal) bool {
	root := t.RootName()
	name, ok := attrAt(t, 1)
	return ok && name == "workspace" && (root == "terraform" || root == "tofu")
}

// refuseCLIWorkspaces refuses a directory that was written for several CLI
// workspaces.
func (e *evaluation) refuseCLIWorkspaces(w *Workspace) {
	if states := path.Join(w.Path, "terraform.tfstate.d"); e.tree.ID(states) != Absent {
		e.problems = append(e.problems, &Problem{File: states, Text: onlyDefault + ", and take this out of Git"})
	}
	selected := path.Join(w.Path, ".terraform/environment")
	if text, err := readSome(e.tree, selected, maxConfig); err == nil && strings.TrimSpace(string(text)) != defaultWorkspace {
		e.problems = append(e.problems, &Problem{File: selected, Text: fmt.Sprintf("the Terraform CLI workspace %q is selected, and %s, and take .terraform out of Git", strings.TrimSpace(string(text)), onlyDefault)})
	}
	if places := inOrder(e.cli); len(places) > 0 && e.refusal == nil {
		p := *places[0]
		if more := len(places) - 1; more > 0 {
			p.Text += fmt.Sprintf(" (and in %d more places)", more)
		}
		p.Text += " is used, so " + onlyDefault + ", and write its name where this stands (\"default\" where there never was another one)"
		e.problems = append(e.problems, &p)
	}
}

// severalWorkspaces reports whether a cloud or remote backend is that of more
// than one workspace.
func (b *backendBlock) severalWorkspaces() bool {
	for _, inner := range b.block.Body.Blocks {
		attrs := inner.Body.Attributes
		if inner.Type == "workspaces" && (attrs["tags"] != nil || attrs["prefix"] != nil) {
			return true
		}
	}
	return false
}
