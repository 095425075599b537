package workspace

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"reconcile/reconciler/workspace/internal/treetest"
	"reconcile/reconciler/workspace/repotree"
	"reconcile/reconciler/workspace/settings"
)

func TestValues(t *testing.T) {
	t.Parallel()
	tree := treetest.New(map[string]string{
		"env/a/main.tf": `
variable "plain" { default = "x" }
variable "object" {}
variable "secret" { sensitive = true }
variable "perhaps" { sensitive = local.unknown }
variable "none" {}
variable "environment" {}
`,
		"env/a/terraform.tfvars":    "object = { a = 1, b = { c = [1, 2] }, d = {} }\nsecret = { k = \"s\" }\nperhaps = \"p\"\nother = 1\n",
		"env/a/late.tfvars":         "plain = \"y\"\n",
		"env/a/.terraform.lock.hcl": "provider \"registry.terraform.io/hashicorp/aws\" {\n  version = \"6.34.0\"\n  hashes = []\n}\n",
	})
	l := NewLoader(tree, repotree.Terraform)
	got, err := l.Values(settings.Dir{Name: "a", Path: "env/a"}, settings.Config{VarFiles: []string{"env/a/late.tfvars"}, Env: []string{"TF_VAR_environment"}})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]Value{
		"plain": {JSON: `"y"`}, "object.a": {JSON: "1"}, "object.b.c": {JSON: "[1,2]"}, "object.d": {JSON: "{}"},
		"secret": {JSON: `{"k":"s"}`, IsSensitive: true}, "perhaps": {JSON: `"p"`, IsSensitive: true}, "environment": {},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	providers, err := LockedProviders(tree, "env/a")
	if err != nil || providers["hashicorp/aws"] != "6.34.0" {
		t.Errorf("providers: %v, %v", providers, err)
	}
}
