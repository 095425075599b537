package workspace

import (
	"strings"
	"testing"

	"reconcile/internal/stateid"
	"reconcile/reconciler/workspace/internal/treetest"
	"reconcile/reconciler/workspace/repotree"
	"reconcile/reconciler/workspace/settings"
)

// TestRefusedBackends checks that the location of a state is set in one place, and that the
// settings say which Terraform CLI workspace it is of.
func TestRefusedBackends(t *testing.T) {
	t.Parallel()
	const s3 = "terraform {\n  backend \"s3\" {\n    bucket = \"b\"\n    key    = \"k\"\n    %\n  }\n}\n"
	for name, tt := range map[string]struct {
		files map[string]string
		want  string
	}{
		"override":             {map[string]string{"m.tf": "", "zzzz_override.tf": strings.Replace(s3, "%", "", 1)}, "an override file cannot set the backend"},
		"json":                 {map[string]string{"m.tf": "", "override.tf.json": `{"terraform":{"backend":{"local":{"path":"x"}}}}`}, "an override file cannot"},
		"cloud":                {map[string]string{"m.tf": "", "a_override.tf": "terraform {\n  cloud {}\n}\n"}, "an override file cannot"},
		"workspaces":           {map[string]string{"m.tf": strings.Replace(s3, "%", "workspace_key_prefix = \"p\"", 1)}, "workspace_key_prefix is set, but the settings name no Terraform CLI workspace of env/a"},
		"tags":                 {map[string]string{"m.tf": "terraform {\n  cloud {\n    workspaces {\n      tags = [\"x\"]\n    }\n  }\n}\n"}, "such as s3, and give each of its workspaces its own directory"},
		"prefix":               {map[string]string{"m.tf": "terraform {\n  backend \"remote\" {\n    workspaces {\n      prefix = \"x\"\n    }\n  }\n}\n"}, "give each of its workspaces its own directory"},
		"one":                  {map[string]string{"m.tf": "terraform {\n  cloud {\n    workspaces {\n      name = \"x\"\n    }\n  }\n}\n"}, "such as s3"},
		"states":               {map[string]string{"m.tf": "", "terraform.tfstate.d/prod/terraform.tfstate": "{}"}, "env/a/terraform.tfstate.d: these are states of CLI workspaces, but the settings name no Terraform CLI workspace"},
		"selected":             {map[string]string{"m.tf": "", ".terraform/environment": "prod"}, `env/a/.terraform/environment: the Terraform CLI workspace "prod" is selected`},
		"default":              {map[string]string{"m.tf": "", ".terraform/environment": "default\n"}, ""},
		"named":                {map[string]string{"m.tf": "locals {\n  a = \"x-${terraform.workspace}\"\n  b = [for k in [1] : terraform.workspace]\n}\n"}, `env/a/m.tf:2:12: terraform.workspace (and in 1 more places) is used, but the settings name no Terraform CLI workspace of env/a: add workspace "NAME" { directory = "env/a", terraform_workspace = … } to reconcile.hcl for each ("default" if there never was another one)`},
		"named in a module":    {map[string]string{"m.tf": "module \"m\" {\n  source = \"./m\"\n}\n", "m/m.tf": "output \"o\" {\n  value = terraform.workspace == \"prod\" ? 1 : 2\n}\n"}, "env/a/m/m.tf:2:11: terraform.workspace is used"},
		"named in JSON":        {map[string]string{"m.tf.json": `{"locals": {"a": "${terraform.workspace}"}}`}, "terraform.workspace is used"},
		"named by a read":      {map[string]string{"m.tf": "data \"terraform_remote_state\" \"x\" {\n  backend   = \"local\"\n  workspace = terraform.workspace\n}\n"}, "m.tf:3:15: terraform.workspace is used"},
		"named in no instance": {map[string]string{"m.tf": "module \"m\" {\n  source = \"./m\"\n  count = 0\n}\n", "m/m.tf": "output \"o\" {\n  value = terraform.workspace\n}\n"}, ""},
		"another name":         {map[string]string{"m.tf": "variable \"terraform\" {}\nlocals {\n  a = var.terraform.workspace\n}\n"}, ""},
		"reserved":             {map[string]string{"m.tf": "", "zzz_reconcile_override.tofu": ""}, "the prefix zzz_reconcile is reserved"},
		"good":                 {map[string]string{"m.tf": strings.Replace(s3, "%", "", 1), "a_override.tf": ""}, ""},
	} {
		files := map[string]string{}
		for file, text := range tt.files {
			files["env/a/"+file] = text
		}
		w := NewLoader(treetest.New(files), repotree.Terraform).Load(settings.Dir{Name: "a", Path: "env/a"}, settings.Config{})
		if tt.want == "" && w.Err != nil || tt.want != "" && (w.Err == nil || !strings.Contains(w.Err.Error(), tt.want)) {
			t.Errorf("%s: %v", name, w.Err)
		}
	}
}

