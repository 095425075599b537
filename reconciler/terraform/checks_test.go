package terraform_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"reconcile/reconciler/terraform"
)

// checksConfig has a check that reads a data source, and one that does not.
const checksConfig = `
resource "terraform_data" "x" {
  input = "1"
}

check "reads" {
  data "terraform_remote_state" "none" {
    backend = "local"
    config = {
      path = "none.tfstate"
    }
  }
  assert {
    condition     = data.terraform_remote_state.none.outputs.a == "1"
    error_message = "it is not"
  }
}

check "compares" {
  assert {
    condition     = terraform_data.x.input == "2"
    error_message = "it is ${terraform_data.x.input}"
  }
}
`

// TestChecks: a check that reads a data source is in each plan and changes nothing; other
// changes still count. A failing check is always reported.
func TestChecks(t *testing.T) {
	t.Parallel()
	testBothProducts(t, func(t *testing.T, opt option) {
		for name, c := range map[string]struct {
			main  string
			empty bool
			says  []string
		}{
			"as it was":     {checksConfig, true, []string{"check.reads fails: ", "check.compares fails: it is 1"}},
			"without data":  {checksConfig[:strings.Index(checksConfig, "check \"reads\"")] + checksConfig[strings.Index(checksConfig, "check \"compares\""):], true, []string{"check.compares fails: it is 1"}},
			"it passes":     {strings.ReplaceAll(checksConfig, `input == "2"`, `input == "1"`), true, []string{"check.reads fails: "}},
			"an output":     {checksConfig + "output \"o\" {\n  value = \"new\"\n}\n", false, []string{"check.reads fails: ", "check.compares fails: it is 1"}},
			"a move":        {strings.NewReplacer(`"terraform_data" "x"`, `"terraform_data" "y"`, "terraform_data.x", "terraform_data.y").Replace(checksConfig) + "moved {\n  from = terraform_data.x\n  to   = terraform_data.y\n}\n", false, []string{"check.reads fails: ", "check.compares fails: it is 1"}},
			"a forgotten":   {"removed {\n  from = terraform_data.x\n  lifecycle {\n    destroy = false\n  }\n}\n" + checksConfig[strings.Index(checksConfig, "check \"reads\""):strings.Index(checksConfig, "check \"compares\"")], false, []string{"check.reads fails: "}},
			"a data source": {checksConfig + "resource \"terraform_data\" \"z\" {}\ndata \"terraform_remote_state\" \"later\" {\n  backend = \"local\"\n  config = {\n    path = \"none-${terraform_data.z.id}\"\n  }\n}\n", false, []string{"check.reads fails: ", "check.compares fails: it is 1"}},
		} {
			s := newFixture(t, checksConfig, opt)
			s.apply()
			s.write("main.tf", c.main)
			plan := s.planAndClose()
			if plan.Empty != c.empty || len(plan.Warnings) != len(c.says) {
				t.Errorf("%s: planned %+v", name, plan)
			}
			for _, want := range c.says {
				if !strings.Contains(strings.Join(plan.Warnings, "\n"), want) {
					t.Errorf("%s: %q is not in %q", name, want, plan.Warnings)
				}
			}
		}
	})
}

// TestChecksOfAnApply: the results of checks after the apply count. One may fail only because
// of the apply, and one that failed in the plan may now pass.
func TestChecksOfAnApply(t *testing.T) {
	t.Parallel()
	testBothProducts(t, func(t *testing.T, opt option) {
		s := newFixture(t, `
resource "terraform_data" "x" {
  input = "1"
  provisioner "local-exec" {
    command = "mv made made.tfstate"
  }
}

check "made" {
  data "terraform_remote_state" "made" {
    backend = "local"
    config = {
      path = "made.tfstate"
    }
  }
  assert {
    condition     = data.terraform_remote_state.made.outputs.a == "1"
    error_message = "it is not"
  }
}

check "later" {
  assert {
    condition     = terraform_data.x.id == "2"
    error_message = "it is ${terraform_data.x.input}"
  }
}
`, opt)
		s.write("made", `{"version":4,"terraform_version":"1.11.4","serial":1,"lineage":"l","outputs":{"a":{"value":"1","type":"string"}},"resources":[]}`)
		session, plan := s.plan()
		defer s.close(session)
		if len(plan.FailedChecks) != 1 || !strings.HasPrefix(plan.FailedChecks[0], "check.made fails: ") {
			t.Errorf("of the plan: %q", plan.FailedChecks)
		}
		if err := session.Apply(t.Context(), plan); err != nil {
			t.Fatal(err)
		}
		outputs, err := session.Outputs(t.Context(), []byte("key"))
		if want := []string{"check.later fails: it is 1"}; err != nil || !slices.Equal(outputs.FailedChecks, want) {
			t.Errorf("after the apply: %q, %v; want %q", outputs.FailedChecks, err, want)
		}
	})
}

