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
	if _, err := s.assumeRole(ctx, s.spec.ApplyRole); err != nil {
		return s.stepError("apply", nil, err)
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
	s.stateRole = s.spec.ApplyRole
	if hash, err := hashFile(plan.file); err != nil || hash != plan.fileHash {
		return s.stepError("apply", nil, errors.Join(ErrPlanChanged, err))
	}
	args := []string{"apply", "-no-color", "-auto-approve", "-input=false"}
	if s.tf.canApplyWithVariables() {
		for _, path := range s.spec.VarFiles {
			args = append(args, "-var-file="+path)
		}
	}
	err := s.runHoldingLock(ctx, command{step: "apply", role: s.spec.ApplyRole, args: append(args, plan.file)})
	cleanupErr := errors.Join(s.chmodState(), s.saveErroredState())
	var unlock *UnlockError
	if cleanupErr != nil && errors.As(err, &unlock) {
		return fmt.Errorf("%w; %s", cleanupErr, err.Error())
	}
	return errors.Join(err, cleanupErr)
}

// canApplyWithVariables reports whether apply takes variables beside a saved plan. It
// needs those that are ephemeral, since no plan holds them; of all others it
// makes sure that they are the plan's. Older versions refuse any.
func (t *Terraform) canApplyWithVariables() bool {
	firstVersion := map[string]string{"terraform": "1.10.0", "tofu": "1.11.0"}[t.product]
	version, err := goversion.NewVersion(t.version)
	return err == nil && version.Core().GreaterThanOrEqual(goversion.Must(goversion.NewVersion(firstVersion)))
}

// hashFile returns the hash of a file's content.
func hashFile(path string) (sum [sha256.Size]byte, err error) {
	content, err := os.ReadFile(path)
	return sha256.Sum256(content), err
}
