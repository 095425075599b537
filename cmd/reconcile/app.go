package main

import (
	"io"
	"log/slog"
	"os"

	"reconcile/internal/visible"
)

// app is what every command runs with: the settings, and where it reads and
// writes.
type app struct {
	settings
	in     io.Reader
	out    io.Writer // what was asked for: text, or JSON
	stdout *stdout   // behind out
	err    io.Writer // logs, and what went wrong
	// terminal is where out can be redrawn; nil where out is none.
	terminal *os.File
	log      *slog.Logger
	logs     *logWriter // behind log
}

func newApp() *app {
	a := &app{in: os.Stdin, stdout: &stdout{to: os.Stdout}, err: visible.Writer(os.Stderr)}
	if isTerminal(os.Stdout) {
		a.terminal = os.Stdout
	}
	a.out = visible.Writer(colours(os.Stdout, a.stdout))
	a.logs = &logWriter{to: visible.JSONWriter(os.Stderr)}
	a.log = newLogger(a.logs, isTerminal(os.Stderr))
	return a
}

// json says whether output is for programs.
func (a *app) json() bool { return a.Output == "json" }

// live says whether output can be redrawn.
func (a *app) live() bool { return a.terminal != nil && !a.json() && foreground(a.terminal) }
