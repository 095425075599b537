package terraform

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"

	goversion "github.com/hashicorp/go-version"
)

// PrepareApply gets the credentials that Apply will need, so that a role which
// cannot be assumed is known before anything has begun.
func (s *Session) PrepareApply(ctx context.Context) error {
	if _, err := s.assume(ctx, s.job.ApplyRole); err != nil {
		return s.failed("apply", nil, err)
	}
	return nil
}

// ErrPlanChanged: the saved plan is not the one that was judged. Nothing was
// applied.
var ErrPlanChanged = errors.New("the saved plan was changed after it was made: nothing was applied")

// Apply applies the very plan that Plan saved. Without an error, Terraform
// has ended with success. An *UnlockError within the error means that it has too,
// but has left its lock behind; an *ErroredStateError, that the state could not
// be written.
func (s *Session) Apply(ctx context.Context, plan *Plan) error {
	s.role = s.job.ApplyRole
	if sum, err := sumFile(plan.file); err != nil || sum != plan.sum {
		return s.failed("apply", nil, errors.Join(ErrPlanChanged, err))
	}
	args := []string{"apply", "-no-color", "-auto-approve", "-input=false"}
	if s.t.takesVariables() {
		for _, path := range s.job.VarFiles {
			args = append(args, "-var-file="+path)
		}
	}
	err := s.locking(ctx, command{step: "apply", role: s.job.ApplyRole, args: append(args, plan.file)})
	after := errors.Join(s.guardState(), s.keepErrored())
	var unlock *UnlockError
	if after != nil && errors.As(err, &unlock) {
		return fmt.Errorf("%w; %s", after, err.Error())
	}
	return errors.Join(err, after)
}

// takesVariables reports whether apply takes variables beside a saved plan. It
// needs those that are ephemeral, since no plan holds them; of all others it
// makes sure that they are the plan's. Older versions refuse any.
func (t *Terraform) takesVariables() bool {
	since := map[string]string{"terraform": "1.10.0", "tofu": "1.11.0"}[t.product]
	now, err := goversion.NewVersion(t.version)
	return err == nil && now.Core().GreaterThanOrEqual(goversion.Must(goversion.NewVersion(since)))
}

// sumFile returns the hash of a file's content.
func sumFile(path string) (sum [sha256.Size]byte, err error) {
	content, err := os.ReadFile(path)
	return sha256.Sum256(content), err
}
