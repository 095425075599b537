package reconciler

import (
	"context"
	"fmt"

	"reconcile/reconciler/terraform"
	"reconcile/reconciler/workspace/repotree"
)

// Terraform opens sessions on workspaces. The implementation is *terraform.Terraform,
// except in the model tests.
type Terraform interface {
	Product() string
	Version() string
	Open(killCtx context.Context, job terraform.Spec) Session
}

// Session runs Terraform in one workspace: see terraform.Session.
type Session interface {
	Init(ctx context.Context) error
	Plan(ctx context.Context) (*terraform.Plan, error)
	PrepareApply(ctx context.Context) error
	Apply(ctx context.Context, plan *terraform.Plan) error
	Outputs(ctx context.Context, key []byte) (terraform.Outputs, error)
	ForceUnlock(ctx context.Context, id string) error
	GeneratedLockFile() []byte
	Close() error
}

// AdaptTerraform adapts t to the interface that a pass uses.
func AdaptTerraform(t *terraform.Terraform) Terraform { return terraformAdapter{t} }

type terraformAdapter struct{ terraform *terraform.Terraform }

func (e terraformAdapter) Product() string { return e.terraform.Product() }
func (e terraformAdapter) Version() string { return e.terraform.Version() }

func (e terraformAdapter) Open(killCtx context.Context, job terraform.Spec) Session {
	return e.terraform.Open(killCtx, job)
}

// openTerraform opens Terraform when a workspace first needs it.
func (s *checkout) openTerraform(ctx context.Context) (Terraform, error) {
	s.reconciler.terraformMu.Lock()
	defer s.reconciler.terraformMu.Unlock()
	if s.reconciler.terraform == nil {
		opened, err := s.config.Terraform(ctx)
		if err != nil {
			return nil, err
		}
		if is := repotree.Product(opened.Product()); is != s.inventory.product {
			return nil, fmt.Errorf("the program is %s, but by its file name it is %s, and the two read different files: give the program's own path with --terraform", is, s.inventory.product)
		}
		s.reconciler.terraform = opened
	}
	return s.reconciler.terraform, nil
}
