package terraform_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"reconcile/reconciler/terraform"
)

// tool returns a program that `make tools` puts into the tests' cache.
func tool(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join(cache(t), "bin", name)
	if _, err := os.Stat(path); err == nil {
		return path
	}
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s is needed: run `make tools`", name)
	}
	return path
}

func cache(t testing.TB) string {
	t.Helper()
	if dir := os.Getenv("RECONCILE_TEST_CACHE"); dir != "" {
		return dir
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "reconcile-test")
}

// both runs a test with Terraform and with OpenTofu.
func both(t *testing.T, test func(t *testing.T, with option)) {
	for _, name := range []string{"terraform", "tofu"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, binary(tool(t, name)))
		})
	}
}

type option func(*terraform.Options)

func binary(path string) option { return func(o *terraform.Options) { o.Binary = path } }

// environ adds to a small environment.
func environ(pairs ...string) option {
	return func(o *terraform.Options) { o.Env = func() []string { return append(basicEnv(), pairs...) } }
}

func basicEnv() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "AWS_EC2_METADATA_DISABLED=true"}
}

func newTerraform(t testing.TB, with ...option) *terraform.Terraform {
	t.Helper()
	opts := terraform.Options{Work: t.TempDir(), Binary: tool(t, "terraform")}
	environ()(&opts)
	for _, set := range with {
		set(&opts)
	}
	tf, err := terraform.New(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tf.Close(); err != nil {
			t.Error(err)
		}
	})
	return tf
}

// site is a checkout with one workspace, and a Terraform to run there.
type site struct {
	testing.TB
	tf    *terraform.Terraform
	log   *syncBuffer
	job   terraform.Job
	state string
}

func newSite(t testing.TB, main string, with ...option) *site {
	t.Helper()
	return newSiteOf(t, newTerraform(t, with...), "one", main)
}

func newSiteOf(t testing.TB, tf *terraform.Terraform, name, main string) *site {
	t.Helper()
	root := t.TempDir()
	s := &site{TB: t, tf: tf, log: &syncBuffer{}, state: filepath.Join(t.TempDir(), "tfstate", name+".tfstate")}
	s.job = terraform.Job{
		Name: name, Run: "01TEST", Dir: filepath.Join(root, "env", name), Root: root,
		LocalState: s.state, Log: s.log,
	}
	s.write("main.tf", main)
	return s
}

// write writes a file of the workspace.
func (s *site) write(name, text string) {
	s.Helper()
	path := filepath.Join(s.job.Dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		s.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		s.Fatal(err)
	}
}

func (s *site) read(path string) string {
	s.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		s.Fatal(err)
	}
	return string(text)
}

// open opens a session that ends with the test at the latest.
func (s *site) open() *terraform.Session {
	session := s.tf.Open(context.Background(), s.job)
	s.Cleanup(func() { session.Close() })
	return session
}

func (s *site) close(session *terraform.Session) {
	s.Helper()
	if err := session.Close(); err != nil {
		s.Fatal(err)
	}
}

// init opens a session and makes it ready to plan.
func (s *site) init() *terraform.Session {
	s.Helper()
	session := s.open()
	if err := session.Init(s.Context()); err != nil {
		s.Fatal(err)
	}
	return session
}

// plan opens a session and plans in it.
func (s *site) plan() (*terraform.Session, *terraform.Plan) {
	s.Helper()
	session := s.init()
	plan, err := session.Plan(s.Context())
	if err != nil {
		s.Fatal(err)
	}
	return session, plan
}

// planned plans and leaves it at that.
func (s *site) planned() *terraform.Plan {
	s.Helper()
	session, plan := s.plan()
	s.close(session)
	return plan
}

// apply plans, applies if there is something to, and closes; it returns the
// plan and the digest of the outputs.
func (s *site) apply() (*terraform.Plan, string) {
	s.Helper()
	session, plan := s.plan()
	if !plan.Empty {
		if err := session.Apply(s.Context(), plan); err != nil {
			s.Fatal(err)
		}
	}
	sum, err := session.Outputs(s.Context(), []byte("key"))
	if err != nil {
		s.Fatal(err)
	}
	s.close(session)
	return plan, sum.Digest
}

// fails opens a session, and returns the error that its init or plan must end
// with.
func (s *site) fails() *terraform.StepError {
	s.Helper()
	session := s.open()
	defer s.close(session)
	err := session.Init(s.Context())
	if err == nil {
		_, err = session.Plan(s.Context())
	}
	var step *terraform.StepError
	if !errors.As(err, &step) {
		s.Fatalf("error is %v, not a StepError", err)
	}
	return step
}

// syncBuffer is a buffer for what is written and read at the same time.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// inits counts how often init was run.
func (b *syncBuffer) inits() int { return strings.Count(b.String(), "Initializing the backend") }
