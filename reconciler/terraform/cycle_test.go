package terraform_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reconcile/reconciler/terraform"
)

const oneResource = `
resource "terraform_data" "x" { input = "1" }
output "o" { value = terraform_data.x.output }
`

func TestCycle(t *testing.T) {
	both(t, func(t *testing.T, with option) {
		s := newSite(t, oneResource, with)
		first, sum := s.apply()
		if first.Empty || first.Changes != (terraform.Changes{Add: 1}) || first.StateExists || first.LockFile != "" {
			t.Errorf("first plan: %+v", first)
		}
		if want := "terraform_data.x will be created"; !strings.Contains(first.Text, want) || strings.Contains(first.Text, "Saved the plan") {
			t.Errorf("plan text:\n%s", first.Text)
		}
		if first.State != (terraform.State{}) {
			t.Errorf("the first plan is against %+v", first.State)
		}
		again, sumAgain := s.apply()
		if again.State.Lineage == "" || again.State.Serial == 0 {
			t.Errorf("the second plan is against %+v", again.State)
		}
		if !again.Empty || sumAgain != sum {
			t.Errorf("second plan: %+v, outputs digest %s then %s", again, sum, sumAgain)
		}
		s.write("main.tf", strings.Replace(oneResource, "1", "2", 1))
		changed, sumChanged := s.apply()
		if changed.Changes != (terraform.Changes{Change: 1}) || !changed.StateExists || sumChanged == sum {
			t.Errorf("third plan: %+v", changed)
		}
		if s.log.inits() != 1 {
			t.Errorf("init was run %d times:\n%s", s.log.inits(), s.log)
		}
		checkLeft(s)
	})
}

// checkLeft looks for what a cycle may leave: nothing of ours in the
// checkout but the link, no plan, no state that others can read.
func checkLeft(s *site) {
	s.Helper()
	left, err := os.ReadDir(s.job.Dir)
	if err != nil {
		s.Fatal(err)
	}
	for _, entry := range left {
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
	work := t.TempDir()
	s := newSite(t, oneResource, func(o *terraform.Options) { o.Work = work })
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
	at := func(o *terraform.Options) { o.Work = work }
	live := newSite(t, oneResource, at)
	session, plan := live.plan()
	newTerraform(t, at)
	if _, err := os.Stat(dead); !os.IsNotExist(err) {
		t.Errorf("the files of a dead process are left: %v", err)
	}
	if err := session.Apply(t.Context(), plan); err != nil {
		t.Errorf("the plan of a live process was swept away: %v", err)
	}
}

func TestInitIsRunWhenItMust(t *testing.T) {
	both(t, func(t *testing.T, with option) {
		s := newSite(t, oneResource, with)
		s.planned()
		s.job.InitKey = []string{"main.tf 1"}
		s.planned()
		s.planned()
		if s.log.inits() != 2 {
			t.Errorf("init was run %d times, not when its key changed", s.log.inits())
		}
		s.job.InitKey = nil
		s.planned()
		if s.log.inits() != 2 {
			t.Error("init was run for a key that it has been run for")
		}
		// The key misses a new module call: what Terraform says is heeded.
		s.write("m/main.tf", `resource "terraform_data" "y" {}`)
		s.write("main.tf", oneResource+"\nmodule \"m\" {\n  source = \"./m\"\n}\n")
		if plan := s.planned(); plan.Changes.Add != 2 || s.log.inits() != 3 {
			t.Errorf("%+v after %d inits", plan.Changes, s.log.inits())
		}
	})
}

func TestCommittedTerraformDirectoryIsRefused(t *testing.T) {
	s := newSite(t, oneResource)
	s.write(".terraform/terraform.tfstate", "{}")
	if err := s.fails(); !strings.Contains(err.Error(), "remove it from the repository") {
		t.Error(err)
	}
}

// The link by which readers find a local state may lie where Terraform looks
// for a state to migrate, and empty it.
func TestLinkAtTheDefaultPathSurvivesInit(t *testing.T) {
	both(t, func(t *testing.T, with option) {
		s := newSite(t, oneResource, with)
		link := filepath.Join(s.job.Dir, "terraform.tfstate")
		if err := terraform.LinkState(link, s.state); err != nil {
			t.Fatal(err)
		}
		s.apply()
		s.job.InitKey = []string{"again"}
		if plan := s.planned(); !plan.Empty {
			t.Errorf("init lost the state: %+v", plan)
		}
		if to, err := os.Readlink(link); err != nil || to != s.state {
			t.Errorf("the link is now %s, %v", to, err)
		}
		if s.log.inits() != 2 {
			t.Errorf("%d inits", s.log.inits())
		}
	})
}

func TestLinkState(t *testing.T) {
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

// OpenTofu can encrypt a plan, which then does not tell of its state.
func TestStateOfAnEncryptedPlan(t *testing.T) {
	s := newSite(t, oneResource+`
terraform {
  encryption {
    key_provider "pbkdf2" "key" {
      passphrase = "correct-horse-battery"
      iterations = 200000
    }
    method "aes_gcm" "method" {
      keys = key_provider.pbkdf2.key
    }
    plan {
      method = method.aes_gcm.method
    }
  }
}
`, binary(tool(t, "tofu")))
	first, _ := s.apply()
	again, _ := s.apply()
	if first.State != (terraform.State{}) || again.State.Lineage == "" || again.State.Serial == 0 {
		t.Errorf("the plans are against %+v and %+v", first.State, again.State)
	}
}
