package terraform

import (
	"context"
	"errors"
	"fmt"
)

// PrepareApply gets the credentials that Apply will need, so that a role which
// cannot be assumed is known before anything has begun.
func (s *Session) PrepareApply(ctx context.Context) error {
	if _, err := s.assume(ctx, s.job.ApplyRole); err != nil {
		return s.failed("apply", nil, err)
	}
	return nil
}

// Apply applies the very plan that Plan saved. Without an error, Terraform
// has ended with success. An *UnlockError within the error means that it has too,
// but has left its lock behind; an *ErroredStateError, that the state could not
// be written.
func (s *Session) Apply(ctx context.Context, plan *Plan) error {
	s.role = s.job.ApplyRole
	err := s.locking(ctx, command{step: "apply", role: s.job.ApplyRole, args: []string{"apply", "-no-color", "-auto-approve", "-input=false", plan.file}})
	after := errors.Join(s.guardState(), s.keepErrored())
	var unlock *UnlockError
	if after != nil && errors.As(err, &unlock) {
		return fmt.Errorf("%w; %s", after, err)
	}
	return errors.Join(err, after)
}
