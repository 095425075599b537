package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"reconcile/cmd/reconcile/internal/config"
	"reconcile/cmd/reconcile/internal/ui"
	"reconcile/cmd/reconcile/internal/usage"
	"reconcile/cmd/reconcile/internal/wire"
	"reconcile/cmd/reconcile/telemetry"
	"reconcile/internal/visible"
	"reconcile/reconciler/notify/catalog"
)

// app holds the settings of a command and its input and output.
type app struct {
	settings config.Settings
	in       io.Reader
	out      io.Writer  // results: text or JSON
	stdout   *ui.Stdout // behind out
	err      io.Writer  // logs and errors
	// terminal is out, if out is a terminal that can be redrawn; else nil.
	terminal *os.File
	log      *slog.Logger
	logs     *ui.ScreenWriter // behind log
	language string
	tr       *catalog.Translator // of out and err; logs and JSON are English
}

func newApp() *app {
	a := &app{in: os.Stdin, stdout: ui.NewStdout(os.Stdout), err: visible.NewWriter(os.Stderr)}
	if ui.IsTerminal(os.Stdout) {
		a.terminal = os.Stdout
	}
	a.out = visible.NewWriter(ui.ColorWriter(os.Stdout, a.stdout))
	a.logs = ui.NewScreenWriter(visible.NewJSONWriter(os.Stderr))
	a.log = ui.NewLogger(a.logs, ui.LogOptions{Text: ui.IsTerminal(os.Stderr)})
	return a
}

// chooseLanguage sets the language of what people read. One that does not exist is English
// here, and configureOutput reports it.
func (a *app) chooseLanguage(c *cobra.Command) {
	a.language = a.settings.Language(c)
	a.tr, _ = catalog.NewTranslator(a.language)
}

// configureOutput makes output and logs as the settings say.
func (a *app) configureOutput() error {
	s := &a.settings
	if err := s.CheckLang(); err != nil {
		return err
	}
	s.NoColor = s.NoColor || os.Getenv("NO_COLOR") != ""
	if s.NoColor {
		a.out = ui.PlainWriter(a.out)
	}
	if s.Quiet {
		a.terminal = nil
	}
	logs := ui.LogOptions{Quiet: s.Quiet}
	switch s.LogFormat {
	case config.LogAuto: // results once, also where both outputs go to one file
		logs.Text, logs.Results = ui.IsTerminal(os.Stderr), a.wantsJSON()
	case config.LogText:
		logs.Text = true
	case config.LogJSON:
		logs.Results = true
	default:
		return usage.Errorf("--log-format takes text, json or auto", "--log-format %s is not known", s.LogFormat)
	}
	a.log = ui.NewLogger(a.logs, logs)
	return nil
}

// wantsJSON reports whether output is JSON.
func (a *app) wantsJSON() bool { return a.settings.Output == "json" }

// redrawableTerminal returns the terminal that output goes to, if it can be redrawn; else nil.
func (a *app) redrawableTerminal() *os.File {
	if a.terminal == nil || a.wantsJSON() || !ui.OwnsTerminal(a.terminal) {
		return nil
	}
	return a.terminal
}

// width returns the width of the terminal, or noWidth without one.
func (a *app) width() int { return ui.Width(a.terminal) }

// printf prints a line in the language of the app.
func (a *app) printf(format string, values ...any) {
	fmt.Fprintln(a.out, a.tr.Sprintf(format, values...))
}

// printHint prints a faint line that says what to do next.
func (a *app) printHint(format string, values ...any) {
	fmt.Fprintln(a.out, ui.StyleFaint.Render("  → "+a.tr.Sprintf(format, values...)))
}

// columns returns columns with translated titles.
func (a *app) columns(columns ...ui.Column) []ui.Column {
	for i := range columns {
		columns[i].Title = a.tr.Text(columns[i].Title)
	}
	return columns
}

// linePrinter returns a function that writes a line for people to stderr.
func (a *app) linePrinter() func(string) {
	return ui.LinePrinter(a.err, a.tr)
}

// page writes what print writes, through a pager if it is longer than the terminal.
func (a *app) page(print func(out io.Writer)) error {
	terminal := a.redrawableTerminal()
	if terminal == nil {
		print(a.out)
		return nil
	}
	var text bytes.Buffer
	out := ui.ColorWriter(terminal, &text)
	if a.settings.NoColor {
		out = ui.PlainWriter(&text)
	}
	print(visible.NewWriter(out))
	return ui.Page(terminal, text.String())
}

// open resolves the settings and opens the dependencies of a command. The caller must
// call closeDeps.
func (a *app) open(ctx context.Context, uses wire.Uses) (*wire.Deps, error) {
	return wire.Open(ctx, &a.settings, a.log, uses)
}

// closeDeps closes the dependencies after a command has its result, and only logs errors.
func (a *app) closeDeps(deps *wire.Deps) {
	if err := deps.Close(); err != nil {
		a.log.Warn("could not close everything that was opened", "error", err)
	}
}

// openTelemetry returns nil if no telemetry is set. EMF lines go to the logs: stdout is
// for results, and logs are JSON lines too without a terminal.
func (a *app) openTelemetry() (*telemetry.Telemetry, error) {
	if err := a.settings.CheckTelemetry(); err != nil {
		return nil, err
	}
	tel, err := telemetry.Open(telemetry.Options{
		Metrics: a.settings.Metrics, Traces: a.settings.Traces, Version: version, EMFOutput: a.logs,
		OnError: func(err error) { a.log.Warn("could not send telemetry", "error", err) },
	})
	if err != nil {
		return nil, usage.Errorf("set it right, or --metrics none and --traces none", "%w", err)
	}
	return tel, nil
}

// closeTelemetry sends the rest and only logs errors.
func (a *app) closeTelemetry(ctx context.Context, tel *telemetry.Telemetry) {
	if err := tel.Close(ctx); err != nil {
		a.log.Warn(err.Error())
	}
}

// nextVersion is the version that CHANGELOG.md describes first.
const nextVersion = "0.1.0"

// version is set by the build: -ldflags "-X main.version=0.1.0".
var version = nextVersion + "-dev"
