package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// cost is what one run of something took.
type cost struct {
	wall time.Duration
	cpu  time.Duration // user and system, with the children that it waited for
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
	return cost{wall, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
}

// peak is the most memory that a run of cmd had, in MiB. A process inherits
// the peak of the one that started it, and ours is large: a small one between
// them tells of its child alone.
func peak(b *testing.B, cmd *exec.Cmd) float64 {
	b.Helper()
	const script = "import resource, subprocess, sys\n" +
		"subprocess.run(sys.argv[1:], check=True, stdout=sys.stderr)\n" +
		"print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
	between := exec.Command("python3", append([]string{"-c", script}, cmd.Args...)...)
	between.Env = cmd.Env
	out, err := between.Output()
	if err != nil {
		b.Fatal(err)
	}
	size, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
	if err != nil {
		b.Fatal(err)
	}
	if runtime.GOOS == "darwin" {
		return size / (1 << 20) // it counts in bytes there, elsewhere in KiB
	}
	return size / (1 << 10)
}

// inside runs something in this process. Its CPU time is that of the whole
// process, garbage collection included, and of its children.
func inside(b *testing.B, run func() error) cost {
	b.Helper()
	start, before := time.Now(), ourCPU(b)
	if err := run(); err != nil {
		b.Fatal(err)
	}
	return cost{wall: time.Since(start), cpu: ourCPU(b) - before}
}

func ourCPU(b *testing.B) (sum time.Duration) {
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var usage syscall.Rusage
		if err := syscall.Getrusage(who, &usage); err != nil {
			b.Fatal(err)
		}
		sum += time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	}
	return sum
}

// duel runs the two in turn, so that a machine whose speed drifts drifts for
// both, and reports the medians, and of the ratios, pair by pair, their median.
// A ratio below 1 says that ours is faster, or takes less of the processors.
func duel(b *testing.B, ours, anchor func() cost) {
	b.Helper()
	var a, z []cost
	var wall, cpu []float64
	for b.Loop() {
		x, y := ours(), anchor()
		a, z = append(a, x), append(z, y)
		wall = append(wall, float64(x.wall)/float64(y.wall))
		cpu = append(cpu, float64(x.cpu)/float64(y.cpu))
	}
	medians(b, a, "")
	medians(b, z, "anchor-")
	b.ReportMetric(median(wall), "ratio")
	b.ReportMetric(median(cpu), "cpu-ratio")
}

// medians reports those of costs.
func medians(b *testing.B, costs []cost, prefix string) {
	var wall, cpu []float64
	for _, c := range costs {
		wall = append(wall, c.wall.Seconds()*1e3)
		cpu = append(cpu, c.cpu.Seconds()*1e3)
	}
	b.ReportMetric(0, "ns/op") // of a pair: it says nothing
	b.ReportMetric(median(wall), prefix+"ms")
	b.ReportMetric(median(cpu), prefix+"cpu-ms")
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
