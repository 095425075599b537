package reconciler

import (
	"context"
	"fmt"
	"time"

	"reconcile/reconciler/terraform"
	"reconcile/state"
)

// free frees Terraform's own lock when a run of ours left it behind: it fits a
// holder of our lease that never released it, or that had to kill Terraform,
// and the process that made it is provably dead. A live holder's lock freed
// would lose updates, since backends write states unconditionally; so in every
// other case the workspace waits.
func (v *visit) free(ctx context.Context, locked *terraform.LockedError) error {
	for _, h := range v.lease.Dead() {
		if !fits(locked, h) {
			continue
		}
		dead, err := h.Ended, error(nil)
		if !dead {
			dead, err = v.Record.Dead(ctx, h.Process)
		}
		if err != nil {
			v.log.Warn("cannot tell whether the process that holds Terraform's lock is alive", "error", err)
		}
		if !dead {
			continue
		}
		v.log.Info("freeing Terraform's lock that a killed run left behind", "lock", locked.ID, "by", h.Run)
		if err := v.session.ForceUnlock(ctx, locked.ID); err != nil {
			return fmt.Errorf("free Terraform's lock %s, left by run %s: %w", locked.ID, h.Run, err)
		}
		return nil
	}
	if locked.Who == "" {
		return &waitError{retry: true, why: fmt.Sprintf(
			"Terraform's state lock %s is held, and its backend does not tell by whom; if nobody is applying there: `reconcile unlock %s --state-lock %[1]s`", locked.ID, v.it.Name)}
	}
	return &waitError{retry: true, why: fmt.Sprintf(
		"Terraform's state lock is held by %s since %s (%s, %s); if nobody is applying there: `reconcile unlock %s --state-lock %s`",
		locked.Who, locked.Created.UTC().Format("2006-01-02 15:04:05Z"), locked.Operation, locked.ID, v.it.Name, locked.ID)}
}

// runsOf are the ids of the runs that held a lease.
func runsOf(holders []state.Holder) []string {
	var runs []string
	for _, h := range holders {
		runs = append(runs, h.Run)
	}
	return runs
}

// fits tells whether a lock could have been made by a holder: by the same
// user on the same host, while the lease was held. (A person can work there
// too, before or after.) All times are of that host's clock; Terraform's may
// be cut to seconds.
// The id of the lock says more, where it is known.
func fits(locked *terraform.LockedError, h state.Holder) bool {
	if h.Lock != "" {
		return locked.ID == h.Lock
	}
	return locked.Who == h.Process.User &&
		!locked.Created.Before(h.TakenAt.Add(-time.Second)) && !locked.Created.After(h.Until)
}
