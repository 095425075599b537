package terraform_test

import (
	"errors"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reconcile/reconciler/terraform"
)

// filesOf is all that lies beside a local state.
func (s *site) filesOf(dir string) map[string]string {
	s.Helper()
	files := map[string]string{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		s.Fatal(err)
	}
	for _, entry := range entries {
		files[entry.Name()] = s.read(filepath.Join(dir, entry.Name()))
	}
	return files
}

// A session that only looks writes no local state, be it torn by an apply
// that runs now or was killed.
func TestReadOnlyLocalState(t *testing.T) {
	both(t, func(t *testing.T, with option) {
		s := newSite(t, oneResource, with)
		s.apply()
		s.write("main.tf", strings.Replace(oneResource, "1", "2", 1))
		s.apply()
		whole := s.read(s.state)
		s.job.ReadOnly = true
		for name, c := range map[string]struct {
			left string
			want terraform.Changes
			says int
		}{
			"whole":   {whole, terraform.Changes{}, 0},
			"emptied": {"", terraform.Changes{Change: 1}, 1},
			"cut off": {whole[:len(whole)/2], terraform.Changes{Change: 1}, 1},
		} {
			if err := os.WriteFile(s.state, []byte(c.left), 0o640); err != nil {
				t.Fatal(err)
			}
			before := s.filesOf(filepath.Dir(s.state))
			plan := s.planned()
			if plan.Changes != c.want || len(plan.Warnings) != c.says {
				t.Errorf("%s: planned %+v", name, plan)
			}
			if after := s.filesOf(filepath.Dir(s.state)); !maps.Equal(before, after) {
				t.Errorf("%s: from %v\nto %v", name, before, after)
			}
		}
		if s.log.inits() != 1 {
			t.Errorf("%d inits", s.log.inits())
		}
	})
}

func TestReadOnlyNoStateYet(t *testing.T) {
	s := newSite(t, oneResource)
	s.job.ReadOnly = true
	if plan := s.planned(); plan.Changes.Add != 1 || len(plan.Warnings) > 0 {
		t.Errorf("planned %+v", plan)
	}
	if _, err := os.Stat(filepath.Dir(s.state)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a place for the state was made: %v", err)
	}
}

// Nor does it lock or write a state elsewhere.
func TestReadOnlyS3State(t *testing.T) {
	both(t, func(t *testing.T, with option) {
		server := startS3(t)
		s := newS3Site(t, server, oneResource, with)
		s.apply()
		s.write("main.tf", strings.Replace(oneResource, "1", "2", 1))
		s.job.ReadOnly = true
		began := len(server.Requests())
		if plan := s.planned(); plan.Changes.Change != 1 {
			t.Errorf("planned %+v", plan)
		}
		for _, r := range server.Requests()[began:] {
			if r.Method != http.MethodGet && r.Method != http.MethodHead {
				t.Errorf("%s %s", r.Method, r.Path)
			}
		}
	})
}

// What a killed apply left in the checkout, and what was kept of one, stays
// where it is: no plan is made, and nothing is moved.
func TestReadOnlyErroredState(t *testing.T) {
	work := t.TempDir()
	s := newSite(t, oneResource, func(o *terraform.Options) { o.Work = work })
	s.apply()
	later := strings.Replace(s.read(s.state), `"input"`, `"other"`, 1)
	left := filepath.Join(s.job.Dir, "errored.tfstate")
	s.write("errored.tfstate", later)

	s.job.ReadOnly = true
	step := s.fails()
	var errored *terraform.ErroredStateError
	if !errors.As(step, &errored) || errored.File != left || !strings.Contains(step.Next, "reconcile now one") {
		t.Errorf("refused with %v", step)
	}
	if s.read(left) != later {
		t.Error("the state that was left has changed")
	}

	s.job.ReadOnly = false
	if !errors.As(s.fails(), &errored) || filepath.Dir(errored.File) != filepath.Join(work, "errored") {
		t.Fatalf("the holder of the lease keeps it in %s", errored.File)
	}
	if err := os.WriteFile(s.state, []byte(later), 0o600); err != nil {
		t.Fatal(err)
	}
	s.job.ReadOnly = true
	s.planned()
	s.read(errored.File)
}
