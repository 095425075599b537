package s3test_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"reconcile/internal/testtier"
	"reconcile/internal/waittest"
	"reconcile/state/snapshot/s3test"
)

func newClient(s *s3test.Server) *s3.Client {
	return s3.NewFromConfig(s.Config(), func(o *s3.Options) { o.UsePathStyle = true })
}

func put(ctx testing.TB, c *s3.Client, key, body string, change func(*s3.PutObjectInput)) error {
	in := &s3.PutObjectInput{Bucket: aws.String("b"), Key: &key, Body: strings.NewReader(body)}
	if change != nil {
		change(in)
	}
	_, err := c.PutObject(ctx.Context(), in)
	return err
}

func ifAbsent(in *s3.PutObjectInput) { in.IfNoneMatch = aws.String("*") }

func errorCode(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// Of many conditional writes at once one wins, whatever checksum it carries.
func TestConditionalPut(t *testing.T) {
	s := s3test.Start(t)
	s.CreateBucket(t, "b")
	c := newClient(s)
	var wg sync.WaitGroup
	results := make([]error, 20)
	for i := range results {
		wg.Go(func() { results[i] = put(t, c, "k", strings.Repeat("x", i), ifAbsent) })
	}
	wg.Wait()
	won := 0
	for _, err := range results {
		switch {
		case err == nil:
			won++
		case errorCode(err) != "PreconditionFailed":
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d writers won", won)
	}
}

func TestChecksums(t *testing.T) {
	s := s3test.Start(t)
	s.CreateBucket(t, "b")
	c := newClient(s)
	wrong := func(in *s3.PutObjectInput) {
		in.ChecksumSHA256 = aws.String("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
	}
	if err := put(t, c, "k", "text", wrong); errorCode(err) != "BadDigest" {
		t.Errorf("a wrong checksum: %v", err)
	}
	if err := put(t, c, "k", "text", nil); err != nil { // CRC32, the SDK's default
		t.Fatal(err)
	}
	head, err := c.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("b"), Key: aws.String("k"), ChecksumMode: "ENABLED"})
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte("text"))
	if want := base64.StdEncoding.EncodeToString(sum[:]); aws.ToString(head.ChecksumSHA256) != want {
		t.Errorf("checksum kept: %q, want %q", aws.ToString(head.ChecksumSHA256), want)
	}
}

func TestFaults(t *testing.T) {
	s := s3test.Start(t)
	s.CreateBucket(t, "b")
	c := newClient(s)
	once := func(injection int) func(*http.Request) int {
		var first sync.Once
		return func(*http.Request) (v int) {
			first.Do(func() { v = injection })
			return v
		}
	}
	for _, injection := range []int{http.StatusServiceUnavailable, http.StatusInternalServerError, s3test.Disconnect, s3test.DisconnectAfter} {
		s.Inject(once(injection))
		if err := put(t, c, "retried", "x", nil); err != nil {
			t.Errorf("%d, once: %v", injection, err)
		}
	}
	s.Inject(once(s3test.DisconnectAfter))
	if err := put(t, c, "new", "x", ifAbsent); errorCode(err) != "PreconditionFailed" {
		t.Errorf("the answer to a write that took effect is lost: the retry says %v", err)
	}
	s.Inject(func(*http.Request) int { return http.StatusForbidden })
	if err := put(t, c, "k", "x", nil); errorCode(err) != "AccessDenied" {
		t.Errorf("refused: %v", err)
	}
	s.Inject(nil)
	if err := put(t, c, "k", "x", nil); err != nil {
		t.Error(err)
	}
	last := s.Requests()[len(s.Requests())-1]
	if last.Method != http.MethodPut || last.Path != "/b/k" || last.Status != http.StatusOK {
		t.Errorf("request log: %+v", last)
	}
}

// terraformCommand returns the command in dir, in a process group of its own.
func terraformCommand(t *testing.T, s *s3test.Server, dir string, args ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	binary := testtier.Tool(t, "terraform")
	cmd := exec.CommandContext(t.Context(), binary, args...)
	out := &bytes.Buffer{}
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, out, out
	cmd.Env = append(os.Environ(), s.Env()...)
	cmd.Env = append(cmd.Env, "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd, out
}

const slowConfig = `
resource "terraform_data" "slow" {
  provisioner "local-exec" { command = "echo started >started; cat finish" }
}
`

// Terraform's S3 backend with its lock file works against the server. It respects a lock
// that is held, and a holder that is killed leaves its lock.
func TestTerraformBackend(t *testing.T) {
	s := s3test.Start(t)
	s.CreateBucket(t, "states")
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(s.BackendConfig("states", "a/terraform.tfstate")+slowConfig), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, fifo := range []string{"started", "finish"} {
		if err := syscall.Mkfifo(filepath.Join(dir, fifo), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func(want string, args ...string) string {
		t.Helper()
		cmd, out := terraformCommand(t, s, dir, args...)
		err := cmd.Run()
		if (err != nil) != (want != "") || !strings.Contains(out.String(), want) {
			t.Fatalf("terraform %v: %v; want %q\n%s", args, err, want, out)
		}
		return out.String()
	}
	run("", "init", "-input=false")

	holder, _ := terraformCommand(t, s, dir, "apply", "-auto-approve", "-input=false")
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	apply := waittest.Go(holder.Wait)
	waittest.ReadPipe(t, filepath.Join(dir, "started"), apply)
	refused := run("PreconditionFailed", "plan", "-input=false")
	if err := syscall.Kill(-holder.Process.Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = apply.Wait() // it was killed
	if again := run("PreconditionFailed", "plan", "-input=false"); lockID(t, again) != lockID(t, refused) {
		t.Error("another lock than that of the killed holder")
	}
	run("", "force-unlock", "-force", lockID(t, refused))

	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(s.BackendConfig("states", "a/terraform.tfstate")+`resource "terraform_data" "quick" {}`), 0o600); err != nil {
		t.Fatal(err)
	}
	run("", "apply", "-auto-approve", "-input=false")
	run("", "plan", "-detailed-exitcode", "-input=false")
}

func lockID(t *testing.T, out string) string {
	t.Helper()
	id := regexp.MustCompile(`ID: +([0-9a-f-]{36})`).FindStringSubmatch(out)
	if id == nil {
		t.Fatalf("no lock id in\n%s", out)
	}
	return id[1]
}
