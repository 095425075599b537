package reconciler

import (
	"context"
	"errors"
	"fmt"
	"time"

	"reconcile/reconciler/run"
	"reconcile/reconciler/terraform"
	"reconcile/state"
)

// releaseStaleLock releases a Terraform state lock that a dead run of ours left. The
// lock must match a previous lease holder whose process is provably dead. Backends
// write states unconditionally, so releasing a live holder's lock would lose updates.
func (v *workspaceRun) releaseStaleLock(ctx context.Context, locked *terraform.LockedError) error {
	for _, h := range v.lease.PreviousHolders() {
		if !matchesHolder(locked, h) {
			continue
		}
		dead, err := h.Released, error(nil)
		if !dead {
			dead, err = v.config.Record.IsProcessDead(ctx, h.Process)
		}
		if err != nil {
			v.log.Warn("cannot tell whether the process that holds Terraform's lock is alive", "error", err)
		}
		if !dead {
			continue
		}
		v.log.Info("releasing a Terraform state lock that a killed run left", "lock", locked.ID, "by", h.Run)
		if err := v.session.ForceUnlock(ctx, locked.ID); err != nil {
			return fmt.Errorf("release Terraform's state lock %s, left by run %s: %w", locked.ID, h.Run, err)
		}
		return nil
	}
	if locked.Who == "" {
		return &run.BlockedError{Retry: true, Reason: fmt.Sprintf(
			"Terraform's state lock %s is held, and its backend does not report by whom; if nothing else uses the state: `reconcile unlock %s --state-lock %[1]s`", locked.ID, v.entry.dir.Name)}
	}
	return &run.BlockedError{Retry: true, Reason: fmt.Sprintf(
		"Terraform's state lock is held by %s since %s (%s, %s); if nothing else uses the state: `reconcile unlock %s --state-lock %s`",
		locked.Who, locked.Created.UTC().Format("2006-01-02 15:04:05Z"), locked.Operation, locked.ID, v.entry.dir.Name, locked.ID)}
}

func runIDs(holders []state.PreviousHolder) []string {
	var runs []string
	for _, h := range holders {
		runs = append(runs, h.Run)
	}
	return runs
}

// matchesHolder reports whether the holder made the lock: by lock id if known, else
// same user and host while the lease was held (a person can work there before or
// after). All times come from that host's clock; Terraform may truncate its time to
// seconds.
func matchesHolder(locked *terraform.LockedError, h state.PreviousHolder) bool {
	if h.LockID != "" {
		return locked.ID == h.LockID
	}
	return locked.Who == h.Process.User &&
		!locked.Created.Before(h.ActiveSince.Add(-time.Second)) && !locked.Created.After(h.ActiveUntil)
}

// ForceUnlock releases Terraform's own lock with the given id on the state of one
// workspace at the tip. It holds the workspace's lease meanwhile, so that no pass runs
// there. The holder of the Terraform lock must be dead: two writers of one state lose
// updates.
func (r *Reconciler) ForceUnlock(ctx, killCtx context.Context, name, id string) (err error) {
	w, err := inventoryAtTip(ctx, &r.config)
	if err != nil {
		return err
	}
	defer r.config.CloseCommit(w.commit)
	if err := w.checkNames([]string{name}); err != nil {
		return err
	}
	thisRun := run.New(&r.config, run.Options{})
	checkout := newCheckout(thisRun, w)
	defer checkout.close()
	entry := w.entries[name]
	w.load(entry)
	root, err := checkout.ensureLaidOut(ctx)
	if err != nil {
		return err
	}
	lease, err := r.config.Record.Acquire(ctx, state.LeaseRequest{
		Identity: r.config.LeaseIdentity(name, w.stateIdentity(entry)), Workspace: name, Run: thisRun.Options.Run, MaxWait: r.config.Wait,
	})
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := run.CleanupContext(ctx)
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
