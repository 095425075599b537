package retryafter

import (
	"net/http"
	"testing"
	"time"
)

// TestWait: a date counts from the server's clock, and what is not valid counts for nothing.
func TestWait(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	server := now.Add(-time.Hour) // our clock is an hour ahead
	tests := map[string]struct {
		after, date string
		want        time.Duration
		ok          bool
	}{
		"seconds":             {"7", "", 7 * time.Second, true},
		"none":                {"", "", 0, false},
		"negative":            {"-7", "", 0, false},
		"too many":            {"99999999999999999999", "", 0, false},
		"words":               {"soon", "", 0, false},
		"a date":              {server.Add(time.Minute).Format(http.TimeFormat), server.Format(http.TimeFormat), time.Minute, true},
		"a date in the past":  {server.Add(-time.Minute).Format(http.TimeFormat), server.Format(http.TimeFormat), 0, true},
		"a date, but no Date": {now.Add(time.Minute).Format(http.TimeFormat), "", time.Minute, true},
	}
	for name, test := range tests {
		header := http.Header{}
		header.Set("Retry-After", test.after)
		header.Set("Date", test.date)
		if got, ok := Wait(header, now); got != test.want || ok != test.ok {
			t.Errorf("%s: %s, %t", name, got, ok)
		}
	}
}
