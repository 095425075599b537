package wire

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"

	"reconcile/cmd/reconcile/internal/config"
	"reconcile/cmd/reconcile/internal/usage"
	"reconcile/reconciler/terraform/roles"
	"reconcile/reconciler/terraform/sandbox"
)

// Confine finds the sandbox for code that nobody has approved, and restricts the
// credentials of that code.
func (d *Deps) Confine(ctx context.Context, o config.Confinement) (err error) {
	if o.Memory < 256 {
		return usage.Errorf("--memory takes 256 or more (MiB)", "--memory %d is too little to plan with", o.Memory)
	}
	d.restrictedAssume, err = roles.NewRestrictedAssumer(func(context.Context) (aws.Config, error) { return d.AWS() }, o.Networks)
	if err != nil {
		return usage.Errorf("--plan-from takes VPCs (vpc-…) and public addresses or ranges, such as 203.0.113.7", "--plan-from: %w", err)
	}
	d.sandbox, err = sandbox.Find(ctx)
	if err == nil {
		if !sandbox.RestrictsPorts() {
			d.log.Warn("this kernel cannot restrict the ports that plans connect to (Linux 6.7 or newer can): their code reaches the credentials that this machine's role has; run previews on a machine without a role, or with --executor")
		}
		return nil
	}
	if o.AllowUnconfined {
		d.log.Warn("planning pull requests without a sandbox; their code can read everything that this user can", "error", err)
		return nil
	}
	next := "run previews where a user may create namespaces, such as a virtual machine; or plan in a task of its own (--executor); or, where the code may read all that this user can, --allow-unconfined: see docs/preview.md"
	if errors.Is(err, sandbox.ErrNotInstalled) {
		next = "on Linux, install bubblewrap (bwrap); or plan in a task of its own (--executor); or, where the code may read all that this user can, --allow-unconfined: see docs/preview.md"
	}
	return usage.Errorf(next, "a pull request is code that nobody has approved, and it cannot be confined here: %w", err)
}
