package reconciler_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"reconcile/reconciler/internal/reconcilertest"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// stateServer is the http backend of Terraform: a state at each path.
type stateServer struct {
	mu     sync.Mutex
	states map[string][]byte
}

func (s *stateServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text, found := s.states[r.URL.Path]
	var err error
	switch {
	case r.Method == http.MethodPost:
		s.states[r.URL.Path], err = io.ReadAll(r.Body)
	case found:
		_, err = w.Write(text)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
	if err != nil {
		panic(http.ErrAbortHandler)
	}
}

// copy copies a state to another path, as a person moves it.
func (s *stateServer) copy(from, to string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.states[to] = s.states[from]
}

// A reader goes on to read the state that its upstream has left: because that moves now, has moved
// before, or was removed; or it leaves its upstream. The secrets that it has read are hidden.
func TestSecretInAStateThatItsWorkspaceHasLeft(t *testing.T) {
	t.Parallel()
	const reader = `
-- env/reader/up.tf --
data "terraform_remote_state" "up" {
  backend = "http"
  config = {
    address = "SERVER/one"
  }
}
`
	up := func(place, secret string) string {
		return `
-- env/up/main.tf --
terraform {
  backend "http" {
    address = "SERVER/` + place + `"
  }
}
output "t" {
  value     = "` + secret + `"
  sensitive = true
}
`
	}
	prints := func(word string) string {
		return `
-- env/reader/main.tf --
resource "terraform_data" "seen" {
  input = "` + word + ` ${data.terraform_remote_state.up.outputs.t}"
}
`
	}
	for name, leave := range map[string]func(w *reconcilertest.Env, commit func(string)){
		"it moves now": func(_ *reconcilertest.Env, commit func(string)) { commit(up("two", "First-secret") + prints("now")) },
		"it has moved, and has another secret": func(w *reconcilertest.Env, commit func(string)) {
			commit(up("two", "First-secret"))
			result, _ := w.RunPass(run.Options{})
			if moved, _ := result.Find("up"); !strings.Contains(strings.Join(moved.Warnings, "\n"), "reader still reads its state at http:") {
				w.T.Errorf("nobody is told of the reader: %+v", moved)
			}
			commit(up("two", "Second-secret"))
			w.RunPass(run.Options{})
			commit(prints("now"))
		},
		"it is not read any more": func(w *reconcilertest.Env, commit func(string)) {
			w.Repo.Git("rm", "-q", "env/reader/up.tf")
			commit("\n-- env/reader/main.tf --\nresource \"terraform_data\" \"seen\" {\n  input = \"its own\"\n}\n")
		},
		"it was removed": func(w *reconcilertest.Env, commit func(string)) {
			w.Repo.Git("rm", "-rq", "env/up")
			commit(prints("now"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &stateServer{states: map[string][]byte{}}
			server := httptest.NewServer(s)
			t.Cleanup(server.Close)
			w := reconcilertest.NewEnv(t, "")
			commit := func(files string) { w.Commit(strings.ReplaceAll(files, "SERVER", server.URL)) }
			commit(up("one", "First-secret") + reader + prints("first") + "-- env/reconcile.hcl --\ndefaults {\n  allow_unlocked = true\n}\n")
			if _, got := w.RunPass(run.Options{}); got["up"] != state.Applied || got["reader"] != state.Applied {
				t.Fatalf("the scene: %v", got)
			}
			s.copy("/one", "/two")
			leave(w, commit)
			planned, err := w.Reconciler().Plan(t.Context(), t.Context(), run.Options{Only: []string{"reader"}})
			w.Must(err)
			if text := planned.Workspaces[0].Plan; !strings.Contains(text, "(redacted)") || strings.Contains(text, "First-secret") {
				t.Errorf("%+v", planned)
			}
			if _, got := w.RunPass(run.Options{Only: []string{"reader"}}); got["reader"] != state.Applied {
				t.Fatalf("the reader: %v", got)
			}
			checkLogsHide(w, "First-secret")
		})
	}
}
