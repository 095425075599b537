package terraform_test

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"reconcile/reconciler/terraform"
)

var running = regexp.MustCompile(`Running on (http://127\.0\.0\.1:\d+)`)

// startSTS starts an emulator of AWS and returns its address.
func startSTS(t *testing.T) string {
	t.Helper()
	moto := exec.Command(tool(t, "moto_server"), "-H", "127.0.0.1", "-p", "0")
	output, err := moto.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := moto.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		moto.Process.Kill()
		moto.Wait()
	})
	var said strings.Builder
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		if m := running.FindStringSubmatch(lines.Text()); m != nil {
			go io.Copy(io.Discard, output)
			return m[1]
		}
		said.WriteString(lines.Text() + "\n")
	}
	t.Fatalf("the emulator did not start:\n%s", said.String())
	return ""
}

// Terraform applies with credentials that STS gave out for the role.
func TestAssumedRole(t *testing.T) {
	url := startSTS(t)
	assume := terraform.Assumer(func(context.Context) (aws.Config, error) {
		return aws.Config{
			Region: "ap-northeast-1", BaseEndpoint: &url,
			Credentials: credentials.NewStaticCredentialsProvider("own-id", "own-secret", ""),
		}, nil
	})
	s := newSite(t, "", environ(hostEnvironment...), func(o *terraform.Options) { o.Assume = assume })
	const role = "arn:aws:iam::123456789012:role/apply"
	s.job.ApplyRole = role
	got := environmentOfApply(s)
	env := map[string]string{}
	for _, pair := range got {
		name, value, _ := strings.Cut(pair, "=")
		env[name] = value
	}
	if !strings.HasPrefix(env["AWS_ACCESS_KEY_ID"], "ASIA") || env["AWS_SECRET_ACCESS_KEY"] == "" || env["AWS_SESSION_TOKEN"] == "" {
		t.Errorf("credentials of a session are not in the environment:\n%s", strings.Join(got, "\n"))
	}
	// They are hidden like every secret.
	s.write("main.tf", `resource "terraform_data" "x" {
  triggers_replace = 2
  provisioner "local-exec" { command = "echo the token is $AWS_SESSION_TOKEN." }
}`)
	s.apply()
	if log := s.log.String(); !strings.Contains(log, "the token is (redacted).") {
		t.Errorf("the log:\n%s", log)
	}
}

func TestRoleWithoutAnswer(t *testing.T) {
	assume := terraform.Assumer(func(context.Context) (aws.Config, error) {
		return aws.Config{}, os.ErrPermission
	})
	if _, err := assume(t.Context(), "role", "session"); err == nil {
		t.Error("credentials without settings")
	}
}
