package workspace

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"reconcile/internal/stateid"
	"reconcile/reconciler/workspace/internal/treetest"
	"reconcile/reconciler/workspace/repotree"
	"reconcile/reconciler/workspace/settings"
)

// TestCLIWorkspaceOfEntry checks the state, the reads and the inputs of a workspace in a CLI
// workspace: terraform.workspace has its name in a module, too.
func TestCLIWorkspaceOfEntry(t *testing.T) {
	t.Parallel()
	const config = `
data "terraform_remote_state" "net" {
  backend   = "s3"
  workspace = terraform.workspace
  config    = { bucket = "b", key = "net", workspace_key_prefix = "nets" }
}
module "m" {
  source = "./m"
  env    = terraform.workspace
}
`
	for name, tt := range map[string]struct {
		backend, cli string
		identity     stateid.ID
		err          string
	}{
		"s3":            {`backend "s3" { bucket = "b", key = "k" }`, "prod", "s3://b/env:/prod/k", ""},
		"s3 prefix":     {`backend "s3" { bucket = "b", key = "k", workspace_key_prefix = "p" }`, "prod", "s3://b/p/prod/k", ""},
		"s3 default":    {`backend "s3" { bucket = "b", key = "k", workspace_key_prefix = "p" }`, "default", "s3://b/k", ""},
		"none":          {"", "prod", "local:env/a/terraform.tfstate.d/prod/terraform.tfstate", ""},
		"local":         {`backend "local" { workspace_dir = "../states" }`, "prod", "local:env/states/prod/terraform.tfstate", ""},
		"local default": {`backend "local" { path = "x" }`, "default", "local:env/a/x", ""},
		"gcs":           {`backend "gcs" { bucket = "b" }`, "prod", `gcs:{"bucket":"b","workspace":"prod"}`, ""},
		"http":          {`backend "http" { address = "https://x", lock_address = "https://x" }`, "prod", "", `backend "http" has one state, and no Terraform CLI workspaces`},
		"http default":  {`backend "http" { address = "https://x", lock_address = "https://x" }`, "default", `http:{"address":"https://x"}`, ""},
	} {
		backend := strings.NewReplacer("{ ", "{\n", ", ", "\n", " }", "\n}\n").Replace(tt.backend)
		tree := treetest.New(map[string]string{
			"env/a/main.tf":                        "terraform {\n" + backend + "}\n" + config,
			"env/a/m/main.tf":                      "variable \"env\" {\n}\noutput \"o\" {\n  value = [file(\"../data/${var.env}.json\"), file(\"../data/${terraform.workspace}.txt\")]\n}\n",
			"env/data/prod.json":                   "{}",
			"env/data/default.json":                "{}",
			"env/data/stg.json":                    "{}",
			"env/a/terraform.tfstate.d/old/x":      "",
			"env/states/other/terraform.tfstate/x": "",
		})
		w := NewLoader(tree, repotree.Terraform).Load(settings.Dir{Name: "x", Path: "env/a"}, settings.Config{CLIWorkspace: tt.cli})
		if tt.err != "" {
			if w.Err == nil || !strings.Contains(w.Err.Error(), tt.err) {
				t.Errorf("%s: %v", name, w.Err)
			}
			continue
		}
		read := stateid.ID("s3://b/nets/" + tt.cli + "/net")
		if tt.cli == "default" {
			read = "s3://b/net"
		}
		if w.Err != nil || w.Identity != tt.identity || !slices.Equal(w.Reads, []stateid.ID{read}) || len(w.Warnings) > 0 {
			t.Errorf("%s: %s reads %v, %v, %v", name, w.Identity, w.Reads, w.Warnings, w.Err)
		}
		want := []string{"env/a", "env/data/" + tt.cli + ".json", "env/data/" + tt.cli + ".txt"}
		if !slices.Equal(w.Inputs, want) {
			t.Errorf("%s: inputs %q, not %q", name, w.Inputs, want)
		}
	}
}

// TestCLIWorkspacesOfRoot checks which CLI workspaces a root module expects.
func TestCLIWorkspacesOfRoot(t *testing.T) {
	t.Parallel()
	for config, want := range map[string]string{
		`locals { x = { prod = 1, stg = 2, default = 0 }[terraform.workspace] }`:                                     "prod stg",
		`locals { w = terraform.workspace, m = { "a" = 1, "b" = 2 }, x = local.m[local.w] }`:                         "a b",
		`locals { x = terraform.workspace == "prod" ? 1 : 2 }`:                                                       "prod",
		`locals { x = "stg" != terraform.workspace }`:                                                                "stg",
		`locals { x = contains(["prod", "stg"], "${terraform.workspace}") }`:                                         "prod stg",
		`locals { x = lookup(var.sizes, terraform.workspace, 1) } variable "sizes" { default = { dev = 1, qa = 2 }}`: "dev qa",
		`locals { x = "app-${terraform.workspace}" }`:                                                                "",
		`locals { x = terraform.workspace == "a/b" }`:                                                                "",
		`locals { w = local.v, v = local.w, x = { a = 1 }[local.w], y = terraform.workspace }`:                       "",
	} {
		text := strings.NewReplacer("locals { ", "locals {\n", ", x =", "\nx =", ", m =", "\nm =", ", v =", "\nv =", ", y =", "\ny =", " } variable", "\n}\nvariable").Replace(config)
		if strings.HasSuffix(text, " }") {
			text = strings.TrimSuffix(text, " }") + "\n}\n"
		}
		roots, _, _ := NewLoader(treetest.New(map[string]string{"tf/main.tf": text}), repotree.Terraform).FindRoots()
		if len(roots) != 1 || roots[0].Broken || !roots[0].UsesCLIWorkspace || strings.Join(roots[0].CLIWorkspaces, " ") != want {
			t.Errorf("%s: %+v; want %s", text, roots, want)
		}
	}
	roots, _, _ := NewLoader(treetest.New(map[string]string{
		"tf/main.tf": "terraform {\n  backend \"s3\" {\n    workspace_key_prefix = \"x\"\n  }\n}\n", "plain/main.tf": "",
	}), repotree.Terraform).FindRoots()
	if got := fmt.Sprint(len(roots), roots[0].UsesCLIWorkspace, roots[1].UsesCLIWorkspace); got != "2 false true" {
		t.Errorf("a prefix: %s", got)
	}
}
