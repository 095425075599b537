package main

import (
	"io"
	"log/slog"
	"os"

	"reconcile/internal/visible"
)

// app holds the settings of a command and its input and output.
type app struct {
	settings settings
	in       io.Reader
	out      io.Writer     // results: text or JSON
	stdout   *stdoutWriter // behind out
	err      io.Writer     // logs and errors
	// terminal is out, if out is a terminal that can be redrawn; else nil.
	terminal *os.File
	log      *slog.Logger
	logs     *logWriter // behind log
}

func newApp() *app {
	a := &app{in: os.Stdin, stdout: newStdoutWriter(os.Stdout), err: visible.NewWriter(os.Stderr)}
	if isTerminal(os.Stdout) {
		a.terminal = os.Stdout
	}
	a.out = visible.NewWriter(colorWriter(os.Stdout, a.stdout))
	a.logs = newLogWriter(visible.NewJSONWriter(os.Stderr))
	a.log = newLogger(a.logs, isTerminal(os.Stderr))
	return a
}

// wantsJSON reports whether output is JSON.
func (a *app) wantsJSON() bool { return a.settings.Output == "json" }

// redrawable returns the terminal that output goes to, if it can be redrawn; else nil.
func (a *app) redrawable() *os.File {
	if a.terminal == nil || a.wantsJSON() || !ownsTerminal(a.terminal) {
		return nil
	}
	return a.terminal
}

// width returns the width of the terminal, or noWidth without one.
func (a *app) width() int { return terminalWidth(a.terminal) }
