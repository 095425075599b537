package terraform

import (
	"context"
	"fmt"
	"regexp"
	"time"
)

// reuseFor is how long credentials of a role are used for further commands:
// they last an hour, and a long apply must begin with fresh ones.
const reuseFor = 10 * time.Minute

// assume returns the credentials of a role; nil for none.
func (s *Session) assume(ctx context.Context, role string) (map[string]string, error) {
	if role == "" {
		return nil, nil
	}
	if had, ok := s.creds[role]; ok && time.Since(had.at) < reuseFor {
		return had.env, nil
	}
	if s.t.opts.Assume == nil {
		return nil, fmt.Errorf("role %s cannot be assumed: there are no AWS settings", role)
	}
	env, err := s.t.opts.Assume(ctx, role, sessionName(s.job.Run, s.job.Name))
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
