package terraform_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"reconcile/internal/testtier"
	"reconcile/reconciler/terraform"
)

// testBothProducts runs a test with Terraform and with OpenTofu.
func testBothProducts(t *testing.T, test func(t *testing.T, opt option)) {
	for _, name := range []string{"terraform", "tofu"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, withBinary(testtier.Tool(t, name)))
		})
	}
}

type option func(*terraform.Options)

func withBinary(path string) option { return func(o *terraform.Options) { o.Binary = path } }

// withEnv adds variables to a small environment.
func withEnv(pairs ...string) option {
	return func(o *terraform.Options) { o.Env = func() []string { return append(basicEnv(), pairs...) } }
}

func basicEnv() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "AWS_EC2_METADATA_DISABLED=true"}
}

func newTerraform(t testing.TB, opt ...option) *terraform.Terraform {
	t.Helper()
	opts := terraform.Options{WorkDir: t.TempDir(), Binary: testtier.Tool(t, "terraform")}
	withEnv()(&opts)
	for _, set := range opt {
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

// fixture is a checkout with one workspace, and a Terraform for it.
type fixture struct {
	testing.TB
	tf    *terraform.Terraform
	log   *syncBuffer
	spec  terraform.Spec
	state string
}

func newFixture(t testing.TB, main string, opt ...option) *fixture {
	t.Helper()
	return newFixtureOf(t, newTerraform(t, opt...), "one", main)
}

func newFixtureOf(t testing.TB, tf *terraform.Terraform, name, main string) *fixture {
	t.Helper()
	root := t.TempDir()
	s := &fixture{TB: t, tf: tf, log: &syncBuffer{}, state: filepath.Join(t.TempDir(), "tfstate", name+".tfstate")}
	s.spec = terraform.Spec{
		Name: name, RunID: "01TEST", Dir: filepath.Join(root, "env", name), Root: root,
		LocalState: s.state, Log: s.log,
	}
	s.write("main.tf", main)
	return s
}

func (s *fixture) write(name, text string) {
	s.Helper()
	path := filepath.Join(s.spec.Dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		s.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		s.Fatal(err)
	}
}

func (s *fixture) read(path string) string {
	s.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		s.Fatal(err)
	}
	return string(text)
}

// open opens a session that is closed at the end of the test.
func (s *fixture) open() *terraform.Session {
	session := s.tf.Open(context.Background(), s.spec)
	s.Cleanup(func() { session.Close() })
	return session
}

func (s *fixture) close(session *terraform.Session) {
	s.Helper()
	if err := session.Close(); err != nil {
		s.Fatal(err)
	}
}

// init opens a session and prepares it for plan.
func (s *fixture) init() *terraform.Session {
	s.Helper()
	session := s.open()
	if err := session.Init(s.Context()); err != nil {
		s.Fatal(err)
	}
	return session
}

// plan opens a session and plans in it.
func (s *fixture) plan() (*terraform.Session, *terraform.Plan) {
	s.Helper()
	session := s.init()
	plan, err := session.Plan(s.Context())
	if err != nil {
		s.Fatal(err)
	}
	return session, plan
}

// planAndClose plans and closes the session.
func (s *fixture) planAndClose() *terraform.Plan {
	s.Helper()
	session, plan := s.plan()
	s.close(session)
	return plan
}

// apply plans, applies if needed, and closes the session. It returns the plan and the digest
// of the outputs.
func (s *fixture) apply() (*terraform.Plan, string) {
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

// mustFail opens a session and returns the error of its init or plan, which must fail.
func (s *fixture) mustFail() *terraform.StepError {
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

// syncBuffer is a buffer for concurrent writes and reads.
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

// countInits counts how often init was run.
func (b *syncBuffer) countInits() int { return strings.Count(b.String(), "Initializing the backend") }
