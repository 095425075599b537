package config

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"reconcile/cmd/reconcile/internal/usage"
	"reconcile/internal/awsredact"
	"reconcile/internal/secret"
)

// loadAWS reads the SDK's own settings: environment, profile, role.
func loadAWS(ctx context.Context) (aws.Config, error) {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return cfg, fmt.Errorf("AWS settings: %w", err)
	}
	if cfg.Region == "" {
		return cfg, usage.Errorf("set AWS_REGION, or a region in the profile", "no AWS Region is set")
	}
	awsredact.RedactErrors(&cfg)
	return cfg, nil
}

// AWSLoader returns a function that reads the SDK's own settings (environment, profile,
// role) when it is first called, and again after a failure.
func AWSLoader(ctx context.Context) func() (aws.Config, error) {
	load := cacheSuccess(loadAWS)
	return func() (aws.Config, error) { return load(ctx) }
}

// Errors of secrets.
var (
	ErrNoSecret = errors.New("secret not found")
	ErrNoValue  = errors.New("secret has no value; set one")
)

// readSecret reads the secret at secretsmanager://NAME.
func readSecret(ctx context.Context, cfg aws.Config, setting, location string) (secret.Text, error) {
	name := strings.TrimPrefix(location, schemeSecret)
	client := secretsmanager.NewFromConfig(cfg)
	out, err := client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &name})
	switch {
	case err != nil:
		err = classifyMissing(ctx, client, name, err)
	case out.SecretString != nil:
		return secret.Text(*out.SecretString), nil
	case len(out.SecretBinary) > 0:
		return secret.Text(out.SecretBinary), nil
	default:
		err = ErrNoValue
	}
	return "", fmt.Errorf("read the secret %s (%s): %w", name, setting, err)
}

// classifyMissing distinguishes a missing secret from a secret without a value, if
// the credentials may describe it. Secrets Manager has one code for both.
func classifyMissing(ctx context.Context, client *secretsmanager.Client, name string, err error) error {
	var notFound *types.ResourceNotFoundException
	if !errors.As(err, &notFound) {
		return err
	}
	_, describeErr := client.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &name})
	switch {
	case describeErr == nil:
		return ErrNoValue
	case errors.As(describeErr, &notFound):
		return ErrNoSecret
	}
	return err
}

// cacheSuccess returns a function that calls f until f succeeds once, and
// returns that value from then on. It does not cache a failure: the next call may
// succeed, and a watch runs for months.
func cacheSuccess[T any](f func(ctx context.Context) (T, error)) func(ctx context.Context) (T, error) {
	var mu sync.Mutex
	var cached bool
	var value T
	return func(ctx context.Context) (T, error) {
		mu.Lock()
		defer mu.Unlock()
		if cached {
			return value, nil
		}
		got, err := f(ctx)
		if err == nil {
			value, cached = got, true
		}
		return got, err
	}
}
