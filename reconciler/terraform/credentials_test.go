package terraform_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"reconcile/env/awstest"
	"reconcile/internal/testtier"
	"reconcile/reconciler/terraform"
	"reconcile/reconciler/terraform/roles"
)

// sdkVariable is an environment variable. It makes the test binary a program that prints
// the credentials that the SDK finds.
const sdkVariable = "TERRAFORM_TEST_SDK"

func printCredentials() {
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		panic(err)
	}
	found, err := cfg.Credentials.Retrieve(context.Background())
	if err != nil {
		panic(err)
	}
	fmt.Println(found.AccessKeyID, found.SecretAccessKey, found.SessionToken)
	os.Exit(0)
}

// TestAssumedRole: what Terraform runs gets the role's credentials from STS, and again when
// they end.
func TestAssumedRole(t *testing.T) {
	t.Parallel()
	url := awstest.StartMoto(t)
	assume := roles.NewAssumer(func(context.Context) (aws.Config, error) {
		return aws.Config{
			Region: "ap-northeast-1", BaseEndpoint: &url,
			Credentials: credentials.NewStaticCredentialsProvider("own-id", "own-secret", ""),
		}, nil
	})
	var keys []string
	s := newFixture(t, "", withEnv(hostEnvironment...), func(o *terraform.Options) {
		o.AssumeRole = func(ctx context.Context, role, session string) (roles.Credentials, error) {
			c, err := assume(ctx, role, session)
			if left := time.Until(c.EndsAt); err == nil && (left < 50*time.Minute || left > 70*time.Minute) {
				t.Errorf("the session of %s ends in %s", role, left)
			}
			keys = append(keys, c.AccessKeyID)
			if len(keys) == 2 { // that of the apply
				c.EndsAt = time.Now().Add(time.Minute)
			}
			return c, err
		}
	})
	s.spec.PlanRole, s.spec.ApplyRole = "arn:aws:iam::123456789012:role/plan", "arn:aws:iam::123456789012:role/apply"
	s.write("main.tf", `resource "terraform_data" "x" {
  provisioner "local-exec" { command = "`+sdkVariable+`=1 `+os.Args[0]+` > found; echo these are secret: $(cat found) $AWS_CONTAINER_AUTHORIZATION_TOKEN." }
}`)
	s.apply()
	if found := s.read(s.spec.Dir + "/found"); len(keys) < 3 || !strings.HasPrefix(found, keys[2]+" ") {
		t.Errorf("sessions %q; the program found %s", keys, found)
	}
	// The credentials are redacted like every secret.
	if log := s.log.String(); !strings.Contains(log, "these are secret: (redacted) (redacted) (redacted) (redacted).\n") {
		t.Errorf("the log:\n%s", log)
	}
}

// TestCredentialsOfAPreview: code that nobody has approved gets credentials that end soon,
// and no way to others.
func TestCredentialsOfAPreview(t *testing.T) {
	t.Parallel()
	testtier.Needs(t, testtier.Terraform)
	s := newFixture(t, "", withEnv(hostEnvironment...), func(o *terraform.Options) {
		o.AssumeRestrictedRole = func(context.Context, string, string) (roles.Credentials, error) {
			return roles.Credentials{AccessKeyID: "ASIA", SecretAccessKey: "restricted-secret", SessionToken: "restricted-token", EndsAt: time.Now().Add(15 * time.Minute)}, nil
		}
	})
	s.spec.Untrusted, s.spec.ReadOnly = true, true
	s.spec.PlanRole = "arn:aws:iam::123456789012:role/plan"
	s.write("main.tf", `output "environment" { value = file("/proc/self/environ") }`)
	s.plan()
	if log := s.log.String(); strings.Contains(log, "AWS_CONTAINER_") || !strings.Contains(log, "AWS_SESSION_TOKEN=(redacted)") {
		t.Errorf("the log:\n%s", log)
	}
}
