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

func (f *fixture) write(name, text string) {
	f.Helper()
	path := filepath.Join(f.spec.Dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		f.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		f.Fatal(err)
	}
}

func (f *fixture) read(path string) string {
	f.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	return string(text)
}

// open opens a session that is closed at the end of the test.
func (f *fixture) open() *terraform.Session {
	session := f.tf.Open(context.Background(), f.spec)
	f.Cleanup(func() { session.Close() })
	return session
}

func (f *fixture) close(session *terraform.Session) {
	f.Helper()
	if err := session.Close(); err != nil {
		f.Fatal(err)
	}
}

// init opens a session and prepares it for plan.
func (f *fixture) init() *terraform.Session {
	f.Helper()
	session := f.open()
	if err := session.Init(f.Context()); err != nil {
		f.Fatal(err)
	}
	return session
}

// plan opens a session and plans in it.
func (f *fixture) plan() (*terraform.Session, *terraform.Plan) {
	f.Helper()
	session := f.init()
	plan, err := session.Plan(f.Context())
	if err != nil {
		f.Fatal(err)
	}
	return session, plan
}

// planAndClose plans and closes the session.
func (f *fixture) planAndClose() *terraform.Plan {
	f.Helper()
	session, plan := f.plan()
	f.close(session)
	return plan
}

// apply plans, applies if needed, and closes the session. It returns the plan and the digest
// of the outputs.
func (f *fixture) apply() (*terraform.Plan, string) {
	f.Helper()
	session, plan := f.plan()
	if !plan.Empty {
		if err := session.Apply(f.Context(), plan); err != nil {
			f.Fatal(err)
		}
	}
	sum, err := session.Outputs(f.Context(), []byte("key"))
	if err != nil {
		f.Fatal(err)
	}
	f.close(session)
	return plan, sum.Digest
}

// mustFail opens a session and returns the error of its init or plan, which must fail.
func (f *fixture) mustFail() *terraform.StepError {
	f.Helper()
	session := f.open()
	defer f.close(session)
	err := session.Init(f.Context())
	if err == nil {
		_, err = session.Plan(f.Context())
	}
	var step *terraform.StepError
	if !errors.As(err, &step) {
		f.Fatalf("error is %v, not a StepError", err)
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
