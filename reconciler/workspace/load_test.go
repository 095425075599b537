package workspace

import (
	"flag"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"reconcile/reconciler/workspace/internal/treetest"
	"reconcile/reconciler/workspace/repotree"
	"reconcile/reconciler/workspace/settings"
)

var update = flag.Bool("update", false, "write what was found into testdata; read the difference")

// TestLoad compares the workspaces of each repository in testdata/*.txtar with the
// archive's files want/NAME.
func TestLoad(t *testing.T) {
	t.Parallel()
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no testdata", err)
	}
	for _, archive := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(archive), ".txtar"), func(t *testing.T) {
			repo, want := treetest.SplitArchive(t, archive)
			product := repotree.Terraform
			if strings.HasPrefix(filepath.Base(archive), "tofu") {
				product = repotree.OpenTofu
			}
			got := describeAll(treetest.New(repo), product)
			if *update {
				treetest.RewriteArchive(t, archive, got)
				return
			}
			for _, name := range slices.Sorted(maps.Keys(got)) {
				if got[name] != want[name] {
					t.Errorf("%s: got\n%s\nwant\n%s", name, got[name], want[name])
				}
				delete(want, name)
			}
			for name := range want {
				t.Errorf("%s was not found", name)
			}
		})
	}
}

// describeAll returns a description of each workspace in a repository.
func describeAll(tree *treetest.Tree, product repotree.Product) map[string]string {
	settings, err := settings.Load(tree, "")
	if err != nil {
		return map[string]string{"settings": err.Error()}
	}
	dirs, err := settings.Discover(tree, product)
	if err != nil {
		return map[string]string{"discover": err.Error()}
	}
	got := map[string]string{}
	var nodes []Node
	loader := NewLoader(tree, product)
	for _, dir := range dirs {
		w := loader.Load(dir, settings.Config(dir.Name))
		got[dir.Name] = describeWorkspace(tree, w)
		nodes = append(nodes, Node{Name: w.Name, Identity: w.Identity, Reads: w.Reads, DependsOn: w.Config.DependsOn})
	}
	if text := describeGraph(NewGraph(nodes)); text != "" {
		got["graph"] = text
	}
	return got
}

func describeWorkspace(tree *treetest.Tree, w *Workspace) string {
	var b strings.Builder
	for _, in := range w.Inputs {
		fmt.Fprintf(&b, "input %s", in)
		if tree.ID(in) == repotree.AbsentID {
			b.WriteString(" (absent)")
		}
		b.WriteString("\n")
	}
	for _, pattern := range w.Patterns {
		fmt.Fprintf(&b, "input %s\n", pattern)
	}
	if w.Backend.Type != LocalBackend || w.Backend.Path != w.Path+"/terraform.tfstate" {
		fmt.Fprintf(&b, "state %s locks=%t\n", w.Identity, w.Backend.Type != "" && w.Backend.Unlocked == nil)
	}
	for _, r := range w.Reads {
		fmt.Fprintf(&b, "reads %s\n", r)
	}
	for _, s := range w.Warnings {
		fmt.Fprintf(&b, "warning %s\n", s)
	}
	if w.Err != nil {
		fmt.Fprintf(&b, "error %s\n", w.Err)
	}
	return strings.TrimSpace(b.String())
}

func describeGraph(g *Graph) string {
	var lines []string
	for _, name := range g.Order() {
		if up := g.DependsOn(name); len(up) > 0 {
			lines = append(lines, name+" after "+strings.Join(up, ", "))
		}
		var elsewhere []string
		for _, identity := range g.externalStates[name] {
			elsewhere = append(elsewhere, string(identity))
		}
		if len(elsewhere) > 0 {
			lines = append(lines, name+" reads elsewhere "+strings.Join(elsewhere, ", "))
		}
		for _, warning := range g.Warnings(name) {
			lines = append(lines, "warning "+warning)
		}
		if err := g.Err(name); err != nil {
			lines = append(lines, "error "+name+": "+err.Error())
		}
	}
	return strings.Join(lines, "\n")
}
