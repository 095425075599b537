package terraform_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"reconcile/reconciler/terraform"
)

// bench is a checkout with one workspace, and a Terraform to run there.
type bench struct {
	*testing.T
	tf    *terraform.Terraform
	log   bytes.Buffer
	job   terraform.Job
	state string
}

func newBench(t *testing.T, main string, change ...func(*terraform.Options)) *bench {
	t.Helper()
	opts := terraform.Options{Work: t.TempDir()}
	for _, c := range change {
		c(&opts)
	}
	tf, err := terraform.New(t.Context(), opts)
	if err != nil {
		t.Fatalf("terraform is needed (make tools installs it): %v", err)
	}
	t.Cleanup(func() { tf.Close() })
	root := t.TempDir()
	b := &bench{T: t, tf: tf, state: filepath.Join(t.TempDir(), "tfstate", "one.tfstate")}
	b.job = terraform.Job{
		Name: "one", Run: "01TEST", Dir: filepath.Join(root, "env", "one"), Root: root,
		LocalState: b.state, Log: &b.log,
	}
	b.write("main.tf", main)
	return b
}

// write writes a file of the workspace.
func (b *bench) write(name, text string) {
	b.Helper()
	path := filepath.Join(b.job.Dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		b.Fatal(err)
	}
}

// open opens a session that is closed with the test at the latest.
func (b *bench) open() *terraform.Session {
	s := b.tf.Open(context.Background(), b.job)
	b.Cleanup(func() { s.Close() })
	return s
}

func (b *bench) close(s *terraform.Session) {
	b.Helper()
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
}

// plan opens a session and plans in it.
func (b *bench) plan() (*terraform.Session, *terraform.Plan) {
	b.Helper()
	s := b.open()
	if err := s.Init(b.Context()); err != nil {
		b.Fatal(err)
	}
	plan, err := s.Plan(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	return s, plan
}

// apply plans, applies and closes; it returns the plan and the outputs digest.
func (b *bench) apply() (*terraform.Plan, string) {
	b.Helper()
	s, plan := b.plan()
	if !plan.Empty {
		if err := s.Apply(b.Context(), plan); err != nil {
			b.Fatal(err)
		}
	}
	sum, err := s.Outputs(b.Context(), []byte("key"))
	if err != nil {
		b.Fatal(err)
	}
	b.close(s)
	return plan, sum
}

func (b *bench) mode(path string) os.FileMode {
	b.Helper()
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	return info.Mode().Perm()
}

const oneResource = `
resource "terraform_data" "x" { input = "1" }
output "o" { value = terraform_data.x.output }
`

func TestCycle(t *testing.T) {
	b := newBench(t, oneResource)
	first, sum := b.apply()
	if first.Empty || first.Changes != (terraform.Changes{Add: 1}) || first.StateExists {
		t.Errorf("first plan: %+v", first)
	}
	if mode := b.mode(b.state); mode != 0o600 {
		t.Errorf("mode of the state is %v", mode)
	}
	again, sumAgain := b.apply()
	if !again.Empty || sumAgain != sum {
		t.Errorf("second plan: %+v, outputs digest %s then %s", again, sum, sumAgain)
	}
	b.write("main.tf", `
resource "terraform_data" "x" { input = "2" }
output "o" { value = terraform_data.x.output }
`)
	changed, sumChanged := b.apply()
	if changed.Changes != (terraform.Changes{Change: 1}) || !changed.StateExists || sumChanged == sum {
		t.Errorf("third plan: %+v", changed)
	}
	left, err := os.ReadDir(b.job.Dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range left {
		if entry.Name() != "main.tf" && entry.Name() != ".terraform" {
			t.Errorf("left in the checkout: %s", entry.Name())
		}
	}
}
