package run

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"reconcile/internal/runid"
	"reconcile/reconciler/terraform"
	"reconcile/state"
)

// CheckoutBusyError is returned when another pass on this machine uses the checkout.
type CheckoutBusyError struct{ File string }

func (e *CheckoutBusyError) Error() string {
	return fmt.Sprintf("another pass or preview on this machine uses the checkout (%s is locked): wait for it, or use another directory with --work", e.File)
}

// ClaimedError is returned for a workspace that waits for another pass of this process.
type ClaimedError struct {
	Run  runid.ID // works on it; "": another pass has the usual checkout, whose path matters
	Path string   // of the checkout that its plan mentions
}

func (e *ClaimedError) Error() string {
	if e.Run == "" {
		return fmt.Sprintf("its plan mentions the path of the checkout (%s), and another pass of this process has the one that it was applied in: the next pass after that continues", e.Path)
	}
	return fmt.Sprintf("run %s of this process works on it; the next pass after that continues", e.Run)
}

// BlockedError is why a workspace waits for a person.
type BlockedError struct {
	Reason    string
	Retry     bool // it may also pass by itself, so a later pass tries again
	RetrySoon bool // with Retry: in a minute, however often it was tried
	HasHold   bool // a hold represents it until the hold is removed
	Replan    bool // it may end although no input of its own changes, so each pass plans again
}

func (e *BlockedError) Error() string { return e.Reason }

// ClassifyError maps an error to a workspace outcome.
func ClassifyError(err error) state.Outcome {
	var busy *state.BusyError
	var checkoutBusy *CheckoutBusyError
	var claimed *ClaimedError
	var waits *BlockedError
	var errored *terraform.ErroredStateError
	switch {
	case errors.As(err, &busy), errors.As(err, &checkoutBusy), errors.As(err, &claimed):
		return state.Busy
	case errors.As(err, &waits), errors.As(err, &errored):
		return state.Blocked
	default:
		return state.Failed
	}
}

// ErrConcurrentUpdate is the error of work on a workspace whose record another run has
// changed meanwhile.
var ErrConcurrentUpdate = errors.New("another run has changed its record meanwhile")

// UnknownWorkspaceError is returned for a requested name that no workspace at the tip, or in
// a snapshot, has.
type UnknownWorkspaceError struct {
	Name       string
	Known      []string
	InSnapshot bool
}

func (e *UnknownWorkspaceError) Error() string {
	return fmt.Sprintf("no workspace %q %s; there are: %s", e.Name, e.Place(), strings.Join(e.Known, ", "))
}

// Place returns where the name was looked for, for people.
func (e *UnknownWorkspaceError) Place() string {
	if e.InSnapshot {
		return "in the snapshot"
	}
	return "at the tip"
}

// ValuesError is returned for a file of values that cannot be used with a snapshot.
type ValuesError struct{ File, Reason string }

func (e *ValuesError) Error() string { return fmt.Sprintf("values file %s %s", e.File, e.Reason) }

// IsMistake reports whether a run failed because of what it was asked for, such as a name that
// no workspace has. Nothing is wrong with passes then.
func IsMistake(err error) bool {
	var unknown *UnknownWorkspaceError
	var values *ValuesError
	return errors.As(err, &unknown) || errors.As(err, &values)
}

// CatchPanic calls f. A panic in f becomes a *PanicError.
func CatchPanic(f func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = &PanicError{Value: value, Stack: debug.Stack()}
		}
	}()
	return f()
}

// PanicError is a panic inside reconcile, recovered in one workspace. The other
// workspaces and the record are not affected. Programs exit with ExitInternal on it.
type PanicError struct {
	Value any
	Stack []byte
}

func (e *PanicError) Error() string {
	return fmt.Sprintf("internal error: %v (please report it with the stack in the log)", e.Value)
}
