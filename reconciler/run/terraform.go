package run

import (
	"context"
	"sync"

	"reconcile/reconciler/terraform"
)

// Terraform opens sessions on workspaces. The implementation is *terraform.Terraform,
// except in the model tests.
type Terraform interface {
	Product() string
	Version() string
	Open(killCtx context.Context, spec terraform.Spec) Session
}

// Session runs Terraform in one workspace: see terraform.Session.
type Session interface {
	Init(ctx context.Context) error
	SetVariable(v terraform.Variable)
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

func (a terraformAdapter) Product() string { return a.terraform.Product() }
func (a terraformAdapter) Version() string { return a.terraform.Version() }

func (a terraformAdapter) Open(killCtx context.Context, spec terraform.Spec) Session {
	return a.terraform.Open(killCtx, spec)
}

// openOnce returns a function that calls open until it succeeds, and then returns the
// same Terraform.
func openOnce(open func(context.Context) (Terraform, error)) func(context.Context) (Terraform, error) {
	var mu sync.Mutex
	var opened Terraform
	return func(ctx context.Context) (Terraform, error) {
		mu.Lock()
		defer mu.Unlock()
		if opened != nil {
			return opened, nil
		}
		program, err := open(ctx)
		if err != nil {
			return nil, err
		}
		opened = program
		return opened, nil
	}
}
