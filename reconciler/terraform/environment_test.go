package terraform_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"reconcile/internal/programtest"
	"reconcile/internal/testtier"
	"reconcile/reconciler/terraform"
	"reconcile/reconciler/terraform/roles"
)

// applyEnvironment returns the environment of a program that an apply runs.
func applyEnvironment(s *fixture) []string {
	s.Helper()
	s.write("main.tf", `resource "terraform_data" "x" {
  provisioner "local-exec" { command = "env > applied" }
}`)
	s.apply()
	return strings.Split(s.read(filepath.Join(s.spec.Dir, "applied")), "\n")
}

var hostEnvironment = []string{
	"RECONCILE_GIT_PASSWORD=git-secret", "RECONCILE_STATE=x", "BACKLOG_API_KEY=api-secret", "GITHUB_TOKEN=z",
	"TF_VAR_x=y", "TF_LOG=TRACE", "SSH_AUTH_SOCK=/agent", "ECS_CONTAINER_METADATA_URI_V4=http://x",
	"AWS_REGION=ap-northeast-1", "AWS_ENDPOINT_URL_S3=http://127.0.0.1:1", "https_proxy=http://127.0.0.1:2", "LC_ALL=C.UTF-8",
	"AWS_ACCESS_KEY_ID=own-id", "AWS_SECRET_ACCESS_KEY=own-secret", "AWS_PROFILE=own-profile",
	"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/own-task",
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	testBothProducts(t, func(t *testing.T, opt option) {
		got := applyEnvironment(newFixture(t, "", opt, withEnv(hostEnvironment...)))
		for _, want := range []string{
			"AWS_REGION=ap-northeast-1", "AWS_ENDPOINT_URL_S3=http://127.0.0.1:1", "https_proxy=http://127.0.0.1:2", "LC_ALL=C.UTF-8",
			"AWS_ACCESS_KEY_ID=own-id", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/own-task", "CHECKPOINT_DISABLE=1",
		} {
			if !slices.Contains(got, want) {
				t.Errorf("%s is not passed on", want)
			}
		}
		for _, never := range []string{"RECONCILE_GIT", "RECONCILE_STATE", "git-secret", "api-secret", "GITHUB_TOKEN", "TF_VAR_", "TRACE", "SSH_AUTH_SOCK", "ECS_"} {
			if text := strings.Join(got, "\n"); strings.Contains(text, never) {
				t.Errorf("%s is in the environment:\n%s", never, text)
			}
		}
	})
}

func TestRoles(t *testing.T) {
	t.Parallel()
	var asked []string
	assume := func(_ context.Context, role, session string) (roles.Credentials, error) {
		asked = append(asked, role+" "+session)
		return roles.Credentials{AccessKeyID: "id-of-" + role, SecretAccessKey: "secret-of-" + role, SessionToken: "token-of-" + role, EndsAt: time.Now().Add(time.Hour)}, nil
	}
	s := newFixture(t, "", withEnv(hostEnvironment...), func(o *terraform.Options) { o.AssumeRole = assume })
	s.spec.Name = "tokyo/ap A"
	s.spec.PlanRole, s.spec.ApplyRole = "plan", "apply"
	got := strings.Join(applyEnvironment(s), "\n")
	for _, want := range []string{"AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:", "AWS_CONTAINER_AUTHORIZATION_TOKEN=", "AWS_EC2_METADATA_DISABLED=true", "AWS_REGION=ap-northeast-1"} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is not in the environment", want)
		}
	}
	if strings.Contains(got, "-of-") {
		t.Errorf("credentials that cannot be renewed are passed on:\n%s", got)
	}
	if strings.Contains(got, "own-") {
		t.Errorf("our own credentials are passed on:\n%s", got)
	}
	const session = " reconcile-01TEST-tokyo-ap-A"
	if want := []string{"plan" + session, "apply" + session}; !slices.Equal(asked, want) {
		t.Errorf("assumed %q, not %q", asked, want)
	}
	for _, name := range asked {
		if !regexp.MustCompile(`^\S+ [\w+=,.@-]{2,64}$`).MatchString(name) {
			t.Errorf("AWS does not allow %q", name)
		}
	}
}

func TestRoleThatCannotBeAssumed(t *testing.T) {
	t.Parallel()
	denied := errors.New("AccessDenied: not you")
	s := newFixture(t, resourceConfig, func(o *terraform.Options) {
		o.AssumeRole = func(context.Context, string, string) (roles.Credentials, error) {
			return roles.Credentials{}, denied
		}
	})
	s.spec.PlanRole = "arn:aws:iam::1:role/plan"
	err := s.mustFail()
	if text := err.Error(); !errors.Is(err, denied) || !strings.Contains(text, s.spec.PlanRole) || !strings.Contains(text, "workspace one: init") {
		t.Error(err)
	}
}

func TestRefusedEnvironment(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"TF_CLI_ARGS", "TF_CLI_ARGS_plan", "TF_WORKSPACE", "TF_DATA_DIR"} {
		_, err := terraform.New(t.Context(), terraform.Options{
			WorkDir: t.TempDir(), Env: func() []string { return []string{name + "=x"} },
		})
		if err == nil || !strings.Contains(err.Error(), name+" is set") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBinary(t *testing.T) {
	script := func(text string) string {
		path := filepath.Join(t.TempDir(), "terraform")
		programtest.Write(t, path, "#!/bin/sh\n"+text+"\n")
		return path
	}
	for name, c := range map[string]struct{ binary, want string }{
		"too old":   {script(`echo '{"terraform_version": "1.4.7", "terraform_outdated": true}'`), "1.5.0 is required"},
		"not one":   {script("exit 1"), "did not report a version: exit status 1"},
		"not there": {filepath.Join(t.TempDir(), "none"), "no such file or directory; name a terraform or tofu program"},
	} {
		_, err := terraform.New(t.Context(), terraform.Options{Binary: c.binary, WorkDir: t.TempDir()})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Without one on PATH, the installed program is used.
	work := t.TempDir()
	if err := os.MkdirAll(filepath.Join(work, "bin"), 0o700); err != nil {
		t.Fatal(err)
	}
	before := filepath.Join(work, "bin", "terraform-1.11.4")
	if err := os.Symlink(testtier.Tool(t, "terraform"), before); err != nil {
		t.Fatal(err)
	}
	path := os.Getenv("PATH")
	t.Setenv("PATH", t.TempDir())
	if tf, err := terraform.New(t.Context(), terraform.Options{WorkDir: work}); err != nil || tf.Binary() != before {
		t.Errorf("not what was installed before: %v", err)
	}
	t.Setenv("PATH", path)
	for name, product := range map[string]string{"terraform": "terraform", "tofu": "tofu"} {
		tf := newTerraform(t, withBinary(testtier.Tool(t, name)))
		if tf.Product() != product || tf.Version() == "" {
			t.Errorf("%s is %s %s", name, tf.Product(), tf.Version())
		}
	}
}
