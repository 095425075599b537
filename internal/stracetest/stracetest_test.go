package stracetest

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestDropMessages makes strace complain of a child that it did not start.
func TestDropMessages(t *testing.T) {
	t.Parallel()
	log := filepath.Join(t.TempDir(), "log")
	args := append(Args(t, "%file"), "-o", log, "sh", "-c", "echo first; echo last")
	output, err := exec.CommandContext(t.Context(), "sh", append([]string{"-c", `true & exec "$@"`, "sh"}, args...)...).CombinedOutput()
	if err != nil || !strings.Contains(string(output), "unknown pid") {
		t.Fatalf("%v: %s", err, output)
	}
	if got, want := DropMessages(string(output)), "first\nlast\n"; got != want {
		t.Errorf("%q from %q, want %q", got, output, want)
	}
	ReadLog(t, log)
}
