package workspace

import (
	"strings"
	"testing"
)

// Where a state lies is told in one place, and for the default Terraform
// workspace alone.
func TestRefusedBackends(t *testing.T) {
	const s3 = "terraform {\n  backend \"s3\" {\n    bucket = \"b\"\n    key    = \"k\"\n    %\n  }\n}\n"
	for name, tt := range map[string]struct {
		files map[string]string
		want  string
	}{
		"override":             {map[string]string{"m.tf": "", "zzzz_override.tf": strings.Replace(s3, "%", "", 1)}, "an override file must not say where the state lies"},
		"json":                 {map[string]string{"m.tf": "", "override.tf.json": `{"terraform":{"backend":{"local":{"path":"x"}}}}`}, "an override file must not"},
		"cloud":                {map[string]string{"m.tf": "", "a_override.tf": "terraform {\n  cloud {}\n}\n"}, "an override file must not"},
		"workspaces":           {map[string]string{"m.tf": strings.Replace(s3, "%", "workspace_key_prefix = \"p\"", 1)}, "only the default one is supported"},
		"tags":                 {map[string]string{"m.tf": "terraform {\n  cloud {\n    workspaces {\n      tags = [\"x\"]\n    }\n  }\n}\n"}, "such as s3, in a directory of its own for each of its workspaces"},
		"prefix":               {map[string]string{"m.tf": "terraform {\n  backend \"remote\" {\n    workspaces {\n      prefix = \"x\"\n    }\n  }\n}\n"}, "for each of its workspaces"},
		"one":                  {map[string]string{"m.tf": "terraform {\n  cloud {\n    workspaces {\n      name = \"x\"\n    }\n  }\n}\n"}, "such as s3"},
		"states":               {map[string]string{"m.tf": "", "terraform.tfstate.d/prod/terraform.tfstate": "{}"}, "env/a/terraform.tfstate.d: this directory has a state for each"},
		"selected":             {map[string]string{"m.tf": "", ".terraform/environment": "prod"}, `env/a/.terraform/environment: the Terraform CLI workspace "prod" is selected`},
		"default":              {map[string]string{"m.tf": "", ".terraform/environment": "default\n"}, ""},
		"named":                {map[string]string{"m.tf": "locals {\n  a = \"x-${terraform.workspace}\"\n  b = [for k in [1] : terraform.workspace]\n}\n"}, `env/a/m.tf:2:12: terraform.workspace (and in 1 more places) is used, so this directory has a state for each Terraform CLI workspace, and only the default one is supported: make a directory of each, with a state of its own, and write its name where this stands ("default" where there never was another one)`},
		"named in a module":    {map[string]string{"m.tf": "module \"m\" {\n  source = \"./m\"\n}\n", "m/m.tf": "output \"o\" {\n  value = terraform.workspace == \"prod\" ? 1 : 2\n}\n"}, "env/a/m/m.tf:2:11: terraform.workspace is used"},
		"named in JSON":        {map[string]string{"m.tf.json": `{"locals": {"a": "${terraform.workspace}"}}`}, "terraform.workspace is used"},
		"named by a read":      {map[string]string{"m.tf": "data \"terraform_remote_state\" \"x\" {\n  backend   = \"local\"\n  workspace = terraform.workspace\n}\n"}, "m.tf:3:15: terraform.workspace is used"},
		"named in no instance": {map[string]string{"m.tf": "module \"m\" {\n  source = \"./m\"\n  count = 0\n}\n", "m/m.tf": "output \"o\" {\n  value = terraform.workspace\n}\n"}, ""},
		"another name":         {map[string]string{"m.tf": "variable \"terraform\" {}\nlocals {\n  a = var.terraform.workspace\n}\n"}, ""},
		"reserved":             {map[string]string{"m.tf": "", "zzz_reconcile_override.tofu": ""}, "names that begin with zzz_reconcile"},
		"good":                 {map[string]string{"m.tf": strings.Replace(s3, "%", "", 1), "a_override.tf": ""}, ""},
	} {
		files := map[string]string{}
		for file, text := range tt.files {
			files["env/a/"+file] = text
		}
		w := NewLoader(newTree(files), Terraform).Load(Dir{"a", "env/a"}, Config{})
		if tt.want == "" && w.Err != nil || tt.want != "" && (w.Err == nil || !strings.Contains(w.Err.Error(), tt.want)) {
			t.Errorf("%s: %v", name, w.Err)
		}
	}
}

// What Terraform says of its backend is compared with what was meant.
func TestBackendCheck(t *testing.T) {
	b := Backend{Type: "s3", Config: map[string]string{"bucket": "b", "key": "k"}}
	if err := b.Check("s3", map[string]string{"bucket": "b", "key": "k", "encrypt": "true", "region": ""}); err != nil {
		t.Error(err)
	}
	for kind, args := range map[string]map[string]string{
		"s3": {"bucket": "b", "key": "other"}, "local": {"path": "x"}, "gcs": {"bucket": "b"},
	} {
		if b.Check(kind, args) == nil {
			t.Errorf("%s at %v is taken for it", kind, args)
		}
	}
}

// Where no workspace is found, what could be meant is said.
func TestNoWorkspaces(t *testing.T) {
	tree := newTree(map[string]string{
		"infra/a/main.tf": "module \"m\" {\n  source = \"../../lib/m\"\n}\n", "infra/b/main.tf": "", "lib/m/main.tf": "", "one/x.tf": "",
	})
	s := &Settings{patterns: []posString{{text: defaultPattern}}}
	want := `there is some in infra/a, infra/b, one: if those are root modules, write into env/reconcile.hcl: workspaces = ["infra/*", "one"]`
	if err := NewLoader(tree, Terraform).NoWorkspacesError(s); !strings.Contains(err.Error(), want) {
		t.Error(err)
	}
	if err := NewLoader(newTree(map[string]string{"README": ""}), Terraform).NoWorkspacesError(s); !strings.Contains(err.Error(), "is it the right branch?") {
		t.Error(err)
	}
}
