package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"reconcile/reconciler"
	"reconcile/state"
)

// exitOutput is the exit code of a command that did its work and could not
// write its output.
const exitOutput = 74

// usageError is wrong usage: of a flag, an argument or an environment
// variable. Help names the command or setting that would be right.
type usageError struct {
	err  error
	help string
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func usagef(help, format string, args ...any) error {
	return &usageError{err: fmt.Errorf(format, args...), help: help}
}

// exitStatus ends a command with an exit code after all that there is to say
// was printed.
type exitStatus int

func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// status turns the exit code of a pass into a command's result.
func status(code int) error {
	if code == reconciler.ExitOK {
		return nil
	}
	return exitStatus(code)
}

// exitCode prints err for people, with what helps, and returns the exit code
// that it stands for.
func exitCode(stderr io.Writer, err error) int {
	var (
		code  exitStatus
		usage *usageError
		busy  *state.BusyError
		ours  *reconciler.FaultError
		kept  *notFreed
		help  string
		exit  = reconciler.ExitFailed
	)
	switch {
	case err == nil:
		return reconciler.ExitOK
	case errors.As(err, &code):
		return int(code)
	case errors.As(err, &ours):
		return fault(stderr, ours.Value, ours.Stack)
	case errors.As(err, &usage):
		exit, help = reconciler.ExitUsage, usage.help
	case errors.As(err, &busy):
		exit = reconciler.ExitBusy
	case errors.As(err, &kept):
		exit, help = reconciler.ExitBusy, kept.help
	case errors.Is(err, state.ErrNewer):
		help = "install that version or a newer one; this one changed nothing"
	case errors.Is(err, state.ErrConflict):
		exit = reconciler.ExitBusy
		help = "run the command again"
	case errors.Is(err, os.ErrPermission):
		help = "see `reconcile doctor`"
	}
	complain(stderr, err.Error(), help)
	return exit
}

// complain says what went wrong and what to do next.
func complain(stderr io.Writer, message, help string) {
	width := noWidth
	if f, ok := stderr.(*os.File); ok && isTerminal(f) {
		width = widthOf(f)
	}
	wrapped(stderr, width, "reconcile: ", message)
	if help != "" {
		wrapped(stderr, width, "  → ", help)
	}
}

// fault reports a panic and returns the exit code for it.
func fault(stderr io.Writer, value any, stack []byte) int {
	complain(stderr,
		fmt.Sprintf("a fault of ours: %v\n\n%s", value, stack),
		"nothing is recorded as applied that was not; run the command again, and please report the lines above")
	return reconciler.ExitFault
}

// guard is deferred first in each goroutine that this package starts: run's
// recover cannot reach those.
func guard(stderr io.Writer) {
	if p := recover(); p != nil {
		os.Exit(fault(stderr, p, debug.Stack()))
	}
}
