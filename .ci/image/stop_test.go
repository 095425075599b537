//go:build linux

package image

import (
	"bufio"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// As the first process of a container reconcile gets no signal that it does
// not ask for, and nobody else passes one on.
func TestStopsOnSIGTERM(t *testing.T) {
	c := start(t)
	cmd := c.command(t.Context(), t, "watch")
	info, give, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Args = slices.Insert(cmd.Args, 1, "--info-fd", "3") // tells the process's id outside
	cmd.ExtraFiles = []*os.File{give}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	give.Close()

	passed := false
	for lines := bufio.NewScanner(stdout); !passed && lines.Scan(); {
		passed = strings.Contains(lines.Text(), "2 applied")
	}
	if !passed {
		cmd.Wait()
		t.Fatalf("watch ended before its first pass did:\n%s", &stderr)
	}
	var process struct {
		PID int `json:"child-pid"`
	}
	if err := json.NewDecoder(info).Decode(&process); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(process.PID, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v\n%s", err, &stderr)
	}
}
