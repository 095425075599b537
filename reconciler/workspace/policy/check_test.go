package policy

import (
	"flag"
	"maps"
	"slices"
	"strings"
	"testing"

	"reconcile/reconciler/workspace/internal/treetest"
	"reconcile/reconciler/workspace/repotree"
	"reconcile/reconciler/workspace/settings"
)

var updateRefusals = flag.Bool("update", false, "write what was found into testdata; read the difference")

// TestRefuse compares the violations of each workspace in testdata/refuse with want/NAME.
func TestRefuse(t *testing.T) {
	t.Parallel()
	const archive = "testdata/refuse/pull-request.txtar"
	repo, want := treetest.SplitArchive(t, archive)
	tree := treetest.New(repo)
	settings, err := settings.Load(tree, "")
	if err != nil {
		t.Fatal(err)
	}
	dirs, err := settings.Discover(tree, repotree.Terraform)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, dir := range dirs {
		got[dir.Name] = strings.Join(Check(tree, repotree.Terraform, Proposal{Dir: dir, Config: settings.Config(dir.Name)}, settings.PreviewPolicy(repotree.Terraform)), "\n")
	}
	if *updateRefusals {
		treetest.RewriteArchive(t, archive, got)
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

// TestPreviewSettings checks that mistakes in a preview block are reported with positions.
func TestPreviewSettings(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"preview {\n  providers = [\"aws\"]\n}\n":                    `env/reconcile.hcl:2:16: providers: "aws" is not a provider's source`,
		"preview {\n  modules = [\"../x\"]\n}\n":                     `env/reconcile.hcl:2:14: modules: "../x" is not a module's source`,
		"preview {\n  refuse = [\"aws[\"]\n}\n":                      `env/reconcile.hcl:2:13: refuse: "aws[" is not a name`,
		"preview {\n  nonsense = true\n}\n":                          "env/reconcile.hcl:2:3: Unsupported argument",
		"preview {\n}\npreview {\n}\n":                               "env/reconcile.hcl:3:1: preview: only one such block is allowed",
		"preview {\n  providers = [\"example.com:8443/own/x\"]\n}\n": "",
	} {
		settings, err := settings.Load(treetest.New(map[string]string{settings.File: text}), "")
		switch {
		case want == "" && err != nil, want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%q: %v, want %q", text, err, want)
		case want == "" && !slices.Equal(settings.PreviewPolicy(repotree.Terraform).Providers, []string{"example.com:8443/own/x"}):
			t.Errorf("%q: %+v", text, settings.PreviewPolicy(repotree.Terraform))
		}
	}
}
