package settings

import (
	"strings"
	"testing"

	"reconcile/reconciler/workspace/internal/treetest"
	"reconcile/reconciler/workspace/repotree"
)

var placesTree = map[string]string{
	"tf/app/main.tf": "", "tf/app/prod.tfvars": "", "tf/app/stg.tfvars": "", "tf/app/default.tfvars": "",
	"tf/net/main.tf": "", "tf/only/main.tofu": "", "tf/link": "", "docs/README": "", "root.tf": "",
}

// TestEntries checks which workspaces entries with a directory make, and that a directory with
// entries is only what they say.
func TestEntries(t *testing.T) {
	t.Parallel()
	const prod = "workspace \"app-prod\" {\n  directory = \"tf/app/\"\n  terraform_workspace = \"prod\"\n}\n"
	for name, tt := range map[string]struct {
		text, environment string
		want              string // NAME=PATH@CLI …
	}{
		"none":          {"", "", "app=tf/app@default net=tf/net@default"},
		"one":           {prod, "", "app-prod=tf/app@prod net=tf/net@default"},
		"default too":   {prod + "workspace \"app\" {\n  directory = \"tf/app\"\n}\n", "", "app=tf/app@default app-prod=tf/app@prod net=tf/net@default"},
		"by its name":   {"workspace \"app\" {\n  terraform_workspace = \"prod\"\n}\n", "", "app=tf/app@prod net=tf/net@default"},
		"both":          {prod + "workspace \"app\" {\n  terraform_workspace = \"stg\"\n}\n", "", "app=tf/app@stg app-prod=tf/app@prod net=tf/net@default"},
		"no pattern":    {"workspace \"top/x\" {\n  directory = \".\"\n}\n", "", "app=tf/app@default net=tf/net@default top/x=.@default"},
		"environment":   {"environment \"p\" {\n  workspace \"app\" {\n    terraform_workspace = \"prod\"\n  }\n}\nenvironment \"s\" {\n" + prod + "}\n", "p", "app=tf/app@prod net=tf/net@default"},
		"another":       {"environment \"p\" {\n}\nenvironment \"s\" {\n" + prod + "}\n", "s", "app-prod=tf/app@prod net=tf/net@default"},
		"overridden":    {prod + "environment \"s\" {\n  workspace \"app-prod\" {\n    terraform_workspace = \"stg\"\n  }\n}\n", "s", "app-prod=tf/app@stg net=tf/net@default"},
		"depends on it": {prod + "workspace \"net\" {\n  depends_on = [\"app-prod\"]\n}\n", "", "app-prod=tf/app@prod net=tf/net@default"},
	} {
		s, err := Parse(treetest.New(placesTree), "reconcile.hcl", []byte("workspaces = [\"tf/*\"]\n"+tt.text), tt.environment)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		dirs, err := s.Discover(treetest.New(placesTree), repotree.Terraform)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var got []string
		for _, d := range dirs {
			c := s.Config(d.Name)
			got = append(got, d.Name+"="+d.Path+"@"+c.CLIWorkspaceName())
			if c.Err != nil {
				t.Errorf("%s: %v", name, c.Err)
			}
		}
		if text := strings.Join(got, " "); text != tt.want {
			t.Errorf("%s: got %s; want %s", name, text, tt.want)
		}
		if warnings := s.Warnings(); len(warnings) > 0 {
			t.Errorf("%s: %q", name, warnings)
		}
	}
}

// TestRefusedEntries checks that each mistake is told with its line, and whose it is.
func TestRefusedEntries(t *testing.T) {
	t.Parallel()
	entry := func(name, directory, cli string) string {
		return "workspace \"" + name + "\" {\n  directory = \"" + directory + "\"\n  terraform_workspace = \"" + cli + "\"\n}\n"
	}
	for name, tt := range map[string]struct {
		text string
		of   string // the workspace that has the mistake; "": the settings as a whole
		want string
	}{
		"absent":           {entry("x", "tf/none", "prod"), "", `reconcile.hcl:3:15: workspace "x": directory: tf/none is not a directory of the repository`},
		"empty directory":  {entry("x", "docs", "prod"), "", `reconcile.hcl:3:15: workspace "x": directory: docs has no .tf files`},
		"outside":          {entry("x", "../tf", "prod"), "", `reconcile.hcl:3:15: directory: "../tf" is not a directory of the repository`},
		"a number":         {"workspace \"x\" {\n  directory = 1\n}\n", "", "reconcile.hcl:3:15: directory: must be a string"},
		"the same twice":   {entry("x", "tf/app", "prod") + entry("y", "tf/app", "prod"), "y", `reconcile.hcl:8:25: workspaces "y" and "x" are the same Terraform CLI workspace, "prod", of tf/app`},
		"default twice":    {"workspace \"x\" {\n  directory = \"tf/app\"\n}\n" + entry("y", "tf/app", "default"), "x", `reconcile.hcl:3:15: workspaces "x" and "y" are the same Terraform CLI workspace, "default"`},
		"a slash":          {entry("x", "tf/app", "a/b"), "x", `reconcile.hcl:4:25: terraform_workspace: Terraform refuses the name "a/b"`},
		"a space":          {entry("x", "tf/app", "a b"), "x", `Terraform refuses the name "a b"`},
		"upwards":          {entry("x", "tf/app", ".."), "x", `Terraform refuses the name ".."`},
		"an empty name":    {entry("x", "tf/app", ""), "x", "terraform_workspace: must not be empty"},
		"its own value":    {"workspace \"x\" {\n  directory = \"tf/app\"\n  terraform_workspace = terraform.workspace\n}\n", "x", "reconcile.hcl:4:25:"},
		"a name upwards":   {entry("../x", "tf/app", "prod"), "../x", `reconcile.hcl:2:11: workspace "../x": the name of an entry with a directory is a path`},
		"an absolute name": {entry("/x", "tf/app", "prod"), "/x", "is a path without"},
		"a found name":     {entry("net", "tf/app", "prod"), "net", `reconcile.hcl:3:15: workspaces: tf/net and tf/app would both be named "net"`},
		"replaced":         {entry("x", "tf/app", "prod") + "workspace \"app\" {\n  apply = \"approve\"\n}\n", "", `reconcile.hcl:6:11: there is no workspace "app" (known: net, only, x), because the entry "x" has its directory`},
		"no such file":     {"workspace \"x\" {\n  directory = \"tf/app\"\n  terraform_workspace = \"qa\"\n  var_files = [\"${terraform.workspace}.tfvars\"]\n}\n", "x", "variable file tf/app/qa.tfvars does not exist"},
	} {
		s, err := Parse(treetest.New(placesTree), "reconcile.hcl", []byte("workspaces = [\"tf/*\"]\n"+tt.text), "")
		if err == nil {
			_, err = s.Discover(treetest.New(placesTree), repotree.Terraform)
		}
		if tt.of != "" && err == nil {
			err = s.Config(tt.of).Err
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v; want %s", name, err, tt.want)
		}
	}
	s, err := Parse(treetest.New(placesTree), "reconcile.hcl", []byte("workspaces = [\"tf/*\"]\nenvironment \"s\" {\n"+entry("x", "tf/none", "prod")+"}\n"), "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Discover(treetest.New(placesTree), repotree.Terraform); err != nil || len(s.Warnings()) != 1 || !strings.Contains(s.Warnings()[0], "tf/none is not a directory") {
		t.Errorf("an environment that is not selected: %v, %q", err, s.Warnings())
	}
}
