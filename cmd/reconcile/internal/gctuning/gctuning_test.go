package gctuning

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestChoosePercent checks that garbage collection is late for a small heap, and as Go does it
// for a large one.
func TestChoosePercent(t *testing.T) {
	for live, want := range map[uint64]uint64{0: minMemory, 5 << 20: minMemory, 12 << 20: minMemory, 20 << 20: 100 << 20, 60 << 20: 268 << 20, 100 << 20: 308 << 20, 200 << 20: 408 << 20, 1 << 30: 2 << 30} {
		base := max(live, minHeap)
		next := base + base*uint64(choosePercent(live, minMemory))/100
		if next > want || next < want-base/50 {
			t.Errorf("with %d bytes in use the next collection is at %d, want %d", live, next, want)
		}
	}
	if first := minHeap + minHeap*uint64(choosePercent(0, startMemory))/100; first != startMemory {
		t.Errorf("the first collection is at %d, want %d", first, startMemory)
	}
}

// kept keeps what allocate allocates from being left out.
var kept [][]byte

// TestMain lets this program be the one whose collections are counted.
func TestMain(m *testing.M) {
	if os.Getenv("GCTUNING_ALLOCATE") != "" {
		Delay()
		for range startMemory / 4 * 3 >> 20 {
			kept = append(kept, make([]byte, 1<<20))
		}
		return
	}
	os.Exit(m.Run())
}

// TestDelay starts a process that allocates three quarters of startMemory: nothing is collected,
// unless the environment says when to collect.
func TestDelay(t *testing.T) {
	for setting, collects := range map[string]bool{"X=": false, "GOGC=100": true, "GOMEMLIMIT=16MiB": true} {
		cmd := exec.Command(os.Args[0])
		cmd.Env = []string{"GCTUNING_ALLOCATE=1", "GODEBUG=gctrace=1", setting}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if got := strings.Contains(string(out), "gc 1 @"); got != collects {
			t.Errorf("%s: collects %v, want %v\n%s", setting, got, collects, out)
		}
	}
}
