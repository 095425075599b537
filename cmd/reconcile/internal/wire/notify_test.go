package wire

import (
	"log/slog"
	"strings"
	"testing"

	"reconcile/cmd/reconcile/internal/config"
)

// TestNotifiers checks that each value of --notify opens one channel, which no other value opens.
func TestNotifiers(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, value := range config.NotifyValues() {
		channel := value
		if strings.HasSuffix(value, "://") {
			channel += "example.com/1"
		}
		deps := New(t.Context(), &config.Settings{Notify: []string{channel}}, slog.New(slog.DiscardHandler))
		opened := deps.notifiers()
		if len(opened) != 1 || seen[opened[0].Channel()] {
			t.Errorf("%s opens %v", channel, opened)
			continue
		}
		seen[opened[0].Channel()] = true
	}
}