// TestAbsoluteLocalState: a local state at an absolute path is stored elsewhere, and that is said.
func TestAbsoluteLocalState(t *testing.T) {
	t.Parallel()
	for path, warns := range map[string]bool{"/srv/states/a.tfstate": true, "../states/a.tfstate": false} {
		tree := treetest.New(map[string]string{"env/a/m.tf": "terraform {\n  backend \"local\" {\n    path = \"" + path + "\"\n  }\n}\n"})
		w := NewLoader(tree, repotree.Terraform).Load(settings.Dir{Name: "a", Path: "env/a"}, settings.Config{})
		if w.Err != nil || warns != (len(w.Warnings) == 1 && strings.Contains(w.Warnings[0], "env/a/m.tf:2:3: this state is stored beside the record, not at "+path)) {
			t.Errorf("%s: %v, %q", path, w.Err, w.Warnings)
		}
	}
}

// TestBackendCheck compares the backend that Terraform reports with the configuration.
func TestBackendCheck(t *testing.T) {
	t.Parallel()
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

// TestUnlockedBackends checks the messages about backends that do not lock, and about unknown ones.
func TestUnlockedBackends(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"\"http\" {\n    address = \"https://example.com\"\n  }": "the http backend of a does not lock",
		"\"s33\" {}": `nobody knows whether the backend "s33" of a locks: correct its name`,
	} {
		w, _ := loadA(t, map[string]string{"env/a/main.tf": "terraform {\n  backend " + text + "\n}\n"})
		if err := w.Backend.Unlocked; err == nil || !strings.Contains(err.Error(), "env/a/main.tf:2:3: "+want) {
			t.Errorf("backend %s: %v, want %s", text, err, want)
		}
	}
}

// TestNoWorkspaces checks the suggestions when no workspace is found.
func TestNoWorkspaces(t *testing.T) {
	t.Parallel()
	tree := treetest.New(map[string]string{
		"infra/a/main.tf": "module \"m\" {\n  source = \"../../lib/m\"\n}\n", "infra/b/main.tf": "", "lib/m/main.tf": "", "one/x.tf": "",
	})
	s, err := settings.Load(tree, "")
	if err != nil {
		t.Fatal(err)
	}
	want := `these directories have configuration: infra/a, infra/b, one: if they are root modules, add this line to reconcile.hcl: workspaces = ["infra/*", "one"]`
	if err := NewLoader(tree, repotree.Terraform).NoWorkspacesError(s); !strings.Contains(err.Error(), want) {
		t.Error(err)
	}
	if err := NewLoader(treetest.New(map[string]string{"README": ""}), repotree.Terraform).NoWorkspacesError(s); !strings.Contains(err.Error(), "is this the right branch?") {
		t.Error(err)
	}
}

func TestBackendConfig(t *testing.T) {
	t.Parallel()
	tree := treetest.New(map[string]string{
		"env/staging.s3.tfbackend": `bucket = "staging"`,
		"env/common/main.tf":       "terraform {\n  backend \"s3\" {\n    key = \"k\"\n    bucket = \"mine\"\n  }\n}",
		settings.File:              "workspaces = [\"env/common\"]\nenvironment \"staging\" {\n  backend_config = \"env/staging.s3.tfbackend\"\n}",
	})
	for environment, want := range map[string]stateid.ID{"": "s3://mine/k", "staging": "s3://staging/k"} {
		s, err := settings.Load(tree, environment)
		if err != nil {
			t.Fatal(err)
		}
		dirs, err := s.Discover(tree, repotree.Terraform)
		if err != nil {
			t.Fatal(err)
		}
		w := NewLoader(tree, repotree.Terraform).Load(dirs[0], s.Config("common"))
		if w.Identity != want || w.Err != nil {
			t.Errorf("%q: got %s, %v; want %s", environment, w.Identity, w.Err, want)
		}
	}
}
