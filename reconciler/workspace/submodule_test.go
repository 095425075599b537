package workspace

import (
	"strings"
	"testing"

	"reconcile/reconciler/workspace/internal/treetest"
	"reconcile/reconciler/workspace/repotree"
	"reconcile/reconciler/workspace/settings"
)

// A path in a submodule, at any depth, is named as that: its files are not in the repository.
func TestSubmodule(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"the module itself":     `module "m" { source = "../../vendor/mod" }`,
		"a module in it":        `module "m" { source = "../../vendor/mod/net/vpc" }`,
		"a file in it":          `output "x" { value = file("../../vendor/mod/a/b.txt") }`,
		"a template in it":      `output "x" { value = templatefile("../../vendor/mod/t.tftpl", {}) }`,
		"a file beside it only": `output "x" { value = "${path.module}/vendor/mod.txt" }`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tree := treetest.New(map[string]string{"env/a/main.tf": text + "\n", "vendor/mod": "submodule\n", ".gitmodules": "x\n"})
			w := NewLoader(tree, repotree.Terraform).Load(settings.Dir{Name: "a", Path: "env/a"}, settings.Config{})
			said := w.Err != nil && strings.Contains(w.Err.Error(), "vendor/mod is a Git submodule")
			if want := name != "a file beside it only"; said != want {
				t.Errorf("error: %v", w.Err)
			}
		})
	}
}
