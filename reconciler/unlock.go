package reconciler

import (
	"context"
	"errors"

	"reconcile/state"
)

// ForceUnlock frees Terraform's own lock, with the id that Terraform says, on
// the state of one workspace at the tip. Our lease keeps passes away
// meanwhile. Whoever holds that lock must be dead: two writers of one state
// lose updates.
func (r *Reconciler) ForceUnlock(ctx, killCtx context.Context, name, id string) (err error) {
	w, err := r.inventoryAtTip(ctx)
	if err != nil {
		return err
	}
	defer r.closeCommit(w.commit)
	if err := w.checkNames([]string{name}); err != nil {
		return err
	}
	run := r.newRun(Options{})
	checkout := run.newCheckout(w)
	defer checkout.close()
	entry := w.entries[name]
	w.load(entry)
	root, err := checkout.ensureLaidOut(ctx)
	if err != nil {
		return err
	}
	lease, err := r.config.Record.Acquire(ctx, state.LeaseRequest{
		Identity: r.config.leaseIdentity(name, w.stateIdentity(entry)), Workspace: name, Run: run.options.Run, MaxWait: r.config.Wait,
	})
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := cleanupContext(ctx)
		defer cancel()
		err = errors.Join(err, lease.Release(ctx))
	}()
	tf, err := checkout.openTerraform(ctx)
	if err != nil {
		return err
	}
	job, err := checkout.newJob(ctx, root, entry)
	if err != nil {
		return err
	}
	session := tf.Open(killCtx, job)
	defer func() { err = errors.Join(err, session.Close()) }()
	if err := session.Init(ctx); err != nil {
		return err
	}
	if err := session.ForceUnlock(ctx, id); err != nil {
		return err
	}
	return r.config.Record.MarkUnsettled(ctx)
}
