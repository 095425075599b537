//go:build linux

package main

import (
	"context"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// As the first process of a container, reconcile gets only signals that it handles, and
// no other process forwards one.
func TestStopsOnSIGTERM(t *testing.T) {
	c := startImage(t)
	c.run(t, "doctor") // watch would retry errors forever
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := c.command(ctx, t, "watch", "-o", "json")
	info, infoWriter, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Args = slices.Insert(cmd.Args, 1, "--info-fd", "3") // reports the process id outside of the sandbox
	cmd.ExtraFiles = []*os.File{infoWriter}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	infoWriter.Close()

	var first result
	if err := json.NewDecoder(stdout).Decode(&first); err != nil || first.Outcome != "applied" {
		cancel()
		cmd.Wait()
		t.Fatalf("the first pass of watch: %+v, %v, want applied\n%s", first, err, &stderr)
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
