package workspace

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// TestRefuse checks what is refused of each workspace of testdata/refuse
// against want/NAME.
func TestRefuse(t *testing.T) {
	const archive = "testdata/refuse/pull-request.txtar"
	repo, want := splitArchive(t, archive)
	tree := newTree(repo)
	settings, err := LoadSettings(tree, "")
	if err != nil {
		t.Fatal(err)
	}
	dirs, err := Discover(tree, settings)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, dir := range dirs {
		got[dir.Name] = strings.Join(NewLoader(tree).Refuse(dir, settings.Config(dir.Name), settings.Preview(), nil), "\n")
	}
	if *update {
		rewrite(t, archive, got)
		return
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if got[name] != want[name] {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got[name], want[name])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d workspaces, want %d", len(got), len(want))
	}
}

// What is at the tip already is not asked about again, where it cannot differ.
func TestRefuseApproved(t *testing.T) {
	tree := newTree(map[string]string{"env/a/main.tf": "terraform {\n  backend \"http\" {\n    address = \"https://example.com/a\"\n  }\n}\n"})
	dir := Dir{Name: "a", Path: "env/a"}
	l := NewLoader(tree)
	if got := l.Refuse(dir, Config{}, Trust{}, nil); len(got) != 1 || !strings.Contains(got[0], "http") {
		t.Errorf("a new backend: %q", got)
	}
	if got := l.Refuse(dir, Config{}, Trust{}, l.Load(dir, Config{})); len(got) > 0 {
		t.Errorf("the same backend: %q", got)
	}
}
