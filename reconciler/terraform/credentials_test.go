package terraform_test

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"reconcile/env/awstest"
	"reconcile/reconciler/terraform"
	"reconcile/reconciler/terraform/roles"
)

// TestAssumedRole: Terraform applies with the role's credentials from STS.
func TestAssumedRole(t *testing.T) {
	url := awstest.StartMoto(t)
	assume := roles.NewAssumer(func(context.Context) (aws.Config, error) {
		return aws.Config{
			Region: "ap-northeast-1", BaseEndpoint: &url,
			Credentials: credentials.NewStaticCredentialsProvider("own-id", "own-secret", ""),
		}, nil
	})
	s := newFixture(t, "", withEnv(hostEnvironment...), func(o *terraform.Options) { o.AssumeRole = assume })
	const role = "arn:aws:iam::123456789012:role/apply"
	s.spec.ApplyRole = role
	got := applyEnvironment(s)
	env := map[string]string{}
	for _, pair := range got {
		name, value, _ := strings.Cut(pair, "=")
		env[name] = value
	}
	if !strings.HasPrefix(env["AWS_ACCESS_KEY_ID"], "ASIA") || env["AWS_SECRET_ACCESS_KEY"] == "" || env["AWS_SESSION_TOKEN"] == "" {
		t.Errorf("credentials of a session are not in the environment:\n%s", strings.Join(got, "\n"))
	}
	// The credentials are redacted like every secret.
	s.write("main.tf", `resource "terraform_data" "x" {
  triggers_replace = 2
  provisioner "local-exec" { command = "echo the token is $AWS_SESSION_TOKEN." }
}`)
	s.apply()
	if log := s.log.String(); !strings.Contains(log, "the token is (redacted).") {
		t.Errorf("the log:\n%s", log)
	}
}
