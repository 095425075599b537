package telemetry_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"reconcile/cmd/reconcile/telemetry"
)

// The alarms and the dashboard are of metrics that there are, all of them are
// shown, and docs/metrics.md tells of each.
func TestNames(t *testing.T) {
	text := func(path string) string {
		b, err := os.ReadFile(filepath.FromSlash("../../../" + path))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	known := map[string]bool{}
	for _, m := range telemetry.Metrics {
		known[m.Name] = true
	}
	shown := map[string]bool{}
	for _, match := range regexp.MustCompile(`"(reconcile\.[a-z.]+)"`).FindAllStringSubmatch(text("modules/reconciler/alarms.tf"), -1) {
		shown[match[1]] = true
		if !known[match[1]] {
			t.Errorf("modules/reconciler shows %s, which nobody measures", match[1])
		}
	}
	documented := text("docs/metrics.md")
	for _, m := range telemetry.Metrics {
		if !shown[m.Name] {
			t.Errorf("modules/reconciler does not show %s", m.Name)
		}
		kind := map[telemetry.Kind]string{telemetry.Gauge: "gauge", telemetry.Counter: "counter", telemetry.Distribution: "histogram"}[m.Kind]
		if row := fmt.Sprintf("| `%s` | %s | %s |", m.Name, strings.Trim(m.Unit, "{}"), kind); !strings.Contains(documented, row) {
			t.Errorf("docs/metrics.md has no row that begins %s", row)
		}
	}
}
