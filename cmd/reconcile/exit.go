package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"reconcile/reconciler/run"
	"reconcile/state"
)

// exitOutput is the exit code of a command that succeeded but could not write its
// output.
const exitOutput = 74

// usageError is wrong usage of a flag, an argument or an environment variable. hint
// names the right command or setting.
type usageError struct {
	err  error
	hint string
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func usagef(hint, format string, args ...any) error {
	return &usageError{err: fmt.Errorf(format, args...), hint: hint}
}

// exitStatus ends a command with an exit code and prints nothing more.
type exitStatus int

func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// toExitStatus turns the exit code of a pass into a command's result.
func toExitStatus(code int) error {
	if code == run.ExitOK {
		return nil
	}
	return exitStatus(code)
}

// exitCode prints err with a hint and returns the exit code for it.
func exitCode(stderr io.Writer, err error) int {
	var (
		code     exitStatus
		usage    *usageError
		busy     *state.BusyError
		panicErr *run.PanicError
		heldErr  *leaseHeldError
		hint     string
		exit     = run.ExitFailed
	)
	switch {
	case err == nil:
		return run.ExitOK
	case errors.As(err, &code):
		return int(code)
	case errors.As(err, &panicErr):
		return exitPanic(stderr, panicErr.Value, panicErr.Stack)
	case errors.As(err, &usage):
		exit, hint = run.ExitUsage, usage.hint
	case errors.As(err, &busy):
		exit = run.ExitBusy
	case errors.As(err, &heldErr):
		exit, hint = run.ExitBusy, heldErr.hint
	case errors.Is(err, state.ErrNewerSchema):
		hint = "install that version or a newer one; this one changed nothing"
	case errors.Is(err, state.ErrConflict):
		exit = run.ExitBusy
		hint = "run the command again"
	case errors.Is(err, os.ErrPermission):
		hint = "see `reconcile doctor`"
	}
	printError(stderr, err.Error(), hint)
	return exit
}

// printError prints an error and what to do next.
func printError(stderr io.Writer, message, hint string) {
	width := noWidth
	if f, ok := stderr.(*os.File); ok && isTerminal(f) {
		width = terminalWidth(f)
	}
	printWrapped(stderr, width, "reconcile: ", message)
	if hint != "" {
		printWrapped(stderr, width, "  → ", hint)
	}
}

// exitPanic reports a panic and returns the exit code for it.
func exitPanic(stderr io.Writer, value any, stack []byte) int {
	printError(stderr,
		fmt.Sprintf("internal error: %v\n\n%s", value, stack),
		"the record is correct; run the command again and report the lines above")
	return run.ExitInternal
}

// recoverExit must be deferred first in each goroutine that this package starts: the
// recover in run does not cover goroutines.
func recoverExit(stderr io.Writer) {
	if p := recover(); p != nil {
		os.Exit(exitPanic(stderr, p, debug.Stack()))
	}
}
