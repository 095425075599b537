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
	"sync"
	"syscall"
	"testing"
	"time"

	"reconcile/cmd/reconcile/internal/gctuning"
	"reconcile/internal/programtest"
)

// cost is what one run of something took.
type cost struct {
	wall time.Duration
	cpu  time.Duration // user and system, with the children that it waited for
}

// runProcess runs a whole process, which must end with the exit code want.
func runProcess(b *testing.B, want int, cmd *exec.Cmd) cost {
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

// peakMemory runs cmd and returns its peak memory in MiB. A process inherits the peak
// of its parent, and ours is large. So a small process between them reports it.
func peakMemory(b *testing.B, cmd *exec.Cmd) float64 {
	b.Helper()
	const script = "import resource, subprocess, sys\n" +
		"subprocess.run(sys.argv[1:], check=True, stdout=sys.stderr)\n" +
		"print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
	wrapper := exec.Command("python3", append([]string{"-c", script}, cmd.Args...)...)
	wrapper.Env = cmd.Env
	out, err := wrapper.Output()
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

// runInProcess runs something in this process, which collects garbage when the program would.
// Its CPU time is that of the whole process, garbage collection included, and of its children.
func runInProcess(b *testing.B, command func() error) cost {
	b.Helper()
	delayCollections()
	start, cpuBefore := time.Now(), ownCPUTime(b)
	if err := command(); err != nil {
		b.Fatal(err)
	}
	return cost{wall: time.Since(start), cpu: ownCPUTime(b) - cpuBefore}
}

// delayCollections is what main does about them.
var delayCollections = sync.OnceFunc(gctuning.Delay)

func ownCPUTime(b *testing.B) (sum time.Duration) {
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var usage syscall.Rusage
		if err := syscall.Getrusage(who, &usage); err != nil {
			b.Fatal(err)
		}
		sum += time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	}
	return sum
}

// bound is the largest ratio of our costs to the anchor's at which a row passes.
type bound struct{ wall, cpu float64 }

// compareCosts runs the two in turn, so that a machine whose speed drifts drifts for
// both, and reports the medians, and of the ratios, pair by pair, their median.
// A ratio below 1 says that ours is faster, or takes less of the processors. The row
// fails above its bound.
func compareCosts(b *testing.B, highest bound, subject, anchor func() cost) {
	b.Helper()
	var a, z []cost
	var wall, cpu []float64
	for b.Loop() {
		x, y := subject(), anchor()
		a, z = append(a, x), append(z, y)
		wall = append(wall, float64(x.wall)/float64(y.wall))
		cpu = append(cpu, float64(x.cpu)/float64(y.cpu))
	}
	reportMedians(b, a, "")
	reportMedians(b, z, "anchor-")
	b.ReportMetric(median(wall), "ratio")
	b.ReportMetric(median(cpu), "cpu-ratio")
	checkBound(b, "processor time", "times the anchor's", median(cpu), highest.cpu)
	if os.Getenv("BENCH_BOUNDS") != "cpu" { // other work on the machine lengthens wall time
		checkBound(b, "time", "times the anchor's", median(wall), highest.wall)
	}
}

// checkBound fails the row if value is above its bound.
func checkBound(b *testing.B, what, unit string, value, highest float64) {
	if value > highest {
		b.Errorf("%s: %.3g %s; the bound is %.3g", what, value, unit, highest)
	}
}

// reportMedians reports the medians of costs.
func reportMedians(b *testing.B, costs []cost, prefix string) {
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

// buildProgram builds this program as it is released, and installs it. A copy is what people run:
// what the linker wrote through a mapping is in memory in pages of 4 KiB, and starts more slowly.
func buildProgram(b *testing.B) string {
	b.Helper()
	dir := b.TempDir()
	built, path := filepath.Join(dir, "built"), filepath.Join(dir, "reconcile")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", built, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("go build: %v\n%s", err, out)
	}
	content, err := os.ReadFile(built)
	if err != nil {
		b.Fatal(err)
	}
	programtest.Write(b, path, string(content))
	return path
}

// findTool finds a program that `make bench` installs.
func findTool(b *testing.B, name string) string {
	b.Helper()
	path, err := exec.LookPath(name) // TestMain adds the tests' cache
	if err != nil {
		b.Fatalf("%s is needed: run `make bench`, which installs it", name)
	}
	return path
}
