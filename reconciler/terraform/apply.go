package terraform

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"

	goversion "github.com/hashicorp/go-version"
)

// PrepareApply gets the credentials that Apply needs. A role that cannot be assumed is
// thus reported before anything starts.
func (s *Session) PrepareApply(ctx context.Context) error {
	if _, err := s.assumeRole(ctx, s.spec.ApplyRole); err != nil {
		return s.stepError("apply", nil, err)
	}
	return nil
}

// ErrPlanChanged means that the saved plan is not the one that was checked. Nothing was
// applied.
var ErrPlanChanged = errors.New("the saved plan file was changed; nothing was applied")

// Apply applies exactly the plan that Plan saved. It returns nil if Terraform
// succeeded. An *UnlockError in the error means that Terraform succeeded but did not
// release its state lock. An *ErroredStateError means that Terraform could not write
// the state.
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
		args = append(args, plan.variable.option()...)
	}
	err := s.runHoldingLock(ctx, command{step: "apply", role: s.spec.ApplyRole, args: append(args, plan.file), makesSecrets: plan.makesSecrets})
	cleanupErr := errors.Join(s.chmodState(), s.saveErroredState())
	var unlock *UnlockError
	if cleanupErr != nil && errors.As(err, &unlock) {
		return fmt.Errorf("%w; %s", cleanupErr, err.Error())
	}
	return errors.Join(err, cleanupErr)
}

// canApplyWithVariables reports whether apply accepts variables together with a saved
// plan. Ephemeral variables must be given again, since no plan stores them; Terraform
// checks that all others equal the plan's. Older versions refuse any variable.
func (t *Terraform) canApplyWithVariables() bool {
	firstVersion := map[string]string{"terraform": "1.10.0", "tofu": "1.11.0"}[t.product]
	version, err := goversion.NewVersion(t.version)
	return err == nil && version.Core().GreaterThanOrEqual(goversion.Must(goversion.NewVersion(firstVersion)))
}

func hashFile(path string) (sum [sha256.Size]byte, err error) {
	content, err := os.ReadFile(path)
	return sha256.Sum256(content), err
}
