package usage

import (
	"errors"
	"io/fs"
	"testing"
)

// TestErrorfHidesSecrets checks that an error about a setting does not show the secrets that
// its address may hold.
func TestErrorfHidesSecrets(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"https://ann:pa/ss@w@example.com/a": "https://example.com/a",
		"http://token@example.com":          "http://example.com",
		"https://example.com/a?token=x#y":   "https://example.com/a",
		"https://example.com/a":             "https://example.com/a",
		"ssh://git@example.com/a":           "ssh://git@example.com/a",
		"ecs://cluster/task?subnets=s":      "ecs://cluster/task?subnets=s",
		"notify=https://u:p@example.com":    "notify=https://example.com",
	} {
		err := Errorf("hint", "--notify %s: %w", value, fs.ErrInvalid)
		if got := err.Error(); got != "--notify "+want+": invalid argument" || !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("%s: %q", value, got)
		}
	}
}
