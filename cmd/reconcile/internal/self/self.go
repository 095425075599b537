// Package self is what this process does about itself: how it is called, what others can
// read of it, and how much memory it takes.
package self

import (
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"

	"reconcile/internal/files"
)

// firstGCHeapSize is the memory in use at the first garbage collection, in bytes.
const firstGCHeapSize = 48 << 20

// TuneGC delays the first garbage collection: short commands would else spend a fifth
// of their time on memory that the exit frees anyway. After that collection Go's
// defaults apply. It does nothing if GOGC or GOMEMLIMIT is set.
func TuneGC() {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	percent := debug.SetGCPercent(-1)
	debug.SetMemoryLimit(firstGCHeapSize)
	sentinel := &struct{ _ [64]byte }{} // unreachable, so that the first collection finds it
	runtime.AddCleanup(sentinel, func(percent int) {
		debug.SetMemoryLimit(math.MaxInt64)
		debug.SetGCPercent(percent)
	}, percent)
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
