package workspace

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"reconcile/reconciler/workspace/internal/module"
	"reconcile/reconciler/workspace/internal/treetest"
	"reconcile/reconciler/workspace/repotree"
	"reconcile/reconciler/workspace/settings"
)

// addSeeds adds the configuration files of testdata to the corpus.
func addSeeds(f *testing.F, suffix string, add func(text string)) {
	f.Helper()
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range archives {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range txtar.Parse(text).Files {
			if strings.HasSuffix(file.Name, suffix) {
				add(string(file.Data))
			}
		}
	}
}

// loadText loads a workspace of one file and a few objects that the file may name.
func loadText(name, text string) *Workspace {
	tree := treetest.New(map[string]string{
		"env/a/" + name:             text,
		"env/a/terraform.tfvars":    "set = \"../../files/x.txt\"\n",
		"env/a/common.tf":           "-> ../../modules/m/main.tf",
		"modules/m/main.tf":         "variable \"x\" {}\noutput \"o\" {\n  value = file(var.x)\n}\n",
		"files/x.txt":               "${file(name)}",
		"files/names.json":          `{"name": ["x"]}`,
		"modules/n/main.tf.json":    `{"module": {"m": {"source": "../m", "x": "${path.module}"}}}`,
		"modules/l":                 "-> m",
		"env/b/main.tf":             "",
		"env/a/.terraform.lock.hcl": "",
	})
	return NewLoader(tree, repotree.Terraform).Load(settings.Dir{Name: "a", Path: "env/a"}, settings.Config{Env: []string{"TF_VAR_e"}})
}

// checkLoaded checks the invariants of every workspace.
func checkLoaded(t *testing.T, w *Workspace) {
	t.Helper()
	if w.Err != nil && strings.Contains(w.Err.Error(), "internal error while reading") {
		t.Fatal(w.Err)
	}
	if len(w.Inputs) == 0 || w.Inputs[0] != "env/a" {
		t.Fatalf("its own directory is no input: %v", w.Inputs)
	}
	for _, in := range w.Inputs {
		if repotree.IsOutside(in) || strings.Contains(in, module.RepoRoot) {
			t.Fatalf("input %q", in)
		}
	}
}

func FuzzLoad(f *testing.F) {
	addSeeds(f, ".tf", func(text string) { f.Add(text) })
	f.Add("module \"a\" {\n  source = \"./\"\n}\noutput \"o\" {\n  value = module.a.o\n}\n")
	f.Add("locals {\n  a = local.b\n  b = local.a\n  c = file(local.a[0].x[*])\n}\n")
	f.Fuzz(func(t *testing.T, text string) { checkLoaded(t, loadText("main.tf", text)) })
}

func FuzzLoadJSON(f *testing.F) {
	addSeeds(f, ".tf.json", func(text string) { f.Add(text) })
	f.Add(`{"resource": {"x": {"y": [[{"a": "${each.key}"}], null, 1, "s"]}}, "locals": {"a": {"${b}": null}}}`)
	f.Add(`[{"variable": {"": {"type": "string", "default": 1e999}}}]`)
	f.Fuzz(func(t *testing.T, text string) { checkLoaded(t, loadText("main.tf.json", text)) })
}

// TestDeepNesting loads configuration that would overflow the stack of the parser or of a tree
// walk. An overflow ends the process, so the test only has to reach its end.
func TestDeepNesting(t *testing.T) {
	t.Parallel()
	const n = 1 << 17
	deep := map[string]string{
		"main.tf":      "locals {\n  a = PLACE\n}\n",
		"main.tf.json": `{"locals": {"a": PLACE}}`,
	}
	for name, texts := range map[string][]string{
		"main.tf": {
			strings.Repeat("(", n), strings.Repeat("[", n) + strings.Repeat("]", n), strings.Repeat("!", n) + "true",
			strings.Repeat("1 +\n", n) + "1", "(" + strings.Repeat("1\n+ ", n) + "1)", strings.Repeat("true ? 1 : ", n) + "1",
			"a" + strings.Repeat("[*]", n), "file(a" + strings.Repeat(".b", n) + ")", strings.Repeat("{ a = ", n) + strings.Repeat("}", n),
		},
		"main.tf.json": {
			strings.Repeat("[", n) + strings.Repeat("]", n), strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n),
			`"${` + strings.Repeat("(", n) + `}"`,
		},
	} {
		for _, text := range texts {
			w := loadText(name, strings.Replace(deep[name], "PLACE", text, 1))
			// A line that ends with an operator ends the expression, and that is an error of its own.
			if w.Err == nil || !strings.Contains(w.Err.Error(), "nested too deeply") && !strings.Contains(w.Err.Error(), "Invalid expression") {
				t.Errorf("%s %.20q…: %v", name, text, w.Err)
			}
		}
	}
}
