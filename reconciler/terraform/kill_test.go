package terraform_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"reconcile/internal/programtest"
	"reconcile/internal/testtier"
	"reconcile/internal/waittest"
	"reconcile/reconciler/terraform"
	"reconcile/reconciler/terraform/sandbox"
)

// pidPipe is a named pipe to which programs under Terraform write their process ids, one per
// line, and from which the test reads them.
type pidPipe struct {
	testing.TB
	path  string
	file  *os.File
	lines *bufio.Reader
	work  *waittest.Task[error] // that starts the programs
}

func newPIDPipe(t testing.TB) *pidPipe {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pids")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0) // open for both, so that it never reaches EOF
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return &pidPipe{TB: t, path: path, file: file, lines: bufio.NewReader(file)}
}

// start starts work whose programs write their process ids. Its end is the end of the pipe.
func (p *pidPipe) start(work func() error) *waittest.Task[error] {
	p.work = waittest.Go(func() error {
		defer p.file.Close()
		return work()
	})
	return p.work
}

// readPID waits until a program writes its process id.
func (p *pidPipe) readPID() int {
	p.Helper()
	line, err := p.lines.ReadString('\n')
	if err != nil {
		p.Fatalf("no process id was written: %v; the work has ended: %v", err, p.work.Wait())
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		p.Fatal(err)
	}
	return pid
}

// isAlive reports whether a process runs. A zombie does not.
func isAlive(pid int) bool {
	out, err := exec.Command("ps", "-o", "stat=", "-p", strconv.Itoa(pid)).Output()
	return err == nil && !strings.HasPrefix(strings.TrimSpace(string(out)), "Z")
}

// stubbornConfig returns a workspace whose apply starts a program that ignores signals,
// leaves its process group, and does not end.
func stubbornConfig(p *pidPipe) string {
	return fmt.Sprintf(`
resource "terraform_data" "done" {}
resource "terraform_data" "x" {
  depends_on = [terraform_data.done]
  provisioner "local-exec" {
    interpreter = ["/bin/sh", "-c"]
    command     = "trap '' INT TERM HUP; setsid /bin/sh -c 'trap \"\" INT TERM HUP; echo $$ > %[1]s; exec sleep 1000' & echo $$ > %[1]s; wait"
  }
}
`, p.path)
}

// startApply starts an apply of a stubborn workspace. When its programs run, it returns their
// process ids and the task that is the apply.
func startApply(ctx, killCtx context.Context, s *fixture, p *pidPipe) (session *terraform.Session, pids []int, apply *waittest.Task[error]) {
	s.Helper()
	session = s.tf.Open(killCtx, s.spec)
	s.Cleanup(func() { session.Close() })
	if err := session.Init(s.Context()); err != nil {
		s.Fatal(err)
	}
	plan, err := session.Plan(s.Context())
	if err != nil {
		s.Fatal(err)
	}
	apply = p.start(func() error { return session.Apply(ctx, plan) })
	return session, []int{p.readPID(), p.readPID()}, apply
}

func checkProcessesEnded(s *fixture, session *terraform.Session, pids []int) {
	s.Helper()
	s.close(session)
	for _, pid := range pids {
		if isAlive(pid) {
			s.Errorf("process %d outlived its session", pid)
		}
	}
}

func TestInterrupt(t *testing.T) {
	testBothProducts(t, func(t *testing.T, opt option) {
		p := newPIDPipe(t)
		s := newFixture(t, stubbornConfig(p), opt)
		ctx, cancel := context.WithCancelCause(t.Context())
		session, pids, apply := startApply(ctx, context.Background(), s, p)
		cancel(errors.New("SIGTERM"))
		err := apply.Wait()
		if !errors.Is(err, terraform.ErrStopped) || !strings.Contains(err.Error(), "workspace one: apply failed: stopped: SIGTERM") {
			t.Errorf("error of an interrupted apply: %v", err)
		}
		checkProcessesEnded(s, session, pids)
		// Terraform exited by itself, so its state contains what was done.
		if state := s.read(s.state); !strings.Contains(state, `"done"`) {
			t.Errorf("the interrupted apply left no state:\n%s\n%s", state, s.log)
		}
	})
}

func TestHardKill(t *testing.T) {
	testBothProducts(t, func(t *testing.T, opt option) {
		p := newPIDPipe(t)
		s := newFixture(t, stubbornConfig(p), opt)
		killCtx, kill := context.WithCancel(t.Context())
		session, pids, apply := startApply(t.Context(), killCtx, s, p)
		kill()
		if err := apply.Wait(); !errors.Is(err, terraform.ErrStopped) {
			t.Errorf("error of a killed apply: %v", err)
		}
		checkProcessesEnded(s, session, pids)
	})
}

