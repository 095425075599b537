package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"reconcile/internal/awsredact"
)

// loadAWS reads the SDK's own settings: environment, profile, role.
func loadAWS(ctx context.Context) (aws.Config, error) {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return cfg, fmt.Errorf("AWS settings: %w", err)
	}
	if cfg.Region == "" {
		return cfg, usagef("set AWS_REGION, or a region in the profile", "no AWS Region is set")
	}
	awsredact.RedactErrors(&cfg)
	return cfg, nil
}

// awsConfig returns a function that reads those settings when they are first
// needed.
func (a *app) awsConfig(ctx context.Context) func() (aws.Config, error) {
	load := cacheSuccess(loadAWS)
	return func() (aws.Config, error) { return load(ctx) }
}

// What is wrong with a secret.
var (
	errNoSecret = errors.New("there is no such secret here")
	errNoValue  = errors.New("it has no value: put one into it")
)

// readSecret reads the secret that a secretsmanager://NAME names.
func readSecret(ctx context.Context, cfg aws.Config, setting, location string) (secret, error) {
	name := strings.TrimPrefix(location, schemeSecret)
	client := secretsmanager.NewFromConfig(cfg)
	out, err := client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &name})
	switch {
	case err != nil:
		err = classifyMissing(ctx, client, name, err)
	case out.SecretString != nil:
		return secret(*out.SecretString), nil
	case len(out.SecretBinary) > 0:
		return secret(out.SecretBinary), nil
	default:
		err = errNoValue
	}
	return "", fmt.Errorf("read the secret %s (%s): %w", name, setting, err)
}

// classifyMissing tells the two errors apart that Secrets Manager has one code
// for, where that may be asked: no secret, and a secret without a value.
func classifyMissing(ctx context.Context, client *secretsmanager.Client, name string, err error) error {
	var notFound *types.ResourceNotFoundException
	if !errors.As(err, &notFound) {
		return err
	}
	_, describeErr := client.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &name})
	switch {
	case describeErr == nil:
		return errNoValue
	case errors.As(describeErr, &notFound):
		return errNoSecret
	}
	return err
}
