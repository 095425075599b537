package terraform_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reconcile/reconciler/terraform"
)

// TestTruncatedState: a Terraform that is killed while writing a local state leaves it empty
// or truncated.
func TestTruncatedState(t *testing.T) {
	testBothProducts(t, func(t *testing.T, opt option) {
		s := newFixture(t, resourceConfig, opt)
		s.apply()
		s.write("main.tf", strings.Replace(resourceConfig, "1", "2", 1))
		s.apply() // creates a backup of the state with 1
		whole := s.read(s.state)
		for name, content := range map[string]string{"emptied": "", "cut off": whole[:len(whole)/2]} {
			if err := os.WriteFile(s.state, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			plan := s.planAndClose()
			if plan.Changes != (terraform.Changes{Change: 1}) || len(plan.Warnings) != 1 || !strings.Contains(plan.Warnings[0], "truncated") {
				t.Errorf("%s: planned %+v", name, plan)
			}
		}
	})
}

func TestTruncatedFirstState(t *testing.T) {
	s := newFixture(t, resourceConfig)
	if err := os.MkdirAll(filepath.Dir(s.state), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.state, []byte(`{"version": 4, "lin`), 0o600); err != nil {
		t.Fatal(err)
	}
	plan := s.planAndClose()
	if plan.Changes.Add != 1 || len(plan.Warnings) != 1 {
		t.Errorf("planned %+v", plan)
	}
	saved, err := filepath.Glob(s.state + ".truncated-*")
	if err != nil || len(saved) != 1 || s.read(saved[0]) != `{"version": 4, "lin` {
		t.Errorf("what was left is not kept: %v, %v", saved, err)
	}
}

// TestDamagedState: a state that is damaged in another way is not repaired.
func TestDamagedState(t *testing.T) {
	s := newFixture(t, resourceConfig)
	s.apply()
	if err := os.WriteFile(s.state, []byte(`{"version": 4,, }`), 0o600); err != nil {
		t.Fatal(err)
	}
	if text := s.mustFail().Error(); !strings.Contains(text, "workspace one") {
		t.Error(text)
	}
	if s.read(s.state) != `{"version": 4,, }` {
		t.Error("the damaged state was changed")
	}
}

func TestLocalStateOfJSON(t *testing.T) {
	testBothProducts(t, func(t *testing.T, opt option) {
		s := newFixture(t, "", opt)
		if err := os.Remove(filepath.Join(s.spec.Dir, "main.tf")); err != nil {
			t.Fatal(err)
		}
		s.write("main.tf.json", `{
  "terraform": {"backend": {"local": {"path": "elsewhere.tfstate", "workspace_dir": "x"}}},
  "resource": {"terraform_data": {"x": {"input": "1"}}}
}`)
		s.apply()
		if !strings.Contains(s.read(s.state), "terraform_data") {
			t.Error("the state is not where it was to be kept")
		}
		checkLeftovers(s)
	})
}
