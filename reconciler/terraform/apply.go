package terraform

import (
	"context"
	"errors"

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
