package reconciler

import (
	"context"

	"reconcile/reconciler/terraform"
)

// AdaptTerraform makes the real Terraform what a pass works with.
func AdaptTerraform(t *terraform.Terraform) Terraform { return terraformAdapter{t} }

type terraformAdapter struct{ *terraform.Terraform }

func (e terraformAdapter) Open(killCtx context.Context, job terraform.Spec) Session {
	return e.Terraform.Open(killCtx, job)
}
