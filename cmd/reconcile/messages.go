package main

import (
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"reconcile/reconciler/run"
)

// linePrinter returns a function that writes a line for people.
func linePrinter(w io.Writer) func(string) {
	return func(line string) { fmt.Fprintf(w, "reconcile: %s\n", line) }
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
