package reconciler

import (
	"context"

	"reconcile/reconciler/terraform"
)

// Engine makes the real Terraform what a pass works with.
func Engine(t *terraform.Terraform) Terraform { return engine{t} }

type engine struct{ *terraform.Terraform }

func (e engine) Open(hard context.Context, job terraform.Job) Session {
	return e.Terraform.Open(hard, job)
}
