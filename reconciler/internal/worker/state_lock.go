package worker

import (
	"context"
	"fmt"
	"time"

	"reconcile/internal/runid"
	"reconcile/internal/shell"
	"reconcile/reconciler/run"
	"reconcile/reconciler/terraform"
	"reconcile/state"
)

// releaseStaleLock releases a Terraform state lock that a dead run of ours left. The
// lock must match a previous lease holder whose process is provably dead. Backends
// write states unconditionally, so releasing a live holder's lock would lose updates.
func (wr *workspaceRun) releaseStaleLock(ctx context.Context, locked *terraform.LockedError) error {
	for _, h := range wr.lease.PreviousHolders() {
		if !matchesHolder(locked, h) {
			continue
		}
		dead, err := h.Released, error(nil)
		if !dead {
			dead, err = wr.config.Record.IsProcessDead(ctx, h.Process)
		}
		if err != nil {
			wr.log.Warn("could not find out whether the process that holds Terraform's lock is alive", "error", err)
		}
		if !dead {
			continue
		}
		wr.log.Info("releasing a Terraform state lock that a killed run left", "lock", locked.ID, "by", h.Run)
		if err := wr.session.terraform.ForceUnlock(ctx, locked.ID); err != nil {
			return fmt.Errorf("release Terraform's state lock %s, left by run %s: %w", locked.ID, h.Run, err)
		}
		return nil
	}
	if locked.Owner == "" {
		return &run.BlockedError{Retry: true, Reason: fmt.Sprintf(
			"Terraform's state lock %s is held, and its backend does not report by whom; if nothing else uses the state: `reconcile unlock %s --state-lock %[1]s`", shell.Quote(locked.ID), shell.Quote(wr.entry.Dir.Name))}
	}
	return &run.BlockedError{Retry: true, Reason: fmt.Sprintf(
		"Terraform's state lock is held by %s since %s (%s, %s); if nothing else uses the state: `reconcile unlock %s --state-lock %s`",
		locked.Owner, locked.Created.UTC().Format("2006-01-02 15:04:05Z"), locked.Operation, locked.ID, shell.Quote(wr.entry.Dir.Name), shell.Quote(locked.ID))}
}

func runIDs(holders []state.PreviousHolder) []runid.ID {
	var runs []runid.ID
	for _, h := range holders {
		runs = append(runs, h.Run)
	}
	return runs
}

// matchesHolder reports whether the holder made the lock: by lock id if known, else same user
// and host while the lease was held (a person can work there before or after). All times come
// from that host's clock; Terraform may truncate its time to seconds.
func matchesHolder(locked *terraform.LockedError, h state.PreviousHolder) bool {
	if h.LockID != "" {
		return locked.ID == h.LockID
	}
	return locked.Owner == h.Process.User &&
		!locked.Created.Before(h.ActiveSince.Add(-time.Second)) && !locked.Created.After(h.ActiveUntil)
}
