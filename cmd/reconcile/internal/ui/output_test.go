package ui

import (
	"testing"
	"time"

	"reconcile/reconciler/notify/catalog"
)

func TestFormatDuration(t *testing.T) {
	t.Parallel()
	english, err := catalog.NewTranslator("en")
	if err != nil {
		t.Fatal(err)
	}
	for d, want := range map[time.Duration]string{
		-240 * time.Hour: "0.0s", 400 * time.Millisecond: "0.4s", 12 * time.Second: "12s",
		3*time.Minute + 5*time.Second: "3m05s", 62 * time.Minute: "1h02m",
	} {
		if got := FormatDuration(english, d); got != want {
			t.Errorf("%s: %q, want %q", d, got, want)
		}
	}
}
