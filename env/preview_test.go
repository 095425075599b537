package env_test

import (
	"testing"

	"reconcile/reconciler/source"
	ws "reconcile/reconciler/workspace"
	"reconcile/reconciler/workspace/policy"
	"reconcile/reconciler/workspace/repotree"
	"reconcile/reconciler/workspace/settings"
)

// A pull request that changes any workspace can be planned before the merge: the current
// settings refuse nothing in this infrastructure.
func TestPreviewsRefuseNothing(t *testing.T) {
	t.Parallel()
	e := newEstateRepo(t)
	repo, err := source.Open(source.Options{URL: e.dir})
	if err != nil {
		t.Fatal(err)
	}
	tip, err := repo.Tip(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	commit, err := repo.Fetch(t.Context(), tip.Commit)
	if err != nil {
		t.Fatal(err)
	}
	defer commit.Close()
	for _, environment := range []string{"", "staging"} {
		settings, err := settings.Load(commit.Tree, environment)
		if err != nil {
			t.Fatal(err)
		}
		dirs, err := settings.Discover(commit.Tree, repotree.Terraform)
		if err != nil || len(dirs) == 0 {
			t.Fatalf("%d workspaces, %v", len(dirs), err)
		}
		loader := ws.NewLoader(commit.Tree, repotree.Terraform)
		for _, dir := range dirs {
			config := settings.Config(dir.Name)
			proposal := policy.Proposal{Dir: dir, Config: config, TipWorkspace: loader.Load(dir, config)}
			for _, refused := range policy.Check(commit.Tree, repotree.Terraform, proposal, settings.PreviewPolicy(repotree.Terraform)) {
				t.Errorf("%s, environment %q: %s", dir.Name, environment, refused)
			}
		}
	}
}
