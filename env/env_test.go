// Package env_test checks the rules for the workspaces of the infrastructure, runs their
// tests on the real AWS provider with mocked responses, and runs reconcile on them.
package env_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"reconcile/modules/tftest"
)

var update = flag.Bool("update", false, "write the table of workspaces in the READMEs")

func TestWorkspaces(t *testing.T) {
	t.Parallel()
	tf := tftest.New(t, map[string]string{"env": ".", "modules": "../modules"})
	tf.Run(t, "env", "fmt", "-check", "-diff", "-recursive")
	readers := loadGraph(t, newEstateRepo(t))
	for _, name := range listWorkspaces(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := readWorkspace(t, name)
			t.Run("backend", w.checkBackend)
			t.Run("provider", w.checkProvider)
			t.Run("interface", w.checkDescriptions)
			t.Run("values", w.checkValues)
			t.Run("outputs", func(t *testing.T) { w.checkOutputs(t, readers) })
			t.Run("refused whole", w.checkUpstreams)
			t.Run("test", func(t *testing.T) {
				dir := filepath.Join("env", name)
				tf.Run(t, dir, "get")
				tf.Run(t, dir, "validate")
				tf.Run(t, dir, "test")
				// Tests with other values than production's are in a folder named
				// after the file of values.
				for _, file := range tftest.Glob(t, filepath.Join(name, "*.tfvars")) {
					values := strings.TrimSuffix(filepath.Base(file), ".tfvars")
					if exists(filepath.Join(name, "tests", values)) {
						args := []string{"test", "-test-directory=tests/" + values, "-var-file=" + values + ".tfvars"}
						if site := "../site." + values + ".tfvars"; exists(filepath.Join(name, site)) {
							args = append(args, "-var-file="+site)
						}
						tf.Run(t, dir, args...)
					}
				}
			})
		})
	}
}

// listWorkspaces lists the folders that contain Terraform.
func listWorkspaces(t testing.TB) []string {
	t.Helper()
	var names []string
	for _, file := range tftest.Glob(t, "*/*.tf") {
		names = append(names, filepath.Dir(file))
	}
	return slices.Compact(names)
}

// workspace is a parsed workspace.
type workspace struct {
	name   string
	blocks map[string][]tftest.Block // by type
}

func readWorkspace(t testing.TB, name string) *workspace {
	t.Helper()
	return &workspace{name: name, blocks: tftest.LoadConfiguration(t, name)}
}

// traversalsOf returns the traversals (references) in a body.
func traversalsOf(body *hclsyntax.Body) []hcl.Traversal {
	var traversals []hcl.Traversal
	_ = hclsyntax.VisitAll(body, func(n hclsyntax.Node) hcl.Diagnostics {
		if e, ok := n.(*hclsyntax.ScopeTraversalExpr); ok {
			traversals = append(traversals, e.Traversal)
		}
		return nil
	})
	return traversals
}

// stepNames returns the names in a traversal, without indices.
func stepNames(t hcl.Traversal) []string {
	var names []string
	for _, step := range t {
		switch step := step.(type) {
		case hcl.TraverseRoot:
			names = append(names, step.Name)
		case hcl.TraverseAttr:
			names = append(names, step.Name)
		}
	}
	return names
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
