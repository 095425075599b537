package reconciler_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"reconcile/reconciler/internal/reconcilertest"
	"reconcile/reconciler/run"
	"reconcile/reconciler/terraform"
	"reconcile/state"
)

// An apply that alters its own inputs is followed by a second plan. If that is killed, Terraform's
// lock is left to the next run, as with any other plan.
func TestPlanKilledAfterAnApply(t *testing.T) {
	t.Parallel()
	w := reconcilertest.NewEnv(t, soloFiles)
	open := w.Config.Terraform
	w.Config.Terraform = func(ctx context.Context) (run.Terraform, error) {
		program, err := open(ctx)
		return killingTerraform{program}, err
	}
	if _, got := w.RunPass(run.Options{}); got["solo"] != state.Failed {
		t.Fatalf("the scene: %v", got)
	}
	leases, err := w.Record.Leases(t.Context())
	w.Must(err)
	for _, lease := range leases {
		if len(lease.PreviousHolders) != 1 || lease.PreviousHolders[0].LockID != leftLock {
			t.Errorf("the next run does not know whose lock it finds: %+v", lease)
		}
	}
	if len(leases) != 1 {
		t.Errorf("leases: %+v", leases)
	}
}

const leftLock = "3f7c6d8e"

// killingTerraform alters an input during each apply, and kills the plan that follows.
type killingTerraform struct{ run.Terraform }

func (k killingTerraform) Open(killCtx context.Context, spec terraform.Spec) run.Session {
	return &killingSession{Session: k.Terraform.Open(killCtx, spec), input: filepath.Join(spec.Dir, "main.tf")}
}

type killingSession struct {
	run.Session
	input   string
	applied bool
}

func (s *killingSession) Apply(ctx context.Context, plan *terraform.Plan) error {
	if err := s.Session.Apply(ctx, plan); err != nil {
		return err
	}
	s.applied = true
	return os.WriteFile(s.input, []byte("# altered\n"), 0o600)
}

func (s *killingSession) Plan(ctx context.Context) (*terraform.Plan, error) {
	if s.applied {
		return nil, &terraform.StepError{Step: "plan", LockID: leftLock, Err: terraform.ErrKilled}
	}
	return s.Session.Plan(ctx)
}
