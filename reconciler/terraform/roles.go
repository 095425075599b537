package terraform

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// maxCredentialAge is how long credentials are used for new commands. They last an
// hour, and a long apply must start with fresh ones.
const maxCredentialAge = 10 * time.Minute

// maxFallbackCredentialAge is how long they are used if assuming the role again fails.
const maxFallbackCredentialAge = 50 * time.Minute

// assumeRole returns the credentials of a role, or nil if role is empty.
func (s *Session) assumeRole(ctx context.Context, role string) (map[string]string, error) {
	if role == "" {
		return nil, nil
	}
	assume := s.tf.opts.AssumeRole
	cached, ok := s.creds[role]
	if s.spec.Untrusted { // its credentials are short-lived
		assume, ok = s.tf.opts.AssumeRestrictedRole, false
	}
	if ok && time.Since(cached.issuedAt) < maxCredentialAge {
		return cached.env, nil
	}
	if assume == nil {
		return nil, fmt.Errorf("cannot assume role %s: AWS is not configured", role)
	}
	env, err := assume(ctx, role, sessionName(s.spec.RunID, s.spec.Name))
	if err != nil && ok && time.Since(cached.issuedAt) < maxFallbackCredentialAge {
		s.tf.opts.Log.Warn("assuming the role failed; using earlier credentials", "workspace", s.spec.Name, "role", role, "error", err)
		return cached.env, nil
	}
	if err != nil {
		return nil, fmt.Errorf("assume role %s (check that it exists and trusts the role that reconcile runs as): %w", role, err)
	}
	for _, value := range env {
		s.log.addSecrets(value)
	}
	s.creds[role] = roleCredentials{env: env, issuedAt: time.Now()}
	return env, nil
}

var invalidSessionChars = regexp.MustCompile(`[^\w+=,.@-]`)

// sessionName returns a role session name that AWS accepts: at most 64 characters of a
// small set.
func sessionName(run, workspace string) string {
	name := invalidSessionChars.ReplaceAllString("reconcile-"+run+"-"+workspace, "-")
	return name[:min(len(name), 64)]
}

// RoleAssumer is the type of Options.AssumeRole and Options.AssumeRestrictedRole. It
// returns the credentials of a role as environment variables.
type RoleAssumer = func(ctx context.Context, role, session string) (map[string]string, error)

// NewRoleAssumer returns an Options.AssumeRole that calls AWS STS. It calls config when
// a role is first needed, and uses its credentials, Region and endpoint.
func NewRoleAssumer(config func(context.Context) (aws.Config, error)) RoleAssumer {
	// One hour is the maximum that every role allows, also for a caller that is itself
	// an assumed role, such as an ECS task's.
	return newSTSAssumer(config, time.Hour, "")
}

// NewRestrictedRoleAssumer returns an Options.AssumeRestrictedRole for unapproved code.
// Its credentials last 15 minutes, the minimum of STS. If networks (VPC ids, IP
// addresses or CIDR ranges) are given, the credentials work only from there.
func NewRestrictedRoleAssumer(config func(context.Context) (aws.Config, error), networks []string) (RoleAssumer, error) {
	policy, err := networkPolicy(networks)
	return newSTSAssumer(config, 15*time.Minute, policy), err
}

func newSTSAssumer(config func(context.Context) (aws.Config, error), duration time.Duration, policy string) RoleAssumer {
	return func(ctx context.Context, role, session string) (map[string]string, error) {
		cfg, err := config(ctx)
		if err != nil {
			return nil, err
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
			return nil, err
		}
		credentials := output.Credentials
		if credentials == nil || credentials.AccessKeyId == nil || credentials.SecretAccessKey == nil || credentials.SessionToken == nil {
			return nil, errors.New("the STS response has no credentials")
		}
		return map[string]string{
			"AWS_ACCESS_KEY_ID":     *credentials.AccessKeyId,
			"AWS_SECRET_ACCESS_KEY": *credentials.SecretAccessKey,
			"AWS_SESSION_TOKEN":     *credentials.SessionToken,
		}, nil
	}
}
