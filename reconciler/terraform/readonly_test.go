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

// readFiles returns the files next to a local state.
func (f *fixture) readFiles(dir string) map[string]string {
	f.Helper()
	files := map[string]string{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		f.Fatal(err)
	}
	for _, entry := range entries {
		files[entry.Name()] = f.read(filepath.Join(dir, entry.Name()))
	}
	return files
}

// TestReadOnlyLocalState: a read-only session does not write a local state, even a truncated
// one.
func TestReadOnlyLocalState(t *testing.T) {
	t.Parallel()
	testBothProducts(t, func(t *testing.T, opt option) {
		s := newFixture(t, resourceConfig, opt)
		s.apply()
		s.write("main.tf", strings.Replace(resourceConfig, "1", "2", 1))
		s.apply()
		whole := s.read(s.state)
		s.spec.ReadOnly = true
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
			before := s.readFiles(filepath.Dir(s.state))
			plan := s.planAndClose()
			if plan.Changes != c.want || len(plan.Warnings) != c.says {
				t.Errorf("%s: planned %+v", name, plan)
			}
			if text := plan.Text + s.log.String(); strings.Contains(text, "Deprecated flag") || strings.Contains(text, "settings/backends/local") {
				t.Errorf("%s: the plan warns of our own flag: %s", name, text)
			}
			if after := s.readFiles(filepath.Dir(s.state)); !maps.Equal(before, after) {
				t.Errorf("%s: from %v\nto %v", name, before, after)
			}
		}
		if s.log.countInits() != 1 {
			t.Errorf("%d inits", s.log.countInits())
		}
	})
}

func TestReadOnlyNoStateYet(t *testing.T) {
	t.Parallel()
	s := newFixture(t, resourceConfig)
	s.spec.ReadOnly = true
	if plan := s.planAndClose(); plan.Changes.Add != 1 || len(plan.Warnings) > 0 {
		t.Errorf("planned %+v", plan)
	}
	if _, err := os.Stat(filepath.Dir(s.state)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a place for the state was made: %v", err)
	}
}

// TestReadOnlyS3State: a read-only session neither locks nor writes a state in S3.
func TestReadOnlyS3State(t *testing.T) {
	t.Parallel()
	testBothProducts(t, func(t *testing.T, opt option) {
		server := startS3(t)
		s := newS3Fixture(t, server, resourceConfig, opt)
		s.apply()
		s.write("main.tf", strings.Replace(resourceConfig, "1", "2", 1))
		s.spec.ReadOnly = true
		start := len(server.Requests())
		if plan := s.planAndClose(); plan.Changes.Change != 1 {
			t.Errorf("planned %+v", plan)
		}
		for _, r := range server.Requests()[start:] {
			if r.Method != http.MethodGet && r.Method != http.MethodHead {
				t.Errorf("%s %s", r.Method, r.Path)
			}
		}
	})
}

// TestReadOnlyErroredState: what a killed apply left in the checkout, and a saved state, stay
// in place. No plan is made.
func TestReadOnlyErroredState(t *testing.T) {
	t.Parallel()
	work := t.TempDir()
	s := newFixture(t, resourceConfig, func(o *terraform.Options) { o.WorkDir = work })
	s.apply()
	later := strings.Replace(s.read(s.state), `"input"`, `"other"`, 1)
	left := filepath.Join(s.spec.Dir, "errored.tfstate")
	s.write("errored.tfstate", later)

	s.spec.ReadOnly = true
	step := s.mustFail()
	var errored *terraform.ErroredStateError
	if !errors.As(step, &errored) || errored.File != left || !strings.Contains(step.Hint, "reconcile now one") {
		t.Errorf("refused with %v", step)
	}
	if s.read(left) != later {
		t.Error("the state that was left has changed")
	}

	s.spec.ReadOnly = false
	if !errors.As(s.mustFail(), &errored) || filepath.Dir(errored.File) != filepath.Join(work, "errored") {
		t.Fatalf("the holder of the lease keeps it in %s", errored.File)
	}
	if err := os.WriteFile(s.state, []byte(later), 0o600); err != nil {
		t.Fatal(err)
	}
	s.spec.ReadOnly = true
	s.planAndClose()
	s.read(errored.File)
}
