package state

import (
	"errors"
	"fmt"
	"time"
)

// Errors of the rules. Match with errors.Is.
var (
	// ErrTipMoved: the record has adopted another tip than the one that this
	// pass works on: it must start again.
	ErrTipMoved = errors.New("the record has moved on to another tip")
	// ErrLeaseLost: the lease is not ours any more, or we cannot be sure that
	// it is: work under it must stop.
	ErrLeaseLost = errors.New("the lease was lost")
)

// IsRetryable reports whether a write that failed with err may succeed when it is
// tried again: nobody has overtaken it, and a store could take it.
func IsRetryable(err error) bool {
	for _, permanent := range []error{ErrConflict, ErrLeaseLost, ErrTipMoved, ErrNewerSchema, ErrUnstorable} {
		if errors.Is(err, permanent) {
			return false
		}
	}
	var corrupt *CorruptError
	return !errors.As(err, &corrupt)
}

// BusyError says that another run holds a lease that was asked for.
type BusyError struct{ Lease LeaseItem }

func (e *BusyError) Error() string {
	l := e.Lease
	return fmt.Sprintf("workspace %s is held by run %s on %s since %s: wait for it to end, or, if it is known to be dead, free it with: reconcile unlock %s",
		l.Workspace, l.Run, l.Process, l.AcquiredAt.UTC().Format(time.RFC3339), l.Workspace)
}

// CorruptError says that an item of the record cannot be what this program
// wrote.
type CorruptError struct {
	Key Key
	Err error
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("item %s of record %s is damaged (restore it from a backup, then run: reconcile distrust): %v", e.Key.SK, e.Key.PK, e.Err)
}

func (e *CorruptError) Unwrap() error { return e.Err }
