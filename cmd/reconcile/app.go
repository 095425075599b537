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
	out    io.Writer     // what was asked for: text, or JSON
	stdout *stdoutWriter // behind out
	err    io.Writer     // logs, and what went wrong
	// terminal is where out can be redrawn; nil where out is none.
	terminal *os.File
	log      *slog.Logger
	logs     *logWriter // behind log
}

func newApp() *app {
	a := &app{in: os.Stdin, stdout: &stdoutWriter{w: os.Stdout}, err: visible.NewWriter(os.Stderr)}
	if isTerminal(os.Stdout) {
		a.terminal = os.Stdout
	}
	a.out = visible.NewWriter(colorWriter(os.Stdout, a.stdout))
	a.logs = &logWriter{w: visible.NewJSONWriter(os.Stderr)}
	a.log = newLogger(a.logs, isTerminal(os.Stderr))
	return a
}

// wantsJSON says whether output is for programs.
func (a *app) wantsJSON() bool { return a.Output == "json" }

// canRedraw says whether output can be redrawn.
func (a *app) canRedraw() bool {
	return a.terminal != nil && !a.wantsJSON() && ownsTerminal(a.terminal)
}
