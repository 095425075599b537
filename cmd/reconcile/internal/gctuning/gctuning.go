// Package gctuning delays garbage collection until the heap is of some size: short commands
// would else spend a fifth of their time on memory that the exit frees anyway.
package gctuning

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	// startMemory is the memory, in bytes, that the process takes before it collects garbage for
	// the first time. Most commands end before.
	startMemory = 128 << 20
	// minMemory is the same for later collections: a process that runs on is a small one again.
	minMemory = 64 << 20
	// maxExtra is by how much the memory in use grows at most, if it may more than double. Passes
	// over thousands of workspaces allocate gigabytes, and have some 100 MiB in use.
	maxExtra = 208 << 20
	// minHeap is the heap, in bytes, below which Go does not collect at GOGC=100. Go scales it
	// with that percentage, so a heap that is smaller counts as this one.
	minHeap = 4 << 20
)

// Delay delays the collections of this process. It does nothing if GOGC or GOMEMLIMIT is set.
func Delay() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		delay(choosePercent(0, startMemory))
	}
}

// delay sets by how much the memory in use grows until the next collection, in percent, and is
// called again after it.
func delay(percent int) {
	debug.SetGCPercent(percent)
	sentinel := &struct{ _ [64]byte }{} // unreachable, so that the next collection finds it
	runtime.AddCleanup(sentinel, func(struct{}) {
		sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(sample)
		delay(choosePercent(sample[0].Value.Uint64(), minMemory))
	}, struct{}{})
}

// choosePercent returns by how much the memory in use grows until the next collection: what is
// left to memory, or to five times as much, and where that is large to twice as much, as in Go.
// live is what the last collection left in use, in bytes.
func choosePercent(live, memory uint64) int {
	live = max(live, minHeap)
	goal := max(memory, live+min(4*live, maxExtra), 2*live)
	return int((goal - live) * 100 / live)
}