// withUninterruptiblePlan returns a terraform that ignores interrupts.
func withUninterruptiblePlan(t *testing.T, p *pidPipe) option {
	path := filepath.Join(t.TempDir(), "terraform")
	script := fmt.Sprintf(`#!/bin/sh
case $1 in
version) exec %[1]s version -json;;
plan) trap '' INT; echo $$ > %[2]s; while :; do sleep 1000; done;;
*) exec %[1]s "$@";;
esac
`, testtier.Tool(t, "terraform"), p.path)
	programtest.Write(t, path, script)
	return withBinary(path)
}

func TestGraceEnds(t *testing.T) {
	p := newPIDPipe(t)
	s := newFixture(t, resourceConfig, withUninterruptiblePlan(t, p), func(o *terraform.Options) { o.GracePeriod = time.Millisecond })
	session := s.init()
	ctx, cancel := context.WithCancel(t.Context())
	planning := p.start(func() error {
		_, err := session.Plan(ctx)
		return err
	})
	pid := p.readPID()
	cancel()
	if err := planning.Wait(); !errors.Is(err, terraform.ErrStopped) || !errors.Is(err, context.Canceled) {
		t.Errorf("error: %v", err)
	}
	checkProcessesEnded(s, session, []int{pid})
}

func TestNothingIsStartedOnceStopped(t *testing.T) {
	s := newFixture(t, resourceConfig)
	session := s.init()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	printed := s.log.String()
	if _, err := session.Plan(ctx); !errors.Is(err, terraform.ErrStopped) {
		t.Errorf("error: %v", err)
	}
	if s.log.String() != printed {
		t.Error("terraform was run")
	}
}

// TestBackgroundProcessEnds: a process that an apply leaves in the background ends with the
// session.
func TestBackgroundProcessEnds(t *testing.T) {
	p := newPIDPipe(t)
	s := newFixture(t, fmt.Sprintf(`
resource "terraform_data" "x" {
  provisioner "local-exec" { command = "setsid sh -c 'echo $$ > %s; exec sleep 1000' > /dev/null 2>&1 &" }
}`, p.path))
	session, plan := s.plan()
	if err := session.Apply(t.Context(), plan); err != nil {
		t.Fatal(err)
	}
	checkProcessesEnded(s, session, []int{p.readPID()})
}

// childDirVariable is an environment variable. It makes the test binary apply the workspace
// in that directory until it is killed.
const childDirVariable = "TERRAFORM_TEST_APPLY"

func TestMain(m *testing.M) {
	sandbox.Enter()
	if dir := os.Getenv(childDirVariable); dir != "" {
		applyUntilKilled(dir)
	}
	if os.Getenv(sdkVariable) != "" {
		printCredentials()
	}
	os.Exit(m.Run())
}

func applyUntilKilled(dir string) {
	ctx := context.Background()
	tf, err := terraform.New(ctx, terraform.Options{WorkDir: filepath.Join(dir, "work"), Binary: os.Getenv("TERRAFORM_TEST_BINARY")})
	if err != nil {
		panic(err)
	}
	session := tf.Open(ctx, childSpec(dir))
	if err := session.Init(ctx); err != nil {
		panic(err)
	}
	plan, err := session.Plan(ctx)
	if err != nil {
		panic(err)
	}
	panic(session.Apply(ctx, plan))
}

func childSpec(dir string) terraform.Spec {
	return terraform.Spec{Name: "one", Dir: filepath.Join(dir, "one"), Root: dir, LocalState: filepath.Join(dir, "state")}
}

// TestOrphansOfAKilledRun: a killed run cannot end its processes. The next run in that
// workspace does so first.
func TestOrphansOfAKilledRun(t *testing.T) {
	p := newPIDPipe(t)
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "one"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "one", "main.tf"), []byte(stubbornConfig(p)), 0o644); err != nil {
		t.Fatal(err)
	}
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childDirVariable+"="+dir, "TERRAFORM_TEST_BINARY="+testtier.Tool(t, "terraform"))
	child.Stderr = os.Stderr
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	ended := p.start(child.Wait)
	pids := []int{p.readPID(), p.readPID()}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = ended.Wait() // it was killed
	orphans := 0
	for _, pid := range pids {
		if isAlive(pid) {
			orphans++
		}
	}
	if orphans == 0 {
		t.Fatal("the killed run left nothing: this test shows nothing")
	}
	tf := newTerraform(t, func(o *terraform.Options) { o.WorkDir = filepath.Join(dir, "work") })
	readOnlySpec := childSpec(dir)
	readOnlySpec.ReadOnly = true
	reader := tf.Open(t.Context(), readOnlySpec)
	if err := errors.Join(reader.Init(t.Context()), reader.Close()); err != nil {
		t.Fatal(err)
	}
	for _, pid := range pids {
		if isAlive(pid) {
			orphans--
		}
	}
	if orphans != 0 {
		t.Error("a session that only looks has ended what an apply left")
	}
	session := tf.Open(t.Context(), childSpec(dir))
	defer session.Close()
	if err := session.Init(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, pid := range pids {
		if isAlive(pid) {
			t.Errorf("process %d of the killed run is left", pid)
		}
	}
}
