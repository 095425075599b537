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

// maxCredentialAge is how long credentials of a role are used for further commands:
// they last an hour, and a long apply must begin with fresh ones.
const maxCredentialAge = 10 * time.Minute

// maxFallbackCredentialAge is how long they are used where no fresh ones are to be had.
const maxFallbackCredentialAge = 50 * time.Minute

// assumeRole returns the credentials of a role; nil for none.
func (s *Session) assumeRole(ctx context.Context, role string) (map[string]string, error) {
	if role == "" {
		return nil, nil
	}
	assume := s.tf.opts.AssumeRole
	cached, ok := s.creds[role]
	if s.spec.Untrusted { // what it has does not last
		assume, ok = s.tf.opts.AssumeRestrictedRole, false
	}
	if ok && time.Since(cached.issuedAt) < maxCredentialAge {
		return cached.env, nil
	}
	if assume == nil {
		return nil, fmt.Errorf("role %s cannot be assumed: there are no AWS settings", role)
	}
	env, err := assume(ctx, role, sessionName(s.spec.RunID, s.spec.Name))
	if err != nil && ok && time.Since(cached.issuedAt) < maxFallbackCredentialAge {
		s.tf.opts.Log.Warn("fresh credentials could not be had; going on with those of before", "workspace", s.spec.Name, "role", role, "error", err)
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

// sessionName fits what AWS allows: 64 characters of a small set.
func sessionName(run, workspace string) string {
	name := invalidSessionChars.ReplaceAllString("reconcile-"+run+"-"+workspace, "-")
	return name[:min(len(name), 64)]
}

// RoleAssumer is how Options.Assume and AssumeRestrictedRole come by credentials.
type RoleAssumer = func(ctx context.Context, role, session string) (map[string]string, error)

// NewRoleAssumer returns an Options.Assume that asks AWS STS, with the credentials,
// Region and endpoint of config, which is called when a role is first needed.
func NewRoleAssumer(config func(context.Context) (aws.Config, error)) RoleAssumer {
	// The most that every role allows, also to one that is itself assumed (as an
	// ECS task's is).
	return newSTSAssumer(config, time.Hour, "")
}

// NewRestrictedRoleAssumer returns an Options.AssumeRestrictedRole: what code that nobody has
// approved could make off with is good for the shortest time that there is,
// and, where places are named (VPCs and ranges of addresses), only from there.
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
			return nil, errors.New("the answer of STS has no credentials")
		}
		return map[string]string{
			"AWS_ACCESS_KEY_ID":     *credentials.AccessKeyId,
			"AWS_SECRET_ACCESS_KEY": *credentials.SecretAccessKey,
			"AWS_SESSION_TOKEN":     *credentials.SessionToken,
		}, nil
	}
}
