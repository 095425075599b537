package terraform_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reconcile/internal/testtier"
	"reconcile/reconciler/terraform"
)

const resourceConfig = `
resource "terraform_data" "x" { input = "1" }
output "o" { value = terraform_data.x.output }
`

func TestCycle(t *testing.T) {
	t.Parallel()
	testBothProducts(t, func(t *testing.T, opt option) {
		s := newFixture(t, resourceConfig, opt)
		first, sum := s.apply()
		if first.Empty || first.Changes != (terraform.Changes{Add: 1}) || first.StateExists || first.LockFileID != "" {
			t.Errorf("first plan: %+v", first)
		}
		if want := "terraform_data.x will be created"; !strings.Contains(first.Text, want) || strings.Contains(first.Text, "Saved the plan") {
			t.Errorf("plan text:\n%s", first.Text)
		}
		if first.State != (terraform.State{}) {
			t.Errorf("the first plan is against %+v", first.State)
		}
		second, secondSum := s.apply()
		if second.State.Lineage == "" || second.State.Serial == 0 {
			t.Errorf("the second plan is against %+v", second.State)
		}
		if !second.Empty || secondSum != sum {
			t.Errorf("second plan: %+v, outputs digest %s then %s", second, sum, secondSum)
		}
		s.write("main.tf", strings.Replace(resourceConfig, "1", "2", 1))
		third, thirdSum := s.apply()
		if third.Changes != (terraform.Changes{Change: 1}) || !third.StateExists || thirdSum == sum {
			t.Errorf("third plan: %+v", third)
		}
		if s.log.countInits() != 1 {
			t.Errorf("init was run %d times:\n%s", s.log.countInits(), s.log)
		}
		checkLeftovers(s)
	})
}

// What a plan imports is not part of a state that exists.
func TestImportHasNoState(t *testing.T) {
	t.Parallel()
	testBothProducts(t, func(t *testing.T, opt option) {
		s := newFixture(t, "import {\n  to = terraform_data.x\n  id = \"1\"\n}\n"+resourceConfig, opt)
		if plan, _ := s.apply(); plan.Empty || plan.StateExists {
			t.Errorf("plan of an import: %+v", plan)
		}
		s.write("main.tf", strings.Replace(resourceConfig, "1", "2", 1))
		if plan, _ := s.apply(); !plan.StateExists {
			t.Errorf("plan after the import: %+v", plan)
		}
	})
}

// checkLeftovers checks what a cycle leaves: only the link in the checkout, no plan, and no
// state that others can read.
func checkLeftovers(s *fixture) {
	s.Helper()
	entries, err := os.ReadDir(s.spec.Dir)
	if err != nil {
		s.Fatal(err)
	}
	for _, entry := range entries {
		if !strings.HasPrefix(entry.Name(), "main.tf") && entry.Name() != ".terraform" {
			s.Errorf("left in the checkout: %s", entry.Name())
		}
	}
	info, err := os.Stat(s.state)
	if err != nil {
		s.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		s.Errorf("mode of the state is %v", info.Mode().Perm())
	}
}

func TestPlanFilesAreOurs(t *testing.T) {
	t.Parallel()
	work := t.TempDir()
	s := newFixture(t, resourceConfig, func(o *terraform.Options) { o.WorkDir = work })
	session, _ := s.plan()
	plans, err := filepath.Glob(filepath.Join(work, "run", "process-*", "session-*", "plan"))
	if err != nil || len(plans) != 1 {
		t.Fatalf("plans: %v, %v", plans, err)
	}
	for path, want := range map[string]os.FileMode{plans[0]: 0o600, filepath.Dir(plans[0]): 0o700} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
	s.close(session)
	if _, err := os.Stat(plans[0]); !os.IsNotExist(err) {
		t.Errorf("the plan outlived its session: %v", err)
	}
}

