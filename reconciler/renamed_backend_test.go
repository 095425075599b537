package reconciler_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"reconcile/reconciler/internal/reconcilertest"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// inBackend returns the files of a workspace of this name, whose state has the same name in a
// backend.
func inBackend(name, declared string) string {
	return strings.ReplaceAll(`
-- env/NAME/main.tf --
terraform {
  backend "http" {
    address = "SERVER/NAME"
  }
}
`, "NAME", name) + declared
}

const (
	backendSettings = "-- env/reconcile.hcl --\ndefaults {\n  allow_unlocked = true\n}\n"
	twoDeclared     = "resource \"terraform_data\" \"it\" {\n  for_each = toset([\"a\", \"b\"])\n}\nmodule \"m\" {\n  source = \"../../modules/m\"\n}\n"
	moduleFiles     = "-- modules/m/main.tf --\nresource \"terraform_data\" \"in\" {}\n"
)

// A directory that is renamed together with the place of its state in a backend is known by what
// its old files declared: nothing is made a second time.
func TestRenamedWithItsPlaceInABackend(t *testing.T) {
	t.Parallel()
	server := &stateServer{states: map[string][]byte{}}
	site := httptest.NewServer(server)
	t.Cleanup(site.Close)
	w := reconcilertest.NewEnv(t, "")
	commit := func(files string) { w.Commit(strings.ReplaceAll(files, "SERVER", site.URL)) }
	commit(inBackend("one", twoDeclared) + moduleFiles + backendSettings)
	if _, got := w.RunPass(run.Options{}); got["one"] != state.Applied {
		t.Fatalf("the scene: %v", got)
	}
	w.Repo.Git("mv", "env/one", "env/two")
	commit(inBackend("two", twoDeclared+"resource \"terraform_data\" \"more\" {}\n") + inBackend("other", "resource \"terraform_data\" \"other\" {}\n"))
	planned, err := w.Reconciler().Plan(t.Context(), t.Context(), run.Options{Only: []string{"two"}})
	w.Must(err)
	if two, _ := planned.Find("two"); two.Outcome != state.Blocked {
		t.Errorf("planned: %+v", two)
	}
	for _, options := range []run.Options{{}, {Trigger: run.TriggerManual}} {
		result, got := w.RunPass(options)
		two, _ := result.Find("two")
		if got["two"] != state.Blocked || !strings.Contains(two.Error, "the removed workspace one has left its Terraform state at http:") || !strings.Contains(two.Error, "module.m") || !strings.Contains(two.Error, "terraform_data.it,") {
			t.Errorf("%+v", two)
		}
		if other := got["other"]; options.Trigger == "" && other != state.Applied {
			t.Errorf("another workspace is %s", other)
		}
	}
	if got := len(server.states); got != 2 {
		t.Errorf("%d states", got)
	}
	server.copy("/one", "/two") // as a person moves it
	commit(inBackend("two", twoDeclared))
	if _, got := w.RunPass(run.Options{}); got["two"] != state.NoChanges {
		t.Errorf("with its state: %v", got)
	}
}

// What has nothing to do with the removed workspace is applied: by its resources, or by a person's
// word.
func TestOtherThanTheRemovedOneInABackend(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		declared string
		allow    func(w *reconcilertest.Env)
	}{
		"other resources": {"resource \"terraform_data\" \"other\" {}\n", func(*reconcilertest.Env) {}},
		"a person's word": {twoDeclared, func(w *reconcilertest.Env) {
			w.RunPass(run.Options{Only: []string{"two"}, Adopt: true})
		}},
		"forgotten": {twoDeclared, func(w *reconcilertest.Env) {
			w.RunPass(run.Options{})
			_, err := w.Reconciler().Forget(t.Context(), "one")
			w.Must(err)
		}},
	} {
		server := httptest.NewServer(&stateServer{states: map[string][]byte{}})
		t.Cleanup(server.Close)
		w := reconcilertest.NewEnv(t, "")
		commit := func(files string) { w.Commit(strings.ReplaceAll(files, "SERVER", server.URL)) }
		commit(inBackend("one", twoDeclared) + moduleFiles + backendSettings)
		w.RunPass(run.Options{})
		w.Repo.Git("rm", "-rq", "env/one")
		commit(inBackend("two", c.declared))
		c.allow(w)
		w.RunPass(run.Options{Trigger: run.TriggerManual})
		if rec, _, err := w.Record.Workspace(t.Context(), "two"); err != nil || rec.ApplyCount != 1 {
			t.Errorf("%s: %+v, %v", name, rec, err)
		}
	}
}
