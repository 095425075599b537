package main

import (
	"io"
	"log/slog"
	"sync"
)

// newLogger logs as text where people read along, and as JSON elsewhere. On a
// terminal the command's own output already tells the normal course.
func newLogger(w io.Writer, terminal bool) *slog.Logger {
	if terminal {
		return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelWarn, ReplaceAttr: shortTime}))
	}
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: slog.LevelInfo}))
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
