package settings

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"reconcile/reconciler/workspace/internal/treetest"
	"reconcile/reconciler/workspace/repotree"
)

func TestSettingsBudget(t *testing.T) {
	t.Parallel()
	const depth = 60
	bomb := strings.Repeat("[for a in [1, 2] : ", depth) + "a" + strings.Repeat("]", depth) + "[0]"
	tree := sampleRepo(map[string]string{File: "defaults {\n  apply = \"${" + bomb + "}\"\n}\n"})
	if _, err := Load(tree, ""); err == nil || !strings.Contains(err.Error(), "exceeds the evaluation limit") {
		t.Errorf("got %v", err)
	}
}

func FuzzSettings(f *testing.F) {
	f.Add("workspaces = [\"env/*\"]\ndefaults {\n  apply = \"safe\"\n}\nworkspace \"tokyo\" {\n  depends_on = [\"common\"]\n}\n", "")
	f.Add("workspaces = [\"**\", \"{env,infra/live}/*\", \".\"]\nenvironment \"x\" {\n  var_file = \"staging.tfvars\"\n}", "x")
	f.Add(layeredSettings, "staging")
	f.Fuzz(func(t *testing.T, text, environment string) {
		tree := sampleRepo(map[string]string{File: text})
		s, err := Load(tree, environment)
		if err != nil {
			return
		}
		dirs, err := s.Discover(tree, repotree.Terraform)
		if err != nil {
			return
		}
		for _, d := range dirs {
			info, err := tree.Lstat(d.Path)
			if d.Name == "" || repotree.IsOutside(d.Name) || err != nil || !info.IsDir() {
				t.Fatalf("workspace %q at %q", d.Name, d.Path)
			}
			for _, file := range s.Config(d.Name).VarFiles {
				if !repotree.IsFile(tree, file) {
					t.Fatalf("variable file %q", file)
				}
			}
		}
	})
}

// unreadableTree is a tree whose objects are damaged, but for those of one path.
type unreadableTree struct {
	repotree.Tree
	readable string
}

func (u unreadableTree) Open(p string) (fs.File, error) {
	if p == u.readable {
		return u.Tree.Open(p)
	}
	return nil, errors.New("damaged object")
}

// What cannot be read is not said to exist.
func TestUnreadableSettings(t *testing.T) {
	t.Parallel()
	tree := treetest.New(map[string]string{"env/reconcile.hcl": "", "env/a/main.tf": ""})
	for readable, want := range map[string]string{
		"":                  "read env/reconcile.hcl: damaged object",
		"reconcile.hcl":     "read env/reconcile.hcl: damaged object",
		"env/reconcile.hcl": "read reconcile.hcl: damaged object",
	} {
		if _, err := Load(unreadableTree{tree, readable}, ""); err == nil || err.Error() != want {
			t.Errorf("%q: %v, not %s", readable, err, want)
		}
	}
}

// TestNamesAreDocumented checks that both READMEs and the help name each setting.
func TestNamesAreDocumented(t *testing.T) {
	t.Parallel()
	top := filepath.Join("..", "..", "..")
	for _, page := range []string{"README.md", "README.ja.md", filepath.Join("cmd", "reconcile", "help.go")} {
		text, err := os.ReadFile(filepath.Join(top, page))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range append(slices.Clone(workspaceNames), "var_file", "backend_config", "workspaces") {
			if !regexp.MustCompile(`(?m)^ *` + name + ` += `).Match(text) {
				t.Errorf("%s does not show how to write %s", page, name)
			}
		}
	}
}
