package settings

import (
	"slices"
	"testing"

	"reconcile/reconciler/workspace/internal/treetest"
	"reconcile/reconciler/workspace/repotree"
)

// A file of values in a workspace's directory is for that workspace, any other for all that
// are named; each comes after the files of the settings.
func TestValues(t *testing.T) {
	t.Parallel()
	tree := treetest.New(map[string]string{
		"env/a/main.tf": "", "env/b/main.tf": "", "env/a/dr.tfvars": "", "env/b/dr.tfvars": "", "env/shared.tfvars": "", "env/a/own.tfvars": "",
	})
	s, err := Parse(tree, File, []byte("workspace \"a\" {\n  var_files = [\"own.tfvars\"]\n}\n"), "")
	if err != nil {
		t.Fatal(err)
	}
	s.AddValues([]string{"./env/a/dr.tfvars", "env/shared.tfvars", "env/b/dr.tfvars"}, []string{"a"})
	if _, err := s.Discover(tree, repotree.Terraform); err != nil {
		t.Fatal(err)
	}
	if got, want := s.Config("a").VarFiles, []string{"env/a/own.tfvars", "env/a/dr.tfvars", "env/shared.tfvars"}; !slices.Equal(got, want) {
		t.Errorf("a: got %q, want %q", got, want)
	}
	if got := s.Config("b").VarFiles; len(got) > 0 {
		t.Errorf("b, which is not named: got %q", got)
	}
	for file, want := range map[string]string{
		"./env/a/dr.tfvars": "", "env/shared.tfvars": "",
		"env/b/dr.tfvars": "is that of b, which is not named", "env/a/missing.tfvars": "is not in the snapshot",
		"env/a": "is not in the snapshot", "/etc/passwd": "is not in the snapshot", "../x.tfvars": "is not in the snapshot",
	} {
		if got := s.ExplainValues(tree, file); got != want {
			t.Errorf("%s: got %q, want %q", file, got, want)
		}
	}
}
