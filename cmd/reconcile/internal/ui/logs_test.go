package ui

import (
	"strings"
	"testing"
	"time"
)

// TestDurationsInLogs checks that both formats of logs write durations for people.
func TestDurationsInLogs(t *testing.T) {
	t.Parallel()
	for _, options := range []LogOptions{{}, {Text: true}} {
		var out strings.Builder
		NewLogger(&out, options).Warn("will retry", "after", 1532913041*time.Nanosecond)
		if !strings.Contains(out.String(), "1.533s") {
			t.Errorf("%+v: %s", options, out.String())
		}
	}
}
