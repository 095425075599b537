// Package worker does the work on one workspace: from its lease, over the plan, the gate
// and the apply, to its record. It does not know in which order workspaces run, nor in
// which process.
package worker

import (
	"reconcile/reconciler/internal/checkout"
	"reconcile/reconciler/internal/inventory"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// Worker plans and applies the workspaces of one inventory in one checkout. Several
// goroutines may use it at once.
type Worker struct {
	run       *run.Run
	config    *run.Config
	inventory *inventory.Inventory
	checkout  *checkout.Checkout
	declared  *declarations // of removed workspaces
}

// New returns a worker in a checkout of the inventory's commit.
func New(r *run.Run, workspaces *inventory.Inventory, dir *checkout.Checkout) *Worker {
	return &Worker{run: r, config: r.Config, inventory: workspaces, checkout: dir, declared: &declarations{}}
}

// Completion is the end of the work on one workspace, in this process or in another.
type Completion struct {
	Entry  *inventory.Entry
	Result run.WorkspaceResult
	Record state.Workspace // as the work left it; it has no name if it was not read

	PanicErr       *run.PanicError
	TipMoved       bool // nothing was done, because the tip has moved
	ClaimedByOther bool // nothing was done, because of another pass of this process
}
