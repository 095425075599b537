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

	"reconcile/reconciler/terraform"
)

// pipe is where programs that Terraform runs tell the test their process
// ids, one a line, and where the test waits for them.
type pipe struct {
	testing.TB
	path  string
	lines *bufio.Reader
}

func newPipe(t testing.TB) *pipe {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pids")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0) // both, so that it never ends
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return &pipe{TB: t, path: path, lines: bufio.NewReader(file)}
}

// pid waits for a program to tell its process id.
func (p *pipe) pid() int {
	p.Helper()
	line, err := p.lines.ReadString('\n')
	if err != nil {
		p.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		p.Fatal(err)
	}
	return pid
}

// alive tells whether a process runs: a zombie does not.
func alive(pid int) bool {
	out, err := exec.Command("ps", "-o", "stat=", "-p", strconv.Itoa(pid)).Output()
	return err == nil && !strings.HasPrefix(strings.TrimSpace(string(out)), "Z")
}

// stubborn is a workspace whose apply starts a program that ignores what it
// can, has left its process group, and does not end.
func stubborn(p *pipe) string {
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

// applying starts an apply of a stubborn workspace and returns, once its
// programs run, their process ids and what the apply will return.
func applying(ctx, hard context.Context, s *site, p *pipe) (session *terraform.Session, pids []int, result <-chan error) {
	s.Helper()
	session = s.tf.Open(hard, s.job)
	s.Cleanup(func() { session.Close() })
	if err := session.Init(s.Context()); err != nil {
		s.Fatal(err)
	}
	plan, err := session.Plan(s.Context())
	if err != nil {
		s.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- session.Apply(ctx, plan) }()
	return session, []int{p.pid(), p.pid()}, done
}

func checkGone(s *site, session *terraform.Session, pids []int) {
	s.Helper()
	s.close(session)
	for _, pid := range pids {
		if alive(pid) {
			s.Errorf("process %d outlived its session", pid)
		}
	}
}

func TestInterrupt(t *testing.T) {
	both(t, func(t *testing.T, with option) {
		p := newPipe(t)
		s := newSite(t, stubborn(p), with)
		ctx, cancel := context.WithCancelCause(t.Context())
		session, pids, result := applying(ctx, context.Background(), s, p)
		cancel(errors.New("SIGTERM"))
		err := <-result
		if !errors.Is(err, terraform.ErrStopped) || !strings.Contains(err.Error(), "workspace one: apply failed: stopped: SIGTERM") {
			t.Errorf("error of an interrupted apply: %v", err)
		}
		checkGone(s, session, pids)
		// Terraform ended by itself: what was done is in its state.
		if state := s.read(s.state); !strings.Contains(state, `"done"`) {
			t.Errorf("the interrupted apply left no state:\n%s\n%s", state, s.log)
		}
	})
}

func TestHardKill(t *testing.T) {
	both(t, func(t *testing.T, with option) {
		p := newPipe(t)
		s := newSite(t, stubborn(p), with)
		hard, kill := context.WithCancel(t.Context())
		session, pids, result := applying(t.Context(), hard, s, p)
		kill()
		if err := <-result; !errors.Is(err, terraform.ErrStopped) {
			t.Errorf("error of a killed apply: %v", err)
		}
		checkGone(s, session, pids)
	})
}

// ignoring is a terraform that does not heed interrupts.
func ignoring(t *testing.T, p *pipe) option {
	path := filepath.Join(t.TempDir(), "terraform")
	script := fmt.Sprintf(`#!/bin/sh
case $1 in
version) exec %[1]s version -json;;
plan) trap '' INT; echo $$ > %[2]s; while :; do sleep 1000; done;;
*) exec %[1]s "$@";;
esac
`, tool(t, "terraform"), p.path)
	if err := os.WriteFile(path, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return binary(path)
}

func TestGraceEnds(t *testing.T) {
	p := newPipe(t)
	s := newSite(t, oneResource, ignoring(t, p), func(o *terraform.Options) { o.Grace = time.Millisecond })
	session := s.init()
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error, 1)
	go func() {
		_, err := session.Plan(ctx)
		result <- err
	}()
	pid := p.pid()
	cancel()
	if err := <-result; !errors.Is(err, terraform.ErrStopped) || !errors.Is(err, context.Canceled) {
		t.Errorf("error: %v", err)
	}
	checkGone(s, session, []int{pid})
}

func TestNothingIsStartedOnceStopped(t *testing.T) {
	s := newSite(t, oneResource)
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

// What an apply leaves running in the background ends with its session.
func TestLeftInTheBackground(t *testing.T) {
	p := newPipe(t)
	s := newSite(t, fmt.Sprintf(`
resource "terraform_data" "x" {
  provisioner "local-exec" { command = "setsid sh -c 'echo $$ > %s; exec sleep 1000' > /dev/null 2>&1 &" }
}`, p.path))
	session, plan := s.plan()
	if err := session.Apply(t.Context(), plan); err != nil {
		t.Fatal(err)
	}
	checkGone(s, session, []int{p.pid()})
}

// asChild, in the environment, makes the test binary apply the workspace of
// that directory until it is killed.
const asChild = "TERRAFORM_TEST_APPLY"

func TestMain(m *testing.M) {
	terraform.EnterSandbox()
	if dir := os.Getenv(asChild); dir != "" {
		applyUntilKilled(dir)
	}
	os.Exit(m.Run())
}

func applyUntilKilled(dir string) {
	ctx := context.Background()
	tf, err := terraform.New(ctx, terraform.Options{Work: filepath.Join(dir, "work"), Binary: os.Getenv("TERRAFORM_TEST_BINARY")})
	if err != nil {
		panic(err)
	}
	session := tf.Open(ctx, childJob(dir))
	if err := session.Init(ctx); err != nil {
		panic(err)
	}
	plan, err := session.Plan(ctx)
	if err != nil {
		panic(err)
	}
	panic(session.Apply(ctx, plan))
}

func childJob(dir string) terraform.Job {
	return terraform.Job{Name: "one", Dir: filepath.Join(dir, "one"), Root: dir, LocalState: filepath.Join(dir, "state")}
}

// A run that is killed outright cannot end what it started; the next run in
// that workspace does, before anything else.
func TestOrphansOfAKilledRun(t *testing.T) {
	p := newPipe(t)
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "one"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "one", "main.tf"), []byte(stubborn(p)), 0o644); err != nil {
		t.Fatal(err)
	}
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), asChild+"="+dir, "TERRAFORM_TEST_BINARY="+tool(t, "terraform"))
	child.Stderr = os.Stderr
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	pids := []int{p.pid(), p.pid()}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	child.Wait()
	orphans := 0
	for _, pid := range pids {
		if alive(pid) {
			orphans++
		}
	}
	if orphans == 0 {
		t.Fatal("the killed run left nothing: this test shows nothing")
	}
	tf := newTerraform(t, func(o *terraform.Options) { o.Work = filepath.Join(dir, "work") })
	look := childJob(dir)
	look.ReadOnly = true
	looks := tf.Open(t.Context(), look)
	if err := errors.Join(looks.Init(t.Context()), looks.Close()); err != nil {
		t.Fatal(err)
	}
	for _, pid := range pids {
		if alive(pid) {
			orphans--
		}
	}
	if orphans != 0 {
		t.Error("a session that only looks has ended what an apply left")
	}
	session := tf.Open(t.Context(), childJob(dir))
	defer session.Close()
	if err := session.Init(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, pid := range pids {
		if alive(pid) {
			t.Errorf("process %d of the killed run is left", pid)
		}
	}
}
