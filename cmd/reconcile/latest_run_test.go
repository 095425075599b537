package main

import (
	"testing"
	"time"

	"reconcile/internal/runid"
	"reconcile/state"
	"reconcile/state/statetest"
)

// A run that was recorded while a clock was ahead is not the latest one after the clock was set
// back, although its id sorts last.
func TestLatestRun(t *testing.T) {
	now := time.Now()
	record := state.New(statetest.NewMemory(), "r", state.Options{})
	if _, err := findLatestRun(t.Context(), record, now); err == nil {
		t.Error("there is a run in an empty record")
	}
	for _, c := range []struct {
		put       runid.ID
		startedAt time.Time
		want      runid.ID
	}{
		{"01Z2", now.Add(2 * time.Hour), "01Z2"}, // there is no other
		{"01Z1", now.Add(time.Hour), "01Z2"},
		{"01A1", now.Add(-time.Hour), "01A1"},
		{"01A2", now.Add(time.Minute), "01A2"}, // of a machine whose clock is a little ahead
	} {
		if err := record.PutRun(t.Context(), state.Run{ID: c.put, StartedAt: c.startedAt}); err != nil {
			t.Fatal(err)
		}
		if got, err := findLatestRun(t.Context(), record, now); err != nil || got.ID != c.want {
			t.Errorf("with %s: %s, %v, want %s", c.put, got.ID, err, c.want)
		}
	}
}
