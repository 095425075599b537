package terraform_test

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"reconcile/internal/programtest"
	"reconcile/internal/testtier"
	"reconcile/reconciler/terraform"
)

// TestTruncatedState: a Terraform that is killed while writing a local state leaves it empty
// or truncated.
func TestTruncatedState(t *testing.T) {
	t.Parallel()
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

// TestMissingState: a plan without the state leaves no file in its place, so that the next one
// does not restore the backup as if an apply had been killed.
func TestMissingState(t *testing.T) {
	t.Parallel()
	s := newFixture(t, resourceConfig)
	s.apply()
	s.write("main.tf", strings.Replace(resourceConfig, "1", "2", 1))
	s.apply() // creates a backup of the state with 1
	if err := os.Remove(s.state); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if plan := s.planAndClose(); plan.Changes != (terraform.Changes{Add: 1}) || len(plan.Warnings) != 0 {
			t.Errorf("planned %+v", plan)
		}
	}
	if _, err := os.Stat(s.state); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("there is a state: %v", err)
	}
}

// TestDamagedState: a state that is damaged in another way is not repaired.
func TestDamagedState(t *testing.T) {
	t.Parallel()
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
	t.Parallel()
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

// TestLocalStateIsReadAsItsFile: the file of a local state says what `state pull` says, which is
// run only where the file is not what Terraform writes today.
func TestLocalStateIsReadAsItsFile(t *testing.T) {
	testBothProducts(t, func(t *testing.T, opt option) {
		commands, wrapper := filepath.Join(t.TempDir(), "commands"), filepath.Join(t.TempDir(), "wrapper")
		var real terraform.Options
		opt(&real)
		script := fmt.Sprintf("#!/bin/sh\necho \"$1 $2\" >> %s\nexec %s \"$@\"\n", commands, cmp.Or(real.Binary, testtier.Tool(t, "terraform")))
		programtest.Write(t, wrapper, script)
		s := newFixture(t, resourceConfig+`
check "fails" {
  assert {
    condition     = terraform_data.x.output == "no"
    error_message = "It is not."
  }
}

output "number" {
  value = 12345678901234567890
}

output "list" {
  value = [terraform_data.x.output, null]
}

output "secret" {
  value     = "swordfish"
  sensitive = true
}
`, opt, withBinary(wrapper))
		s.spec.KeepOutputs = []string{"list", "number"}
		session, plan := s.plan()
		if err := session.Apply(t.Context(), plan); err != nil {
			t.Fatal(err)
		}
		read := func() terraform.Outputs {
			outputs, err := session.Outputs(t.Context(), []byte("key"))
			if err != nil {
				t.Fatal(err)
			}
			return outputs
		}
		fromFile := read()
		if strings.Contains(s.read(commands), "state pull") || len(fromFile.Kept) != 2 || len(fromFile.Sensitive) != 1 || len(fromFile.FailedChecks) != 1 || fromFile.State.Serial == 0 {
			t.Errorf("read %+v after\n%s", fromFile, s.read(commands))
		}
		unusual := strings.Replace(s.read(s.state), `"version": 4`, `"version": 4, "encrypted_data": null`, 1)
		if err := os.WriteFile(s.state, []byte(unusual), 0o600); err != nil {
			t.Fatal(err)
		}
		if pulled := read(); !strings.Contains(s.read(commands), "state pull") || !reflect.DeepEqual(pulled, fromFile) {
			t.Errorf("pulled %+v, the file says %+v", pulled, fromFile)
		}
		s.close(session)
	})
}
