package state

import (
	"errors"
	"fmt"
	"time"
)

// Errors of the rules. Match with errors.Is.
var (
	// ErrTipMoved: the record has adopted another tip than the one that this pass works
	// on. The pass must start again.
	ErrTipMoved = errors.New("the record has adopted another tip")
	// ErrLeaseLost: the lease is not ours any more, or may not be. Work under it must
	// stop.
	ErrLeaseLost = errors.New("the lease is lost")
)

// IsRetryable reports whether a write that failed with err may succeed when it is tried
// again: no other run has overtaken it, and a store could take it.
func IsRetryable(err error) bool {
	for _, permanent := range []error{ErrConflict, ErrLeaseLost, ErrTipMoved, ErrNewerSchema, ErrUnstorable, ErrNotOffered, ErrApprovalGone} {
		if errors.Is(err, permanent) {
			return false
		}
	}
	var corrupt *CorruptError
	return !errors.As(err, &corrupt)
}

// BusyError reports that another run holds the requested lease.
type BusyError struct{ Lease LeaseItem }

func (e *BusyError) Error() string {
	l := e.Lease
	return fmt.Sprintf("workspace %s: run %s on %s has held the lease since %s: wait, or, if that run is dead, run: reconcile unlock %s",
		l.Workspace, l.Run, l.Process, l.AcquiredAt.UTC().Format(time.RFC3339), l.Workspace)
}

// CorruptError reports that an item of the record cannot be what this program wrote.
type CorruptError struct {
	Key Key
	Err error
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("item %s of record %s is corrupt (restore it from a backup, then run: reconcile distrust): %v", e.Key.SK, e.Key.PK, e.Err)
}

func (e *CorruptError) Unwrap() error { return e.Err }
