// Package reconciler runs passes: it brings the workspaces to the tip of the watched
// branch (pass.go, top to bottom). It also answers questions about the same data
// without changing it: plan, changed, graph, status.
package reconciler

import (
	"reconcile/reconciler/run"
)

// Reconciler runs passes over one repository, branch and record.
type Reconciler struct {
	config run.Config
}

// New returns a Reconciler. Source, Record, Snapshots, Terraform, DigestKey and WorkDir
// must be set.
func New(c run.Config) *Reconciler {
	c.SetDefaults()
	return &Reconciler{config: c}
}
