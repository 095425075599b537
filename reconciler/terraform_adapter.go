package reconciler

import (
	"context"

	"reconcile/reconciler/terraform"
)

// AdaptTerraform makes the real Terraform what a pass works with.
func AdaptTerraform(t *terraform.Terraform) Terraform { return terraformAdapter{t} }

type terraformAdapter struct{ terraform *terraform.Terraform }

func (e terraformAdapter) Product() string { return e.terraform.Product() }
func (e terraformAdapter) Version() string { return e.terraform.Version() }

func (e terraformAdapter) Open(killCtx context.Context, job terraform.Spec) Session {
	return e.terraform.Open(killCtx, job)
}
