package main

import (
	"testing"
	"time"
)

// A rollout is looked at each minute, however long the interval is, and while passes fail.
func TestWatchLooksAtRollouts(t *testing.T) {
	t.Parallel()
	w := &watcher{interval: time.Hour, maxWait: time.Hour, failures: 3}
	if got := w.nextInterval(); got < 30*time.Minute {
		t.Errorf("without a rollout the next pass is in %s", got)
	}
	w.hasRollout = true
	if got := w.nextInterval(); got > 2*time.Minute {
		t.Errorf("with a rollout the next pass is in %s", got)
	}
}
