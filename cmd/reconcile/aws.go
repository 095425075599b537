package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sts"
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

// assume returns the environment variables of short-lived credentials for a
// role.
func assume(ctx context.Context, cfg aws.Config, role, session string) (map[string]string, error) {
	out, err := sts.NewFromConfig(cfg).AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: &session})
	if err != nil {
		return nil, fmt.Errorf("assume the role %s: %w", role, err)
	}
	if out.Credentials == nil {
		return nil, errors.New("assume the role " + role + ": the answer has no credentials")
	}
	return map[string]string{
		"AWS_ACCESS_KEY_ID":     aws.ToString(out.Credentials.AccessKeyId),
		"AWS_SECRET_ACCESS_KEY": aws.ToString(out.Credentials.SecretAccessKey),
		"AWS_SESSION_TOKEN":     aws.ToString(out.Credentials.SessionToken),
	}, nil
}
