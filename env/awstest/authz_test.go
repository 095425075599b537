package awstest

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"reconcile/env/awstest/rights"
)

// The access key identifies the caller. A role is refused what it may not do. For the
// account itself nothing is checked.
func TestEnforce(t *testing.T) {
	s := Start(t)
	config := s.Config("ap-northeast-1")
	role := aws.String("arn:aws:iam::" + Account + ":role/reader")
	got, err := sts.NewFromConfig(config).AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: role, RoleSessionName: aws.String("test")})
	if err != nil {
		t.Fatal(err)
	}
	var queries []string
	s.Enforce(t, rights.NewServiceReference(t), func(role string, query rights.AuthzQuery) bool {
		queries = append(queries, role+" "+query.String())
		return query.Action == "secretsmanager:ListSecrets"
	})
	list := func(c *secretsmanager.Client) error {
		_, err := c.ListSecrets(t.Context(), &secretsmanager.ListSecretsInput{})
		return err
	}
	read := func(c *secretsmanager.Client) error {
		_, err := c.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: aws.String("x")})
		return err
	}
	account := secretsmanager.NewFromConfig(config)
	if err := list(account); err != nil || len(queries) > 0 {
		t.Errorf("the account: %v, queries %q", err, queries)
	}
	s.Calls()
	reader := secretsmanager.NewFromConfig(config, func(o *secretsmanager.Options) {
		o.Credentials = aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: *got.Credentials.AccessKeyId, SecretAccessKey: *got.Credentials.SecretAccessKey, SessionToken: *got.Credentials.SessionToken}, nil
		})
	})
	if err := list(reader); err != nil {
		t.Errorf("what the role may: %v", err)
	}
	if err := read(reader); err == nil || !strings.Contains(err.Error(), "AccessDenied") {
		t.Errorf("what the role may not: %v", err)
	}
	for _, call := range s.Calls() {
		if call.Role != *role {
			t.Errorf("%s was called by %q", call.Operation, call.Role)
		}
	}
	want := *role + " secretsmanager:ListSecrets of *\n" + *role + " secretsmanager:GetSecretValue of arn:aws:secretsmanager:ap-northeast-1:" + Account + ":secret:x"
	if got := strings.Join(queries, "\n"); got != want {
		t.Errorf("queries\n%s\nwant\n%s", got, want)
	}
}
