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
func (r *Reconciler) ForceUnlock(ctx, hard context.Context, name, id string) (err error) {
	w, err := r.atTip(ctx)
	if err != nil {
		return err
	}
	defer r.closing(w.commit)
	if err := w.known([]string{name}); err != nil {
		return err
	}
	p := r.begin(Options{})
	site := p.open(w)
	defer site.close()
	it := w.items[name]
	w.load(it)
	root, err := site.checkout(ctx)
	if err != nil {
		return err
	}
	lease, err := r.Record.Acquire(ctx, state.Claim{
		Identity: r.leased(name, w.identity(it)), Workspace: name, Run: p.options.Run, Wait: r.Wait,
	})
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := ownDeadline(ctx)
		defer cancel()
		err = errors.Join(err, lease.Release(ctx))
	}()
	engine, err := site.engine(ctx)
	if err != nil {
		return err
	}
	job, err := site.job(ctx, root, it)
	if err != nil {
		return err
	}
	session := engine.Open(hard, job)
	defer func() { err = errors.Join(err, session.Close()) }()
	if err := session.Init(ctx); err != nil {
		return err
	}
	if err := session.ForceUnlock(ctx, id); err != nil {
		return err
	}
	return r.Record.Unsettle(ctx)
}
