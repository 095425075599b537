package main

import (
	"io"
	"log/slog"
	"os"

	"reconcile/cmd/reconcile/internal/ui"
	"reconcile/internal/visible"
)

// app holds the settings of a command and its input and output.
type app struct {
	settings settings
	in       io.Reader
	out      io.Writer  // results: text or JSON
	stdout   *ui.Stdout // behind out
	err      io.Writer  // logs and errors
	// terminal is out, if out is a terminal that can be redrawn; else nil.
	terminal *os.File
	log      *slog.Logger
	logs     *ui.LogWriter // behind log
}

func newApp() *app {
	a := &app{in: os.Stdin, stdout: ui.NewStdout(os.Stdout), err: visible.NewWriter(os.Stderr)}
	if ui.IsTerminal(os.Stdout) {
		a.terminal = os.Stdout
	}
	a.out = visible.NewWriter(ui.ColorWriter(os.Stdout, a.stdout))
	a.logs = ui.NewLogWriter(visible.NewJSONWriter(os.Stderr))
	a.log = ui.NewLogger(a.logs, ui.IsTerminal(os.Stderr))
	return a
}

// wantsJSON reports whether output is JSON.
func (a *app) wantsJSON() bool { return a.settings.Output == "json" }

// redrawable returns the terminal that output goes to, if it can be redrawn; else nil.
func (a *app) redrawable() *os.File {
	if a.terminal == nil || a.wantsJSON() || !ui.OwnsTerminal(a.terminal) {
		return nil
	}
	return a.terminal
}

// width returns the width of the terminal, or noWidth without one.
func (a *app) width() int { return ui.Width(a.terminal) }
