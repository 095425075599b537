package ui

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// LogOptions says what is logged, and how.
type LogOptions struct {
	Text  bool // text for people, instead of JSON: warnings and errors only
	Quiet bool // errors only
	// Results: lines with a workspace's outcome, too. A command that prints its results does
	// not need them.
	Results bool
}

// NewLogger returns a logger that writes to w.
func NewLogger(w io.Writer, o LogOptions) *slog.Logger {
	level := slog.LevelInfo
	switch {
	case o.Quiet:
		level = slog.LevelError
	case o.Text:
		level = slog.LevelWarn
	}
	handler := slog.Handler(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: formatDuration}))
	if o.Text {
		handler = slog.NewTextHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: formatForPeople})
	}
	if !o.Results {
		handler = &outcomeFilter{Handler: handler}
	}
	return slog.New(handler)
}

// outcomeFilter drops lines with a workspace's outcome.
type outcomeFilter struct {
	slog.Handler
	hasOutcome bool
}

// Enabled implements slog.Handler.
func (f *outcomeFilter) Enabled(ctx context.Context, level slog.Level) bool {
	return !f.hasOutcome && f.Handler.Enabled(ctx, level)
}

// WithAttrs implements slog.Handler.
func (f *outcomeFilter) WithAttrs(attrs []slog.Attr) slog.Handler {
	outcome := slices.ContainsFunc(attrs, func(a slog.Attr) bool { return a.Key == "outcome" })
	return &outcomeFilter{f.Handler.WithAttrs(attrs), f.hasOutcome || outcome}
}

// WithGroup implements slog.Handler.
func (f *outcomeFilter) WithGroup(name string) slog.Handler {
	return &outcomeFilter{f.Handler.WithGroup(name), f.hasOutcome}
}

// formatDuration writes a duration as 1.5s: in JSON it would be a number of nanoseconds.
func formatDuration(_ []string, attr slog.Attr) slog.Attr {
	if attr.Value.Kind() == slog.KindDuration {
		return slog.String(attr.Key, attr.Value.Duration().Round(time.Millisecond).String())
	}
	return attr
}

// formatForPeople writes a duration as formatDuration does, and of the time only the clock.
func formatForPeople(groups []string, attr slog.Attr) slog.Attr {
	if len(groups) == 0 && attr.Key == slog.TimeKey {
		return slog.String(slog.TimeKey, attr.Value.Time().Format("15:04:05"))
	}
	return formatDuration(groups, attr)
}

// ScreenWriter writes lines to where they belong, or above the live view while there is one:
// all are on the same screen.
type ScreenWriter struct {
	mu sync.Mutex
	w  io.Writer
}

// NewScreenWriter returns a ScreenWriter that writes to w.
func NewScreenWriter(w io.Writer) *ScreenWriter { return &ScreenWriter{w: w} }

// Write implements io.Writer.
func (l *ScreenWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// redirect sends the lines to w until restore is called.
func (l *ScreenWriter) redirect(w io.Writer) (restore func()) {
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
