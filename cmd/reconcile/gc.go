package main

import (
	"math"
	"os"
	"runtime"
	"runtime/debug"
)

// firstGCHeapSize is how much memory is in use when garbage is collected for
// the first time, in bytes.
const firstGCHeapSize = 48 << 20

// tuneGC puts the first garbage collection off. Most commands end before
// they have used much memory, and would else spend a fifth of their time on
// collecting what the end of the process frees for nothing. Once there was a
// collection, they are what they always are. Who has set GOGC or GOMEMLIMIT
// knows better.
func tuneGC() {
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
