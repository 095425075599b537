package ui

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"sync"
)

// NewLogger logs text for people, or JSON; with quiet only errors.
func NewLogger(w io.Writer, isText, quiet bool) *slog.Logger {
	level := slog.LevelInfo
	if quiet {
		level = slog.LevelError
	}
	if isText {
		return newTextLogger(w, max(level, slog.LevelWarn))
	}
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level}))
}

// NewTextLogger logs warnings and errors only: the command's own output already shows
// progress and the result of each workspace.
func NewTextLogger(w io.Writer) *slog.Logger { return newTextLogger(w, slog.LevelWarn) }

func newTextLogger(w io.Writer, level slog.Level) *slog.Logger {
	text := slog.NewTextHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: formatTime})
	return slog.New(&outcomeFilter{Handler: text})
}

// outcomeFilter drops lines with a workspace's outcome.
type outcomeFilter struct {
	slog.Handler
	hasOutcome bool
}

// Enabled implements slog.Handler.
func (h *outcomeFilter) Enabled(ctx context.Context, level slog.Level) bool {
	return !h.hasOutcome && h.Handler.Enabled(ctx, level)
}

// WithAttrs implements slog.Handler.
func (h *outcomeFilter) WithAttrs(attrs []slog.Attr) slog.Handler {
	outcome := slices.ContainsFunc(attrs, func(a slog.Attr) bool { return a.Key == "outcome" })
	return &outcomeFilter{h.Handler.WithAttrs(attrs), h.hasOutcome || outcome}
}

// WithGroup implements slog.Handler.
func (h *outcomeFilter) WithGroup(name string) slog.Handler {
	return &outcomeFilter{h.Handler.WithGroup(name), h.hasOutcome}
}

func formatTime(groups []string, attr slog.Attr) slog.Attr {
	if len(groups) == 0 && attr.Key == slog.TimeKey {
		return slog.String(slog.TimeKey, attr.Value.Time().Format("15:04:05"))
	}
	return attr
}

// LogWriter writes logs to stderr, or above the live view while there is one:
// both are on the same screen.
type LogWriter struct {
	mu sync.Mutex
	w  io.Writer
}

// NewLogWriter returns a LogWriter that writes to w.
func NewLogWriter(w io.Writer) *LogWriter { return &LogWriter{w: w} }

// Write implements io.Writer.
func (l *LogWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// redirect sends the logs to w until restore is called.
func (l *LogWriter) redirect(w io.Writer) (restore func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	previous := l.w
	l.w = w
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.w = previous
	}
}
