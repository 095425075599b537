// Package roles gets short-lived credentials of AWS roles from STS, and serves them to
// other processes. It knows neither Terraform nor what the credentials are for.
package roles

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// Credentials belong to one session of a role. They work until EndsAt.
type Credentials struct {
	AccessKeyID, SecretAccessKey, SessionToken string
	EndsAt                                     time.Time
}

// Environment returns the credentials as environment variables. A program that has them
// cannot get others when they end.
func (c Credentials) Environment() map[string]string {
	return map[string]string{
		"AWS_ACCESS_KEY_ID":     c.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY": c.SecretAccessKey,
		"AWS_SESSION_TOKEN":     c.SessionToken,
	}
}

// Assumer returns credentials of a role (its ARN) for a session of that name.
type Assumer = func(ctx context.Context, role, session string) (Credentials, error)

// NewAssumer returns an Assumer that calls AWS STS. It calls config when a role is first
// needed, and uses its credentials, Region and endpoint.
func NewAssumer(config func(context.Context) (aws.Config, error)) Assumer {
	// One hour is the maximum that every role allows, also for a caller that is itself
	// an assumed role, such as an ECS task's.
	return newSTSAssumer(config, time.Hour, "")
}

// NewRestrictedAssumer returns an Assumer for unapproved code. Its credentials last 15
// minutes, the minimum of STS. If networks (VPC ids, IP addresses or CIDR ranges) are
// given, the credentials work only from there.
func NewRestrictedAssumer(config func(context.Context) (aws.Config, error), networks []string) (Assumer, error) {
	policy, err := networkPolicy(networks)
	return newSTSAssumer(config, 15*time.Minute, policy), err
}

func newSTSAssumer(config func(context.Context) (aws.Config, error), duration time.Duration, policy string) Assumer {
	return func(ctx context.Context, role, session string) (Credentials, error) {
		cfg, err := config(ctx)
		if err != nil {
			return Credentials{}, err
		}
		input := &sts.AssumeRoleInput{
			RoleArn: &role, RoleSessionName: &session,
			DurationSeconds: aws.Int32(int32(duration.Seconds())),
		}
		if policy != "" {
			input.Policy = &policy
		}
		output, err := sts.NewFromConfig(cfg).AssumeRole(ctx, input)
		if err != nil {
			return Credentials{}, err
		}
		c := output.Credentials
		if c == nil || c.AccessKeyId == nil || c.SecretAccessKey == nil || c.SessionToken == nil || c.Expiration == nil {
			return Credentials{}, errors.New("the STS response has no credentials")
		}
		return Credentials{AccessKeyID: *c.AccessKeyId, SecretAccessKey: *c.SecretAccessKey, SessionToken: *c.SessionToken, EndsAt: *c.Expiration}, nil
	}
}
