package workspace

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"reconcile/reconciler/workspace/internal/treetest"
	"reconcile/reconciler/workspace/repotree"
	"reconcile/reconciler/workspace/settings"
)

// TestLoadAll checks that loading many workspaces in parallel gives the same results, in
// the given order, as loading each of them alone.
func TestLoadAll(t *testing.T) {
	t.Parallel()
	tree, dirs, configs := monorepo(60, 20)
	slices.Reverse(dirs)
	loaded := loadAll(t, tree, dirs, configs)
	for i, w := range loaded {
		if alone := NewLoader(tree, repotree.Terraform).Load(dirs[i], configs[i]); !reflect.DeepEqual(w, alone) {
			t.Errorf("got %+v, alone %+v", w, alone)
		}
	}
	if got := loadAll(t, tree, nil, nil); len(got) != 0 {
		t.Errorf("of none: %v", got)
	}
}

func loadAll(t testing.TB, tree repotree.Tree, dirs []settings.Dir, configs []settings.Config) []*Workspace {
	t.Helper()
	loaded, err := NewLoader(tree, repotree.Terraform).LoadAll(t.Context(), dirs, configs)
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

// endingTree cancels a context when it is first read.
type endingTree struct {
	repotree.Tree
	end context.CancelCauseFunc
}

func (t endingTree) Open(name string) (fs.File, error) {
	t.end(errEnd)
	return t.Tree.Open(name)
}

var errEnd = errors.New("end requested")

// TestLoadAllEnds checks that no other workspace is loaded after the context is done.
func TestLoadAllEnds(t *testing.T) {
	t.Parallel()
	tree, dirs, configs := monorepo(60, 20)
	ctx, end := context.WithCancelCause(t.Context())
	loaded, err := NewLoader(endingTree{tree, end}, repotree.Terraform).LoadAll(ctx, dirs, configs)
	if !errors.Is(err, errEnd) || loaded != nil {
		t.Errorf("%d were loaded: %v", len(loaded), err)
	}
}

func TestTrace(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"env/a/main.tf":     "module \"m\" {\n  source = \"../../modules/m\"\n}\nlocals {\n  x = file(\"../../gone.txt\")\n}\n",
		"modules/m/main.tf": "",
		"other.txt":         "",
	}
	tree := treetest.New(files)
	w := NewLoader(tree, repotree.Terraform).Load(settings.Dir{Name: "a", Path: "env/a"}, settings.Config{})
	trace := w.Trace(newFileLists(tree))
	want := []string{RulesInput, SettingsInput, "env/a", "gone.txt", "modules/m"}
	if got := slices.Sorted(maps.Keys(trace)); !slices.Equal(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	if trace["gone.txt"] != repotree.AbsentID || trace["modules/m"] != tree.ID("modules/m") {
		t.Errorf("ids: %v", trace)
	}
	for change, stale := range map[string][]string{
		"other.txt": nil, "gone.txt": {"gone.txt"}, "modules/m/x/y.txt": {"modules/m"}, "env/a/b.tf": {"env/a"},
	} {
		after := maps.Clone(files)
		after[change] = "changed"
		if got := StalePaths(newFileLists(treetest.New(after)), settings.Config{}, trace); !slices.Equal(got, stale) {
			t.Errorf("%s: got %v, want %v", change, got, stale)
		}
	}
	if got := StaleInputs(w.Config, trace); got != nil {
		t.Errorf("settings: %v", got)
	}
	trace[RulesInput] = "0"
	other := settings.Config{DependsOn: []string{"b"}}
	if got := StaleInputs(other, trace); !slices.Equal(got, []string{"settings", "discovery rules"}) {
		t.Errorf("settings: %v", got)
	}
}

// TestManyInstances checks that modules that call each other twice on each level are not
// walked once for each path. What is then not evaluated separately makes the inputs wider.
func TestManyInstances(t *testing.T) {
	t.Parallel()
	files := map[string]string{"env/a/main.tf": "module \"m\" {\n  source = \"../../modules/m0\"\n  name   = \"x\"\n}\n"}
	const levels = 30
	for i := range levels {
		var b strings.Builder
		b.WriteString("variable \"name\" {}\n")
		for _, side := range []string{"l", "r"} {
			fmt.Fprintf(&b, "module %q {\n  source = \"../m%d\"\n  name   = \"${var.name}%s\"\n}\n", side, i+1, side)
		}
		fmt.Fprintf(&b, "output \"o\" {\n  value = \"${module.l.o}${module.r.o}\"\n}\nlocals {\n  x = file(\"../../files/${module.l.o}\")\n}\n")
		files[fmt.Sprintf("modules/m%d/main.tf", i)] = b.String()
	}
	files[fmt.Sprintf("modules/m%d/main.tf", levels)] = "variable \"name\" {}\nlocals {\n  x = file(\"../../names/${var.name}\")\n}\noutput \"o\" {\n  value = \"o\"\n}\n"
	w := NewLoader(treetest.New(files), repotree.Terraform).Load(settings.Dir{Name: "a", Path: "env/a"}, settings.Config{})
	if w.Err != nil {
		t.Fatal(w.Err)
	}
	if len(w.Inputs) < levels || !slices.Contains(w.Inputs, "names") || !slices.Contains(w.Inputs, fmt.Sprintf("modules/m%d", levels)) {
		t.Errorf("got %v", w.Inputs)
	}
}

// TestForEachOfModules checks that a module is walked for each element of its for_each, and that large
// collections make the inputs wider.
func TestForEachOfModules(t *testing.T) {
	t.Parallel()
	main := "module \"m\" {\n  for_each = toset(COLLECTION)\n  source   = \"../../modules/m\"\n  file     = \"../../files/${each.key}.txt\"\n}\n"
	module := "variable \"file\" {}\nlocals {\n  x = file(var.file)\n}\n"
	for collection, want := range map[string]string{
		`["a", "b"]`:                           "env/a files/a.txt files/b.txt modules/m",
		`[for i in range(1000) : tostring(i)]`: "env/a files modules/m",
		`[var.unset, "b"]`:                     "env/a files modules/m",
		`var.unset`:                            "env/a files modules/m",
		`[]`:                                   "env/a modules/m",
	} {
		files := map[string]string{
			"env/a/main.tf":     strings.Replace(main, "COLLECTION", collection, 1),
			"modules/m/main.tf": module,
		}
		w := NewLoader(treetest.New(files), repotree.Terraform).Load(settings.Dir{Name: "a", Path: "env/a"}, settings.Config{})
		if got := strings.Join(w.Inputs, " "); w.Err != nil || got != want {
			t.Errorf("%s: got %s (%v), want %s", collection, got, w.Err, want)
		}
	}
}

// If only the beginning and the end of a path are known, the files that have both are inputs:
// one that changes, appears or disappears makes the workspace stale. No other file does.
func TestFilePatterns(t *testing.T) {
	t.Parallel()
	files := func(changes map[string]string) map[string]string {
		all := map[string]string{
			"env/a/main.tf":  "variable \"x\" {}\nlocals {\n  p = \"${path.module}/../../cfg/app-${var.x}.json\"\n  f = file(local.p)\n}\n",
			"cfg/app-1.json": "1", "cfg/other.json": "1", "cfg/README.md": "1",
		}
		for p, text := range changes {
			if all[p] = text; text == "" {
				delete(all, p)
			}
		}
		return all
	}
	tree := treetest.New(files(nil))
	w := NewLoader(tree, repotree.Terraform).Load(settings.Dir{Name: "a", Path: "env/a"}, settings.Config{})
	if want := []string{"cfg/app-*.json"}; !slices.Equal(w.Patterns, want) || w.Err != nil {
		t.Fatalf("patterns %q, %v; want %q", w.Patterns, w.Err, want)
	}
	trace := w.Trace(newFileLists(tree))
	for name, test := range map[string]struct{ path, text, stale string }{
		"changes":      {"cfg/app-1.json", "2", "cfg/app-1.json"},
		"appears":      {"cfg/app-2.json", "1", "cfg/app-*.json"},
		"appears deep": {"cfg/app-x/y/2.json", "1", "cfg/app-*.json"},
		"is a link":    {"cfg/app-2.json", "-> other.json", "cfg/app-*.json"},
		"disappears":   {"cfg/app-1.json", "", "cfg/app-*.json cfg/app-1.json"},
		"other":        {"cfg/other.json", "2", ""},
		"not by end":   {"cfg/app-1.yaml", "2", ""},
		"not by start": {"cfg/b/app-1.json", "2", ""},
	} {
		got := StalePaths(newFileLists(treetest.New(files(map[string]string{test.path: test.text}))), settings.Config{}, trace)
		if strings.Join(got, " ") != test.stale {
			t.Errorf("%s: stale are %q, want %q", name, got, test.stale)
		}
	}
}
