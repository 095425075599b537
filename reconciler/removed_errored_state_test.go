package reconciler_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reconcile/reconciler/internal/reconcilertest"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// A state that Terraform could not write is saved and reported, even if a later commit
// removes the workspace's directory.
func TestErroredStateOfAFormerDirectory(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(w *reconcilertest.Env)
		holder string
	}{
		"removed": {func(w *reconcilertest.Env) {}, "a"},
		"a file":  {func(w *reconcilertest.Env) { w.Commit("-- env/a --\nno directory\n-- env/b/main.tf --\n# changed\n") }, "a"},
		"another workspace's name": {func(w *reconcilertest.Env) {
			w.Commit("-- env/c/main.tf --\nterraform {\n  backend \"local\" {\n    path = \"../../a.tfstate\"\n  }\n}\n")
		}, "c"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := reconcilertest.NewEnv(t, "-- env/a/main.tf --\nterraform {\n  backend \"local\" {\n    path = \"../../a.tfstate\"\n  }\n}\n-- env/b/main.tf --\nresource \"terraform_data\" \"x\" {}\n")
			w.RunPass(run.Options{})
			errored := filepath.Join(w.Spec.Home, "work/checkout", state.DirName("test"), "tree/env/a/errored.tfstate")
			w.Must(os.WriteFile(errored, []byte(`{"version": 4, "serial": 9, "lineage": "l", "outputs": {}, "resources": [{"type": "x"}]}`), 0o600))
			w.Repo.Git("rm", "-rq", "env/a")
			w.Repo.CommitStaged("removed")
			c.change(w)
			w.Repo.Push()
			result, got := w.RunPass(run.Options{})
			w.RunPass(run.Options{})
			saved, err := filepath.Glob(filepath.Join(w.Spec.Home, "work/errored", c.holder+"@*.tfstate"))
			w.Must(err)
			if len(saved) != 1 || exists(errored) {
				t.Fatalf("saved states: %v", saved)
			}
			holds, err := w.Record.Holds(t.Context())
			w.Must(err)
			if holds[c.holder].Kind != state.Recovery || !strings.Contains(holds[c.holder].Reason, saved[0]) {
				t.Errorf("the hold: %+v", holds)
			}
			if warnings := strings.Join(result.Warnings, "\n"); got["c"] != state.Blocked && !strings.Contains(warnings, saved[0]) {
				t.Errorf("warnings: %q, %v", warnings, got)
			}
		})
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
