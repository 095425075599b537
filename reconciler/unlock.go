package reconciler

import (
	"context"
	"errors"

	"reconcile/reconciler/internal/checkout"
	"reconcile/reconciler/internal/inventory"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// ForceUnlock releases Terraform's own lock with the given id on the state of one
// workspace at the tip. It holds the workspace's lease meanwhile, so that no pass runs
// there. The holder of the Terraform lock must be dead: two writers of one state lose
// updates.
func (r *Reconciler) ForceUnlock(ctx, killCtx context.Context, name, id string) (err error) {
	workspaces, err := inventory.NewAtTip(ctx, &r.config)
	if err != nil {
		return err
	}
	defer r.config.CloseCommit(workspaces.Commit)
	if err := workspaces.CheckNames([]string{name}); err != nil {
		return err
	}
	thisRun := run.New(&r.config, run.Options{})
	dir := checkout.New(thisRun, workspaces)
	defer dir.Close()
	entry := workspaces.Entries[name]
	workspaces.Load(entry)
	root, err := dir.LayOut(ctx)
	if err != nil {
		return err
	}
	lease, err := r.config.Record.Acquire(ctx, state.LeaseRequest{
		Identity: r.config.LeaseIdentity(name, workspaces.StateIdentity(entry)), Workspace: name, Run: thisRun.Options.Run, MaxWait: r.config.Wait,
	})
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := run.CleanupContext(ctx)
		defer cancel()
		err = errors.Join(err, lease.Release(ctx))
	}()
	tf, err := dir.OpenTerraform(ctx)
	if err != nil {
		return err
	}
	spec, err := dir.NewSpec(ctx, root, entry)
	if err != nil {
		return err
	}
	session := tf.Open(killCtx, spec)
	defer func() { err = errors.Join(err, session.Close()) }()
	if err := session.Init(ctx); err != nil {
		return err
	}
	if err := session.ForceUnlock(ctx, id); err != nil {
		return err
	}
	return r.config.Record.MarkUnsettled(ctx)
}
