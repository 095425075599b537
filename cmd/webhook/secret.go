package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"reconcile/internal/secret"
)

// newSecretReader reads a secret of Secrets Manager. It is read when it is first
// needed: what goes wrong then is an answer, and not a function that does not
// start.
func newSecretReader(cfg aws.Config, name string) func(ctx context.Context) (secret.Text, error) {
	client := secretsmanager.NewFromConfig(cfg)
	return func(ctx context.Context) (secret.Text, error) {
		out, err := client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &name})
		if err != nil {
			return "", fmt.Errorf("read the secret %s: %w", name, err)
		}
		value := strings.TrimSpace(aws.ToString(out.SecretString))
		if value == "" {
			return "", fmt.Errorf("the secret %s has no text: put a token into it", name)
		}
		return secret.Text(value), nil
	}
}
