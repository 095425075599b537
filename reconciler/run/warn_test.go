package run

import (
	"bytes"
	"log/slog"
	"slices"
	"strings"
	"testing"
)

// A warning is in the result of each run, and in the log of the first only.
func TestWarn(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	c := Config{Log: slog.New(slog.NewTextHandler(&log, nil))}
	c.SetDefaults()
	for range 2 {
		r := New(&c, Options{})
		r.Warn("one")
		r.Warn("one")
		r.Warn("two")
		if got := r.Result.Warnings; !slices.Equal(got, []string{"one", "two"}) {
			t.Errorf("in the result: %q", got)
		}
	}
	if n := strings.Count(log.String(), "level=WARN"); n != 2 {
		t.Errorf("%d lines: %s", n, log.String())
	}
}
