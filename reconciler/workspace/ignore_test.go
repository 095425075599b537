package workspace

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"reconcile/reconciler/workspace/internal/treetest"
	"reconcile/reconciler/workspace/repotree"
	"reconcile/reconciler/workspace/settings"
)

// loadA loads the workspace env/a of a repository, with its own settings.
func loadA(t *testing.T, files map[string]string) (*Workspace, *FileLists) {
	t.Helper()
	tree := treetest.New(files)
	s, err := settings.Load(tree, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Discover(tree, repotree.Terraform); err != nil {
		t.Fatal(err)
	}
	w := NewLoader(tree, repotree.Terraform).Load(settings.Dir{Name: "a", Path: "env/a"}, s.Config("a"))
	if w.Err != nil {
		t.Fatal(w.Err)
	}
	return w, newFileLists(tree)
}

// TestUpwardVariable: a value of our environment that leads upwards widens, and is said.
func TestUpwardVariable(t *testing.T) {
	t.Parallel()
	tree := treetest.New(map[string]string{
		"env/a/main.tf": "variable \"f\" {}\nresource \"x\" \"y\" {\n  z = file(\"${path.module}/${var.f}\")\n}\n",
		"env/x":         "",
	})
	for value, want := range map[string]bool{"": false, "x": false, "a..b": false, "../x": true, `["a", "../x"]`: true, "..": true} {
		l := NewLoader(tree, repotree.Terraform)
		l.LookupEnv = func(name string) (string, bool) { return value, name == "TF_VAR_f" }
		w := l.Load(settings.Dir{Name: "a", Path: "env/a"}, settings.Config{Env: []string{"TF_VAR_f"}})
		isWide := slices.Contains(w.Inputs, ".")
		isSaid := slices.ContainsFunc(w.Warnings, func(text string) bool { return strings.Contains(text, "TF_VAR_f leads upwards") })
		if w.Err != nil || isWide != want || isSaid != want {
			t.Errorf("%q: %v, %q, %v", value, w.Inputs, w.Warnings, w.Err)
		}
	}
}

// TestChangeOfFile changes one file of a repository and checks whether env/a is stale, and that
// only an input can change what is found.
func TestChangeOfFile(t *testing.T) {
	t.Parallel()
	module := "module \"m\" {\n  source = \"../../modules/m\"\n}\n"
	ignoreMD := "defaults {\n  ignore = [\"**/*.md\", \"data\"]\n}\n"
	listed := "workspace \"a\" {\n  inputs = [\"lambda/**\", \"policies/*.json\"]\n}\n"
	resource := func(text string) string { return "resource \"x\" \"y\" {\n  " + text + "\n}\n" }
	tests := []struct {
		name, main, settings string
		fresh, stale         []string // files to change, or to make unless they begin with "="
	}{
		{name: "by default", main: module,
			fresh: []string{"env/a/README.md", "env/a/docs/x.md", "env/a/LICENSE", "env/a/.tflint.hcl", "env/a/x.tftest.hcl", "env/a/tests/x/main.tf", "env/a/sub/tests/x.json",
				"modules/m/README.md", "modules/m/tests/a.tftest.hcl", "modules/m/a.tfquery.hcl", "modules/m/.terraform-docs.yml", "modules/m/deep/er/CHANGELOG.md"},
			stale: []string{"env/a/.terraform.lock.hcl", "env/a/x.auto.tfvars", "env/a/x.tf", "env/a/x.json", "env/a/LICENSES/x", "env/a/testsx/x", "env/a/x.tpl", "modules/m/x.txt", "modules/m/other.hcl"}},
		{name: "named by file()", main: resource(`a = file("README.md")`), stale: []string{"env/a/README.md"}, fresh: []string{"env/a/OTHER.md"}},
		{name: "named where it does not exist", main: resource(`a = fileexists("tests/x.json")`), stale: []string{"env/a/tests/x.json"}},
		{name: "named in a module", main: module, stale: []string{"modules/m/named.md"}, fresh: []string{"modules/m/README.md"},
			settings: "# modules/m/named.tf: locals {\n#   x = file(\"${path.module}/named.md\")\n# }\n"},
		{name: "a fileset", main: resource(`a = fileset(path.module, "docs/*.md")`), stale: []string{"env/a/docs/new.md"}, fresh: []string{"env/a/README.md", "env/a/docs/sub/x.md"}},
		{name: "an unknown fileset", main: "variable \"v\" {}\n" + resource(`a = fileset("docs", var.v)`), stale: []string{"env/a/docs/new.md"}, fresh: []string{"env/a/README.md"}},
		{name: "an unknown name", main: "variable \"v\" {}\n" + resource(`a = file("docs/${var.v}.md")`), stale: []string{"env/a/docs/new.md"}, fresh: []string{"env/a/README.md"}},
		{name: "an unknown name of any kind", main: "variable \"v\" {}\n" + resource(`a = file("${path.module}/${var.v}")`), stale: []string{"env/a/README.md"}},
		{name: "a directory that is packed", main: resource(`source_dir = "src"`), stale: []string{"env/a/src/README.md", "env/a/src/tests/x.py"}, fresh: []string{"env/a/README.md"}},
		{name: "a text", main: resource(`chart = "./chart"`), stale: []string{"=env/a/chart/README.md", "=env/a/chart/templates/tests/x.yaml"}, fresh: []string{"env/a/README.md"}},
		{name: "a text with the name", main: resource(`body = "README.md"`), stale: []string{"env/a/README.md"}},
		{name: "a text with the end of a name", main: "variable \"v\" {}\n" + resource(`body = "${var.v}.md"`), stale: []string{"env/a/README.md"}},
		{name: "a text in variables", main: "variable \"v\" {}\n" + resource(`body = var.v`), settings: "# env/a/terraform.tfvars: v = \"docs/x.md\"\n",
			stale: []string{"=env/a/docs/x.md"}, fresh: []string{"env/a/README.md"}},
		{name: "the directory itself", main: resource(`context = path.module`), stale: []string{"env/a/README.md"}},
		{name: "a program of JSON", settings: `# env/a/x.tf.json: {"resource": {"terraform_data": {"x": {"provisioner": [{"local-exec": {"command": "make"}}]}}}}`, stale: []string{"env/a/README.md"}},
		{name: "a program of a check in JSON", settings: `# env/a/x.tf.json: {"check": {"c": {"data": {"external": {"x": {"program": ["make"]}}}}}}`, stale: []string{"env/a/README.md"}},
		{name: "a program of what is removed", main: "removed {\n  from = x.y\n  provisioner \"local-exec\" {\n    command = \"make\"\n  }\n}\n", stale: []string{"env/a/README.md"}},
		{name: "a program", main: "data \"external\" \"x\" {\n  program = [\"make\"]\n}\n", stale: []string{"env/a/README.md", "env/a/tests/x"}},
		{name: "a module for tests that is called", main: "module \"t\" {\n  source = \"./tests/setup\"\n}\n", settings: "# env/a/tests/setup/x.tf: locals {}\n",
			stale: []string{"env/a/tests/setup/y.tf", "env/a/tests/setup/x.json"}, fresh: []string{"env/a/tests/x.json", "env/a/tests/setup/README.md"}},
		{name: "ignored by the settings", settings: ignoreMD, main: "variable \"v\" {}\n" + module + resource("a = file(\"../../files/${var.v}\")\n  b = file(\"../../files/x.md\")"),
			fresh: []string{"files/sub/x.md", "files/y.md", "data/x.json"}, stale: []string{"files/x.md", "files/x.json"}},
		{name: "a text ignored by the settings", settings: ignoreMD, main: resource("a = \"../../data/x.json\"\n  b = \"../../README.md\"\n  c = \"../../data2/x.json\""),
			fresh: []string{"data/x.json", "README.md"}, stale: []string{"data2/x.json"}},
		{name: "configuration ignored by the settings", settings: "workspace \"a\" {\n  ignore = [\"**\"]\n}\n", main: module,
			stale: []string{"env/a/new.tf", "modules/m/main.tf", "modules/m/new.tf", "env/a/.terraform.lock.hcl"}, fresh: []string{"env/a/x.json", "modules/m/x.json"}},
		{name: "listed", settings: listed, main: module + resource("a = file(\"../../files/x.json\")\n  b = \"../../data/x.json\""),
			stale: []string{"lambda/x/y.py", "lambda/README.md", "policies/a.json", "policies/new.json", "modules/m/x.txt", "env/a/x.json"},
			fresh: []string{"files/x.json", "data/x.json", "policies/sub/x.json", "env/a/README.md", "policies/a.txt"}},
		{name: "listed, and named in its own directory", settings: listed, main: resource(`a = file("README.md")`), stale: []string{"env/a/README.md"}},
		{name: "listed and unknown", settings: listed, main: "variable \"v\" {}\n" + resource("a = file(var.v)\n  b = file(\"../../files/${var.v}.json\")"), fresh: []string{"files/x.json", "README.md"}},
		{name: "none listed", settings: "defaults {\n  inputs = []\n}\n", main: module + resource(`a = file("../../files/x.json")`), fresh: []string{"files/x.json"}, stale: []string{"modules/m/x.txt"}},
		{name: "listed and ignored", settings: "defaults {\n  inputs = [\"lambda\"]\n  ignore = [\"lambda/${workspace}/*.md\"]\n}\n", main: resource(""), fresh: []string{"lambda/a/x.md"}, stale: []string{"lambda/b/x.md", "lambda/a/x.py"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			files := map[string]string{
				"env/a/main.tf": test.main, "modules/m/main.tf": "locals {\n  a = 1\n}\n", settings.File: test.settings,
				"files/x.json": "x", "files/x.md": "x", "data/x.json": "x", "data2/x.json": "x", "lambda/a/x.py": "x", "policies/a.json": "x", "README.md": "x", "env/a/README.md": "x", "modules/m/README.md": "x",
			}
			if name, text, ok := strings.Cut(strings.TrimPrefix(test.settings, "# "), ": "); ok { // a file of the case
				files[name] = strings.ReplaceAll(text, "\n#", "\n")
			}
			for _, changed := range append(slices.Clone(test.fresh), test.stale...) {
				isStale := slices.Contains(test.stale, changed)
				changed, mustExist := strings.CutPrefix(changed, "=")
				for _, existed := range []bool{true, false} { // it is changed, or appears
					before, after := maps.Clone(files), maps.Clone(files)
					after[changed] += "# changed\n"
					if _, ok := before[changed]; existed && !ok {
						before[changed] = "\n"
					} else if !existed && (ok || mustExist) {
						continue
					}
					w, lists := loadA(t, before)
					trace := w.Trace(lists)
					now, listsAfter := loadA(t, after)
					got := StalePaths(listsAfter, w.Config, trace)
					if (len(got) > 0) != isStale {
						t.Errorf("%s (existed: %t): stale %v, want %t; inputs %v, filesets %v", changed, existed, got, isStale, w.Inputs, w.Filesets)
					}
					if changed, stale := now.ChangedPaths(lists, listsAfter), StalePaths(lists, now.Config, now.Trace(listsAfter)); !slices.Equal(changed, stale) {
						t.Errorf("%v (existed: %t): stale by a trace are %v", changed, existed, stale)
					}
					for dir := range now.scopes {
						if ignored, all := listsAfter.ignoredByDefault(dir), (ignoreRules{}).listIgnored(listsAfter, ownFiles, dir); !slices.Equal(ignored, all) {
							t.Errorf("%s: ignored by default %v, of all files %v", dir, ignored, all)
						}
					}
					if len(got) == 0 && !maps.Equal(trace, now.Trace(listsAfter)) {
						t.Errorf("%s: not stale, but the trace\n%v\nbecame\n%v", changed, trace, now.Trace(listsAfter))
					}
				}
			}
		})
	}
}

// TestTraceOfWholeDirectories reads a trace whose directories have the ids of whole trees: it is
// in sync while nothing changed, and any change counts.
func TestTraceOfWholeDirectories(t *testing.T) {
	t.Parallel()
	files := map[string]string{"env/a/main.tf": "", "env/a/README.md": "x"}
	w, lists := loadA(t, files)
	old := map[string]string{SettingsInput: w.Config.Digest(), RulesInput: wholeRules, "env/a": lists.tree.ID("env/a")}
	if stale := append(StalePaths(lists, w.Config, old), StaleInputs(w.Config, old)...); len(stale) > 0 {
		t.Errorf("stale: %v", stale)
	}
	delete(files, "env/a/README.md")
	old["env/a"] = newFileLists(treetest.New(files)).tree.ID("env/a")
	if stale := StalePaths(lists, w.Config, old); len(stale) != 1 {
		t.Errorf("a README that appeared since: %v", stale)
	}
	if StaleInputs(w.Config, map[string]string{SettingsInput: w.Config.Digest(), RulesInput: "3"}) == nil {
		t.Error("a trace of older rules is in sync")
	}
}

func TestIgnoredFilesAndUnfollowedNames(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"env/a/main.tf": "variable \"v\" {}\nlocals {\n  a = file(\"../../x.json\")\n  b = file(\"../../y/${var.v}.json\")\n  c = file(\"named.md\")\n  d = file(\"../../z/a.json\")\n}\n",
		"env/a/tests/x": "", "env/a/named.md": "", "env/a/b.txt": "", "x.json": "", "y/a.json": "", "z/a.json": "",
		settings.File: "workspace \"a\" {\n  inputs = [\"z/*\", \"lamda/**\", \"q/*.json\", \"q/b.json\"]\n  ignore = [\"env/*/b.txt\"]\n}\n",
	}
	for i := range 3 {
		files[fmt.Sprintf("env/a/%d.md", i)] = ""
	}
	w, lists := loadA(t, files)
	if got, want := w.Ignored(lists), []string{"env/a/0.md", "env/a/1.md", "env/a/2.md", "env/a/b.txt", "env/a/tests/x"}; !slices.Equal(got, want) {
		t.Errorf("ignored: %v, want %v", got, want)
	}
	want := []string{
		"env/a/main.tf:3:12: file() names x.json, which is not followed: the settings list the inputs",
		"env/a/main.tf:4:12: file() cannot be evaluated and is not followed: the settings list the inputs",
		`reconcile.hcl: inputs: "lamda/**" matches nothing`,
		`reconcile.hcl: inputs: "q/*.json" matches nothing`,
		`reconcile.hcl: inputs: "q/b.json" matches nothing`,
	}
	if !slices.Equal(w.Unfollowed, want) || len(w.Warnings) > 0 {
		t.Errorf("got %q and %q, want %q", w.Unfollowed, w.Warnings, want)
	}
	if !w.Omits("env/a", "env/a/0.md") || w.Omits("env/a", "env/a/named.md") || w.Omits("env/a", "env/a/main.tf") {
		t.Error("what is compared around a plan is not what the trace has")
	}
}
