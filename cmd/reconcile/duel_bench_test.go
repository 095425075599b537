package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"
)

// cost is what one run of something took.
type cost struct {
	wall time.Duration
	cpu  time.Duration // user and system, with the children that it waited for
	rss  float64       // peak, MiB; 0 where it is not a process of its own
}

// process runs a whole process, which must end with the exit code want.
func process(b *testing.B, want int, cmd *exec.Cmd) cost {
	b.Helper()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	start := time.Now()
	err := cmd.Run()
	wall := time.Since(start)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || cmd.ProcessState.ExitCode() != want {
		b.Fatalf("%v: %v, want exit code %d\n%s", cmd.Args, err, want, &stderr)
	}
	state := cmd.ProcessState
	return cost{wall, state.UserTime() + state.SystemTime(), peak(state.SysUsage().(*syscall.Rusage))}
}

// peak is the largest size that a process had in memory, in MiB.
func peak(usage *syscall.Rusage) float64 {
	unit := 1 << 10
	if runtime.GOOS == "darwin" {
		unit = 1
	}
	return float64(usage.Maxrss) * float64(unit) / (1 << 20)
}

// inside runs something in this process. Its CPU time is that of the whole
// process, garbage collection included.
func inside(b *testing.B, run func() error) cost {
	b.Helper()
	start, before := time.Now(), ownCPU(b)
	if err := run(); err != nil {
		b.Fatal(err)
	}
	return cost{wall: time.Since(start), cpu: ownCPU(b) - before}
}

func ownCPU(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// duel runs the two in turn, so that a machine whose speed drifts drifts for
// both, and reports the medians and the median of the ratios, pair by pair. A
// ratio below 1 says that ours is faster.
func duel(b *testing.B, ours, anchor func() cost) {
	b.Helper()
	var a, z []cost
	var ratios []float64
	for b.Loop() {
		a, z = append(a, ours()), append(z, anchor())
		ratios = append(ratios, float64(a[len(a)-1].wall)/float64(z[len(z)-1].wall))
	}
	medians(b, a, "")
	medians(b, z, "anchor-")
	b.ReportMetric(median(ratios), "ratio")
}

// medians reports those of costs.
func medians(b *testing.B, costs []cost, prefix string) {
	var wall, cpu, rss []float64
	for _, c := range costs {
		wall = append(wall, c.wall.Seconds()*1e3)
		cpu = append(cpu, c.cpu.Seconds()*1e3)
		rss = append(rss, c.rss)
	}
	b.ReportMetric(0, "ns/op") // of a pair: it says nothing
	b.ReportMetric(median(wall), prefix+"ms")
	b.ReportMetric(median(cpu), prefix+"cpu-ms")
	if most := slices.Max(rss); most > 0 {
		b.ReportMetric(most, prefix+"MiB")
	}
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// builtProgram is this program as it is released.
func builtProgram(b *testing.B) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "reconcile")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}

// benchTool is a program that `make bench` installs.
func benchTool(b *testing.B, name string) string {
	b.Helper()
	path, err := exec.LookPath(name) // TestMain adds the tests' cache
	if err != nil {
		b.Fatalf("%s is needed: run `make bench`, which installs it", name)
	}
	return path
}
