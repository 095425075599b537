package main

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"sync"
)

// newLogger logs as text where people read along, and as JSON elsewhere.
func newLogger(w io.Writer, terminal bool) *slog.Logger {
	if terminal {
		return readerLogger(w)
	}
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: slog.LevelInfo}))
}

// readerLogger is for people who read the command's own output as well: that
// tells the normal course, and what became of each workspace.
func readerLogger(w io.Writer) *slog.Logger {
	text := slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelWarn, ReplaceAttr: shortTime})
	return slog.New(&withoutOutcomes{Handler: text})
}

// withoutOutcomes leaves out the lines that tell a workspace's outcome.
type withoutOutcomes struct {
	slog.Handler
	outcome bool
}

// Enabled implements slog.Handler.
func (h *withoutOutcomes) Enabled(ctx context.Context, level slog.Level) bool {
	return !h.outcome && h.Handler.Enabled(ctx, level)
}

// WithAttrs implements slog.Handler.
func (h *withoutOutcomes) WithAttrs(attrs []slog.Attr) slog.Handler {
	outcome := slices.ContainsFunc(attrs, func(a slog.Attr) bool { return a.Key == "outcome" })
	return &withoutOutcomes{h.Handler.WithAttrs(attrs), h.outcome || outcome}
}

// WithGroup implements slog.Handler.
func (h *withoutOutcomes) WithGroup(name string) slog.Handler {
	return &withoutOutcomes{h.Handler.WithGroup(name), h.outcome}
}

func shortTime(groups []string, attr slog.Attr) slog.Attr {
	if len(groups) == 0 && attr.Key == slog.TimeKey {
		return slog.String(slog.TimeKey, attr.Value.Time().Format("15:04:05"))
	}
	return attr
}

// logWriter writes logs to stderr, or above the live view while there is one:
// both are on the same screen.
type logWriter struct {
	mu sync.Mutex
	to io.Writer
}

func (l *logWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.to.Write(p)
}

// divert sends what is logged from now on to w, and returns what undoes it.
func (l *logWriter) divert(w io.Writer) (restore func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := l.to
	l.to = w
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.to = before
	}
}
