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

// reuseFor is how long credentials of a role are used for further commands:
// they last an hour, and a long apply must begin with fresh ones.
const reuseFor = 10 * time.Minute

// goodFor is how long they are used where no fresh ones are to be had.
const goodFor = 50 * time.Minute

// assume returns the credentials of a role; nil for none.
func (s *Session) assume(ctx context.Context, role string) (map[string]string, error) {
	if role == "" {
		return nil, nil
	}
	assume := s.t.opts.Assume
	had, ok := s.creds[role]
	if s.job.Untrusted { // what it has does not last
		assume, ok = s.t.opts.AssumeBriefly, false
	}
	if ok && time.Since(had.at) < reuseFor {
		return had.env, nil
	}
	if assume == nil {
		return nil, fmt.Errorf("role %s cannot be assumed: there are no AWS settings", role)
	}
	env, err := assume(ctx, role, sessionName(s.job.Run, s.job.Name))
	if err != nil && ok && time.Since(had.at) < goodFor {
		s.t.opts.Log.Warn("fresh credentials could not be had; going on with those of before", "workspace", s.job.Name, "role", role, "error", err)
		return had.env, nil
	}
	if err != nil {
		return nil, fmt.Errorf("assume role %s (check that it exists and trusts the role that reconcile runs as): %w", role, err)
	}
	for _, value := range env {
		s.log.hide(value)
	}
	s.creds[role] = assumed{env: env, at: time.Now()}
	return env, nil
}

var notInSessionName = regexp.MustCompile(`[^\w+=,.@-]`)

// sessionName fits what AWS allows: 64 characters of a small set.
func sessionName(run, workspace string) string {
	name := notInSessionName.ReplaceAllString("reconcile-"+run+"-"+workspace, "-")
	return name[:min(len(name), 64)]
}

// Assume is how Options.Assume and AssumeBriefly come by credentials.
type Assume = func(ctx context.Context, role, session string) (map[string]string, error)

// Assumer returns an Options.Assume that asks AWS STS, with the credentials,
// Region and endpoint of config, which is called when a role is first needed.
func Assumer(config func(context.Context) (aws.Config, error)) Assume {
	// The most that every role allows, also to one that is itself assumed (as an
	// ECS task's is).
	return assumer(config, time.Hour, "")
}

// BriefAssumer returns an Options.AssumeBriefly: what code that nobody has
// approved could make off with is good for the shortest time that there is,
// and, where places are named (VPCs and ranges of addresses), only from there.
func BriefAssumer(config func(context.Context) (aws.Config, error), places []string) (Assume, error) {
	policy, err := onlyFrom(places)
	return assumer(config, 15*time.Minute, policy), err
}

func assumer(config func(context.Context) (aws.Config, error), lasts time.Duration, policy string) Assume {
	return func(ctx context.Context, role, session string) (map[string]string, error) {
		cfg, err := config(ctx)
		if err != nil {
			return nil, err
		}
		input := &sts.AssumeRoleInput{
			RoleArn: &role, RoleSessionName: &session,
			DurationSeconds: aws.Int32(int32(lasts.Seconds())),
		}
		if policy != "" {
			input.Policy = &policy
		}
		answer, err := sts.NewFromConfig(cfg).AssumeRole(ctx, input)
		if err != nil {
			return nil, err
		}
		got := answer.Credentials
		if got == nil || got.AccessKeyId == nil || got.SecretAccessKey == nil || got.SessionToken == nil {
			return nil, errors.New("the answer of STS has no credentials")
		}
		return map[string]string{
			"AWS_ACCESS_KEY_ID":     *got.AccessKeyId,
			"AWS_SECRET_ACCESS_KEY": *got.SecretAccessKey,
			"AWS_SESSION_TOKEN":     *got.SessionToken,
		}, nil
	}
}