func TestDeadProcessesPlansAreSweptAway(t *testing.T) {
	work := t.TempDir()
	dead := filepath.Join(work, "run", "process-dead")
	if err := os.MkdirAll(filepath.Join(dead, "session-1"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dead+".lock", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	withWorkDir := func(o *terraform.Options) { o.WorkDir = work }
	live := newFixture(t, resourceConfig, withWorkDir)
	session, plan := live.plan()
	newTerraform(t, withWorkDir)
	if _, err := os.Stat(dead); !os.IsNotExist(err) {
		t.Errorf("the files of a dead process are left: %v", err)
	}
	if err := session.Apply(t.Context(), plan); err != nil {
		t.Errorf("the plan of a live process was swept away: %v", err)
	}
}

func TestInitIsRunWhenNeeded(t *testing.T) {
	t.Parallel()
	testBothProducts(t, func(t *testing.T, opt option) {
		s := newFixture(t, resourceConfig, opt)
		s.planAndClose()
		s.spec.InitKey = []string{"main.tf 1"}
		s.planAndClose()
		s.planAndClose()
		if s.log.countInits() != 2 {
			t.Errorf("init was run %d times, not when its key changed", s.log.countInits())
		}
		s.spec.InitKey = nil
		s.planAndClose()
		if s.log.countInits() != 2 {
			t.Error("init was run for a key that it has been run for")
		}
		// The key misses a new module call, so Terraform's own message must trigger init.
		s.write("m/main.tf", `resource "terraform_data" "y" {}`)
		s.write("main.tf", resourceConfig+"\nmodule \"m\" {\n  source = \"./m\"\n}\n")
		if plan := s.planAndClose(); plan.Changes.Add != 2 || s.log.countInits() != 3 {
			t.Errorf("%+v after %d inits", plan.Changes, s.log.countInits())
		}
	})
}

// TestInitIsRunAgainWhereItsResultIsDamaged checks that a file of init that lost its content, as
// where the power fails, costs one more init and no failure.
func TestInitIsRunAgainWhereItsResultIsDamaged(t *testing.T) {
	t.Parallel()
	testBothProducts(t, func(t *testing.T, opt option) {
		s := newFixture(t, resourceConfig, opt)
		s.apply()
		if err := os.WriteFile(filepath.Join(s.spec.Dir, ".terraform", "terraform.tfstate"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if plan := s.planAndClose(); !plan.Empty || s.log.countInits() != 2 {
			t.Errorf("%+v after %d inits", plan, s.log.countInits())
		}
	})
}

func TestCommittedTerraformDirectoryIsRefused(t *testing.T) {
	t.Parallel()
	s := newFixture(t, resourceConfig)
	s.write(".terraform/terraform.tfstate", "{}")
	if err := s.mustFail(); !strings.Contains(err.Error(), "remove it from the repository") {
		t.Error(err)
	}
}

// TestLinkAtTheDefaultPathSurvivesInit: the link for readers of a local state may be at
// Terraform's default path, where init would migrate and empty it.
func TestLinkAtTheDefaultPathSurvivesInit(t *testing.T) {
	t.Parallel()
	testBothProducts(t, func(t *testing.T, opt option) {
		s := newFixture(t, resourceConfig, opt)
		link := filepath.Join(s.spec.Dir, "terraform.tfstate")
		if err := terraform.LinkState(link, s.state); err != nil {
			t.Fatal(err)
		}
		s.apply()
		s.spec.InitKey = []string{"again"}
		if plan := s.planAndClose(); !plan.Empty {
			t.Errorf("init lost the state: %+v", plan)
		}
		if to, err := os.Readlink(link); err != nil || to != s.state {
			t.Errorf("the link is now %s, %v", to, err)
		}
		if s.log.countInits() != 2 {
			t.Errorf("%d inits", s.log.countInits())
		}
	})
}

func TestLinkState(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	link := filepath.Join(dir, "env", "a", "terraform.tfstate")
	for _, state := range []string{"/x/a.tfstate", "/x/a.tfstate", "/y/a.tfstate"} {
		if err := terraform.LinkState(link, state); err != nil {
			t.Fatal(err)
		}
		if to, err := os.Readlink(link); err != nil || to != state {
			t.Fatalf("link to %s, %v", to, err)
		}
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := terraform.LinkState(file, "/x/a.tfstate"); err == nil || !strings.Contains(err.Error(), "cp "+file) {
		t.Errorf("a state of its own was replaced: %v", err)
	}
}

// TestStateOfAnEncryptedPlan: a plan that OpenTofu encrypted does not show its state, and an
// encrypted state is not read from its file.
func TestStateOfAnEncryptedPlan(t *testing.T) {
	t.Parallel()
	for name, encrypted := range map[string]string{"the plan": "plan", "both": "state {\n      method = method.aes_gcm.method\n    }\n    plan"} {
		t.Run(name, func(t *testing.T) {
			s := newFixture(t, resourceConfig+`
terraform {
  encryption {
    key_provider "pbkdf2" "key" {
      passphrase = "correct-horse-battery"
      iterations = 200000
    }
    method "aes_gcm" "method" {
      keys = key_provider.pbkdf2.key
    }
    `+encrypted+` {
      method = method.aes_gcm.method
    }
  }
}
`, withBinary(testtier.Tool(t, "tofu")))
			first, _ := s.apply()
			second, _ := s.apply()
			if first.State != (terraform.State{}) || second.State.Lineage == "" || second.State.Serial == 0 {
				t.Errorf("the plans are against %+v and %+v", first.State, second.State)
			}
			if isPlain := strings.Contains(s.read(s.state), "terraform_data"); isPlain == (name == "both") {
				t.Errorf("the state is not as it should be: %s", s.read(s.state))
			}
		})
	}
}
