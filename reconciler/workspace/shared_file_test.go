package workspace

import (
	"slices"
	"strings"
	"testing"

	"reconcile/reconciler/workspace/internal/treetest"
	"reconcile/reconciler/workspace/repotree"
	"reconcile/reconciler/workspace/settings"
)

// TestFilesOfEqualContent checks that the same file in two directories counts for each by
// itself, though it is parsed once: paths and warnings name its own directory.
func TestFilesOfEqualContent(t *testing.T) {
	t.Parallel()
	const text = `
locals {
  rows  = [for i in range(1000) : join("", [for j in range(1000) : "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"])]
  large = file("${path.module}/${join("", local.rows)}")
  small = file("../../shared/${basename(abspath(path.module))}.txt")
}
`
	tree := treetest.New(map[string]string{"env/a/main.tf": text, "env/b/main.tf": text, "shared/a.txt": "a", "shared/b.txt": "b"})
	l := NewLoader(tree, repotree.Terraform)
	for _, name := range []string{"a", "b"} {
		w := l.Load(settings.Dir{Name: name, Path: "env/" + name}, settings.Config{})
		all := strings.Join(w.Warnings, "\n")
		if w.Err != nil || !strings.Contains(all, "env/"+name+"/main.tf:") || strings.Count(all, "env/") != strings.Count(all, "env/"+name+"/") {
			t.Errorf("%s: %v, %v, %s", name, w.Err, w.Inputs, all)
		}
		if !slices.Equal(w.Inputs, []string{"env/" + name, "shared/" + name + ".txt"}) {
			t.Errorf("%s: inputs %v", name, w.Inputs)
		}
	}
}
