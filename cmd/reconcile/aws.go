package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
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
	return cfg, nil
}

// readSecret reads the secret that a secretsmanager://NAME names.
func readSecret(ctx context.Context, cfg aws.Config, setting, location string) (secret, error) {
	name := strings.TrimPrefix(location, schemeSecret)
	out, err := secretsmanager.NewFromConfig(cfg).GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &name})
	if err != nil {
		return "", fmt.Errorf("read the secret %s (%s): %w", name, setting, err)
	}
	if out.SecretString != nil {
		return secret(*out.SecretString), nil
	}
	if len(out.SecretBinary) > 0 {
		return secret(out.SecretBinary), nil
	}
	return "", fmt.Errorf("the secret %s (%s) has no value: put one into it", name, setting)
}
