package main

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/spf13/cobra"

	"reconcile/reconciler/terraform"
)

// confinement is how the commands that plan pull requests hold their code.
type confinement struct {
	AllowUnconfined bool
	Networks        []string
	Memory          int // MiB
}

func (o *confinement) bind(c *cobra.Command) {
	c.Flags().BoolVar(&o.AllowUnconfined, "allow-unconfined", false, "plan also where there is no sandbox: for a machine or task that holds nothing that a pull request must not read")
	c.Flags().StringSliceVar(&o.Networks, "plan-from", nil, "where plans run: VPCs (vpc-…) and public addresses or ranges; from elsewhere the credentials of plan roles are refused (default: they are good anywhere)")
	c.Flags().IntVar(&o.Memory, "memory", 4096, "most memory of each process that a pull request is planned by, in MiB (Linux alone)")
}

// confine finds the sandbox for code that nobody has approved, and bounds the
// credentials that it gets.
func (p *deps) confine(ctx context.Context, o confinement) (err error) {
	if o.Memory < 256 {
		return usagef("--memory takes a number of MiB from 256 on", "--memory %d is too little to plan with", o.Memory)
	}
	p.briefAssume, err = terraform.NewRestrictedRoleAssumer(func(context.Context) (aws.Config, error) { return p.aws() }, o.Networks)
	if err != nil {
		return usagef("--plan-from takes VPCs (vpc-…) and public addresses or ranges, such as 203.0.113.7", "--plan-from: %w", err)
	}
	p.sandbox, err = terraform.FindSandbox(ctx)
	if err == nil {
		return nil
	}
	if o.AllowUnconfined {
		p.app.log.Warn("pull requests are planned without a sandbox: their code can read what this user can", "because", err)
		return nil
	}
	return usagef("on Linux, install bubblewrap (bwrap); or plan in a task of its own (--executor); or, where the code may read all that this user can, --allow-unconfined: see docs/preview.md",
		"a pull request is code that nobody has approved, and it cannot be confined here: %w", err)
}