// TestChecksOfManyWords: the reported text of a check is bounded.
func TestChecksOfManyWords(t *testing.T) {
	t.Parallel()
	s := newFixture(t, `
check "big" {
  assert {
    condition     = length(terraform_data.x.input) == 1
    error_message = join("\n", [for i in range(1000) : "this is the line ${i} of many"])
  }
}
resource "terraform_data" "x" {
  input = "12"
}
`)
	plan := s.planAndClose()
	if n := len(strings.Join(plan.Warnings, "")); n == 0 || n > 17<<10 || !strings.HasSuffix(plan.Warnings[0], "line 999 of many") {
		t.Errorf("%d bytes are reported: %.100q", n, plan.Warnings)
	}
}

// TestEphemeralVariables: a plan does not store ephemeral values, so apply receives them
// again.
func TestEphemeralVariables(t *testing.T) {
	t.Parallel()
	testBothProducts(t, func(t *testing.T, opt option) {
		s := newFixture(t, `
variable "file" {
  type      = string
  ephemeral = true
}

variable "declared" {
  type      = string
  ephemeral = true
}

variable "kept" {
  type = object({ a = string, b = optional(number, 3) })
}

resource "terraform_data" "x" {
  input = var.kept
}
`, opt)
		s.write("one.tfvars", "file = \"secret\"\nkept = { a = 1 }\nunknown = true\n")
		s.write("two.tfvars.json", `{"kept": {"a": "2"}}`)
		s.spec.VarFiles = []string{filepath.Join(s.spec.Dir, "one.tfvars"), filepath.Join(s.spec.Dir, "two.tfvars.json")}
		s.spec.Vars = map[string]string{"declared": "secret"}
		if plan, _ := s.apply(); plan.Changes.Add != 1 {
			t.Errorf("planned %+v", plan)
		}
		if plan := s.planAndClose(); !plan.Empty {
			t.Errorf("again planned %+v", plan)
		}
		// A value that a plan has stored is not another one when it is applied.
		s.write("two.tfvars.json", `{"kept": {"a": "4"}}`)
		session, plan := s.plan()
		s.write("two.tfvars.json", `{"kept": {"a": "5"}}`)
		err := session.Apply(t.Context(), plan)
		if err == nil || !strings.Contains(err.Error(), "Can't change variable") && // Terraform
			!strings.Contains(err.Error(), "Mismatch between input and plan variable value") { // OpenTofu
			t.Errorf("applied with another value: %v", err)
		}
	})
}

// TestPlanThatWasChanged: only the plan that was checked is applied.
func TestPlanThatWasChanged(t *testing.T) {
	t.Parallel()
	work := t.TempDir()
	s := newFixture(t, resourceConfig, func(o *terraform.Options) { o.WorkDir = work })
	session, plan := s.plan()
	files, err := filepath.Glob(filepath.Join(work, "run", "process-*", "session-*", "plan"))
	if err != nil || len(files) != 1 {
		t.Fatalf("plans: %v, %v", files, err)
	}
	checkRefused := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		if err := session.Apply(t.Context(), plan); !errors.Is(err, terraform.ErrPlanChanged) || !strings.Contains(err.Error(), "nothing was applied") {
			t.Errorf("applied with %v", err)
		}
	}
	checkRefused(os.WriteFile(files[0], []byte(s.read(files[0])+"\n"), 0o600))
	checkRefused(os.Remove(files[0]))
	if text := s.read(s.state); text != "" {
		t.Errorf("there is a state: %s", text)
	}
}
