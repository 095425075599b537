package terraform

import (
	"context"
	"fmt"
	"regexp"
	"time"
)

// maxCredentialAge is how long credentials are used for new commands. They last an
// hour, and a long apply must start with fresh ones.
const maxCredentialAge = 10 * time.Minute

// maxFallbackCredentialAge is how long they are used if assuming the role again fails.
const maxFallbackCredentialAge = 50 * time.Minute

type roleCredentials struct {
	env      map[string]string
	issuedAt time.Time
}

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
