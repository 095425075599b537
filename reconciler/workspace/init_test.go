package workspace

import (
	"path"
	"slices"
	"testing"

	"reconcile/reconciler/workspace/internal/treetest"
	"reconcile/reconciler/workspace/repotree"
	"reconcile/reconciler/workspace/settings"
)

func TestProviders(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		files map[string]string
		want  bool
	}{
		"built in": {files: map[string]string{"main.tf": `
			terraform {
			  required_version = ">= 1.5"
			}
			resource "terraform_data" "x" {}
			data "terraform_remote_state" "y" {
			  backend = "local"
			}`}},
		"local module": {files: map[string]string{
			"main.tf":              `module "m" { source = "../../modules/m" }`,
			"../../modules/m/x.tf": `resource "terraform_data" "x" {}`,
		}},
		"resource":           {want: true, files: map[string]string{"main.tf": `resource "aws_vpc" "x" {}`}},
		"another's resource": {want: true, files: map[string]string{"main.tf": `resource "terraform_x" "x" { provider = other }`}},
		"resource of a local module": {want: true, files: map[string]string{
			"main.tf":              `module "m" { source = "../../modules/m" }`,
			"../../modules/m/x.tf": `data "aws_vpc" "x" {}`,
		}},
		"registry module": {want: true, files: map[string]string{"main.tf": `module "m" { source = "terraform-aws-modules/vpc/aws" }`}},
		"required":        {want: true, files: map[string]string{"main.tf": "terraform {\n  required_providers {\n    aws = {}\n  }\n}"}},
		"provider":        {want: true, files: map[string]string{"main.tf": `provider "aws" {}`}},
		"json":            {want: true, files: map[string]string{"main.tf.json": `{"resource": {"aws_vpc": {"x": {}}}}`}},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{}
			for name, text := range test.files {
				files[path.Join("env/w", name)] = text
			}
			w := NewLoader(treetest.New(files), repotree.Terraform).Load(settings.Dir{Name: "w", Path: "env/w"}, settings.Config{})
			if w.Err != nil || w.NeedsProviders != test.want {
				t.Errorf("got %v (%v), want %v", w.NeedsProviders, w.Err, test.want)
			}
		})
	}
}

// TestModuleWithoutAnInstance checks that nothing of a module without instances is
// evaluated. Terraform still reads and installs the module and the modules that it calls.
func TestModuleWithoutAnInstance(t *testing.T) {
	t.Parallel()
	load := func(inner string) *Workspace {
		return NewLoader(treetest.New(map[string]string{
			"env/w/main.tf":          "module \"m\" {\n  source = \"../../modules/outer\"\n  count  = 0\n}",
			"modules/outer/main.tf":  "module \"n\" {\n  source = \"../inner\"\n}\nresource \"terraform_data\" \"x\" {\n  input = file(\"../never\")\n}",
			"modules/inner/main.tf":  inner,
			"modules/innest/main.tf": "",
		}), repotree.Terraform).Load(settings.Dir{Name: "w", Path: "env/w"}, settings.Config{})
	}
	w := load("")
	if want := []string{"env/w", "modules/inner", "modules/outer"}; w.Err != nil || !slices.Equal(w.Inputs, want) {
		t.Errorf("inputs: %v (%v), want %v", w.Inputs, w.Err, want)
	}
	if more := load("module \"o\" {\n  source = \"../innest\"\n}"); slices.Equal(more.InitKey, w.InitKey) || !slices.Contains(more.Inputs, "modules/innest") {
		t.Errorf("init does not see that an inner module calls another: %v", more.InitKey)
	}
	if aws := load(`resource "aws_vpc" "x" {}`); !aws.NeedsProviders {
		t.Error("no provider is wanted")
	}
}
