// Package reconciler runs passes: it brings the workspaces to the tip of the watched
// branch (pass.go, top to bottom). It also plans them, looks for drift, forgets removed ones
// and releases locks.
package reconciler

import (
	"context"
	"sync"

	"reconcile/reconciler/internal/remote"
	"reconcile/reconciler/run"
)

// Reconciler runs passes over one repository, branch and record. Passes may run at once.
type Reconciler struct {
	config   run.Config
	claims   *claims
	notifyMu sync.Mutex // one pass after the other, so that none sends what another sends
}

// New returns a Reconciler. Source, Record, Snapshots, Terraform, DigestKey and WorkDir
// must be set.
func New(c run.Config) *Reconciler {
	c.SetDefaults()
	return &Reconciler{config: c, claims: newClaims()}
}

// RunTask runs in the process that an Executor started: it applies the workspace that a
// pass assigned under key, and records the result. It does not use Git.
//
// It returns an error if there is no such task, or if its end could not be recorded.
func (r *Reconciler) RunTask(ctx, killCtx context.Context, name, key string) (run.WorkspaceResult, error) {
	return remote.RunTask(ctx, killCtx, &r.config, name, key)
}
