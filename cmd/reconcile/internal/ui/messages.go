package ui

import (
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"reconcile/reconciler/notify/catalog"
	"reconcile/reconciler/run"
)

// LinePrinter returns a function that writes a line for people, translated.
func LinePrinter(w io.Writer, t *catalog.Translator) func(string) {
	return func(line string) { fmt.Fprintf(w, "reconcile: %s\n", t.Translate(line)) }
}

// PrintError prints an error and what to do next, translated.
func PrintError(stderr io.Writer, t *catalog.Translator, message, hint string) {
	message, hint = t.Translate(message), t.Translate(hint)
	width := noWidth
	if f, ok := fileOf(stderr).(*os.File); ok && IsTerminal(f) {
		width = Width(f)
	}
	PrintWrapped(stderr, width, "reconcile: ", message)
	if hint != "" {
		PrintWrapped(stderr, width, "  → ", hint)
	}
}

// fileOf returns what a writer that escapes control characters writes to; else the writer.
func fileOf(w io.Writer) io.Writer {
	if wrapper, isWrapper := w.(interface{ Unwrap() io.Writer }); isWrapper {
		return wrapper.Unwrap()
	}
	return w
}

// PrintPanic reports a panic and returns the exit code for it.
func PrintPanic(stderr io.Writer, t *catalog.Translator, value any, stack []byte) int {
	PrintError(stderr, t,
		fmt.Sprintf("internal error: %v\n\n%s", value, stack),
		"nothing is recorded as applied that was not; run the command again and report the lines above")
	return run.ExitInternal
}

// RecoverExit ends the program with a report if the goroutine panics. It must be deferred
// first in each goroutine that a command starts: the recover of the command covers none.
func RecoverExit(stderr io.Writer, t *catalog.Translator) {
	if p := recover(); p != nil {
		os.Exit(PrintPanic(stderr, t, p, debug.Stack()))
	}
}
