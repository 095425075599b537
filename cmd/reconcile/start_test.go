package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"reconcile/internal/testtier"
)

// TestStart builds the program and checks that what sets up its packages allocates less than the
// 4 MiB at which Go first collects garbage: main delays collections only after that.
func TestStart(t *testing.T) {
	t.Parallel()
	testtier.Needs(t, testtier.Program)
	program := filepath.Join(t.TempDir(), "reconcile")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.Command(program, "--version")
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1,gctrace=1", "GOGC=", "GOMEMLIMIT=")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	sum := 0
	for _, match := range regexp.MustCompile(`(?m)^init .* (\d+) bytes, \d+ allocs$`).FindAllSubmatch(out, -1) {
		n, err := strconv.Atoi(string(match[1]))
		if err != nil {
			t.Fatal(err)
		}
		sum += n
	}
	if sum == 0 || sum > 7<<19 {
		t.Errorf("packages allocate %d bytes, want at most 3.5 MiB, and not 0:\n%s", sum, out)
	}
	if strings.Contains(string(out), "gc 1 @") {
		t.Errorf("the start collects garbage:\n%s", out)
	}
}
