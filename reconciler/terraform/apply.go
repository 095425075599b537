package terraform

import (
	"context"
	"errors"
	"os"

	"github.com/hashicorp/terraform-exec/tfexec"
)

// Apply applies the very plan that Plan saved. Without an error, Terraform
// has ended with success. An *ErroredStateError within the error means that
// the state could not be written.
func (s *Session) Apply(ctx context.Context, plan *Plan) error {
	s.role = s.job.ApplyRole
	err := s.do(ctx, command{step: "apply", role: s.job.ApplyRole, run: func(ctx context.Context) error {
		return s.slot.exec.Apply(ctx, tfexec.DirOrPlan(plan.file))
	}})
	return errors.Join(err, s.guardState(), s.keepErrored())
}

// guardState keeps a local state readable by us alone.
func (s *Session) guardState() error {
	if s.job.LocalState == "" {
		return nil
	}
	for _, path := range []string{s.job.LocalState, s.job.LocalState + ".backup"} {
		if err := os.Chmod(path, 0o600); err != nil && !errors.Is(err, os.ErrNotExist) {
			return s.failed("apply", nil, err)
		}
	}
	return nil
}
