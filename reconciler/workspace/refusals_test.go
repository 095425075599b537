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
		"override":   {map[string]string{"m.tf": "", "zzzz_override.tf": strings.Replace(s3, "%", "", 1)}, "an override file must not say where the state lies"},
		"json":       {map[string]string{"m.tf": "", "override.tf.json": `{"terraform":{"backend":{"local":{"path":"x"}}}}`}, "an override file must not"},
		"cloud":      {map[string]string{"m.tf": "", "a_override.tf": "terraform {\n  cloud {}\n}\n"}, "an override file must not"},
		"workspaces": {map[string]string{"m.tf": strings.Replace(s3, "%", "workspace_key_prefix = \"p\"", 1)}, "only the default one is supported"},
		"reserved":   {map[string]string{"m.tf": "", "zzz_reconcile_override.tofu": ""}, "names that begin with zzz_reconcile"},
		"good":       {map[string]string{"m.tf": strings.Replace(s3, "%", "", 1), "a_override.tf": ""}, ""},
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
	s := &Settings{patterns: []located{{text: defaultPattern}}}
	want := `there is some in infra/a, infra/b, one: if those are root modules, write into env/reconcile.hcl: workspaces = ["infra/*", "one"]`
	if err := NewLoader(tree, Terraform).NoWorkspaces(s); !strings.Contains(err.Error(), want) {
		t.Error(err)
	}
	if err := NewLoader(newTree(map[string]string{"README": ""}), Terraform).NoWorkspaces(s); !strings.Contains(err.Error(), "is it the right branch?") {
		t.Error(err)
	}
}
