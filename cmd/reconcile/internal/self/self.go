// Package self is what this process does about itself: how it is called, what others can
// read of it, and how much memory it takes.
package self

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"

	"reconcile/internal/files"
)

// minGCMemory is the memory, in bytes, that the process takes before it collects garbage.
const minGCMemory = 64 << 20

// TuneGC delays garbage collection until the heap is of some size: short commands would else
// spend a fifth of their time on memory that the exit frees anyway. Each collection sets the
// next one, at twice the memory that it left in use, as Go does, but not below minGCMemory. It
// does nothing if GOGC or GOMEMLIMIT is set.
func TuneGC() {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	var tune func(struct{})
	tune = func(struct{}) {
		metrics.Read(sample)
		debug.SetGCPercent(chooseGCPercent(sample[0].Value.Uint64()))
		sentinel := &struct{ _ [64]byte }{} // unreachable, so that the next collection finds it
		runtime.AddCleanup(sentinel, tune, struct{}{})
	}
	tune(struct{}{})
}

// chooseGCPercent returns by how much the memory in use, in bytes, grows until the next
// collection: Go's default, or as much as is left to minGCMemory.
func chooseGCPercent(live uint64) int {
	const goDefault = 100
	live = max(live, 1<<20)
	if live >= minGCMemory {
		return goDefault
	}
	return max(goDefault, int((minGCMemory-live)*100/live))
}

// Command returns how to call this program from a shell, for commands to copy.
func Command() string {
	self, err := os.Executable()
	if err != nil {
		return "reconcile"
	}
	// `go run` builds into a directory that is deleted when the program ends.
	if strings.Contains(filepath.ToSlash(self), "/go-build") {
		return "go run ./cmd/reconcile"
	}
	if found, err := exec.LookPath("reconcile"); err == nil && files.AreSame(found, self) {
		return "reconcile"
	}
	return self
}
