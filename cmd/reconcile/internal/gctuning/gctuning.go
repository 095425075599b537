// Package gctuning delays garbage collection until the heap is of some size: short commands
// would else spend a fifth of their time on memory that the exit frees anyway. The program
// imports it for this effect alone. It does nothing if GOGC or GOMEMLIMIT is set.
//
// Setting up the packages of AWS's clients allocates enough for a first collection, which takes
// a quarter of the time of a command that does nothing else. So this package imports little: Go
// sets up packages by path, each once its imports are ready.
package gctuning

import (
	"os"
	"runtime"
	"runtime/metrics"
	_ "unsafe" // for go:linkname
)

const (
	// startMemory is the memory, in bytes, that the process takes before it collects garbage for
	// the first time. Most commands end before.
	startMemory = 128 << 20
	// minMemory is the same for later collections: a process that runs on is a small one again.
	minMemory = 64 << 20
	// maxExtra is by how much the memory in use grows at most, if it may more than double. Passes
	// over thousands of workspaces allocate gigabytes, and have some 100 MiB in use.
	maxExtra = 256 << 20
	// minHeap is the heap, in bytes, below which Go does not collect at GOGC=100. Go scales it
	// with that percentage, so a heap that is smaller counts as this one.
	minHeap = 4 << 20
)

func init() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		delay(choosePercent(0, startMemory))
	}
}

// delay sets by how much the memory in use grows until the next collection, in percent, and is
// called again after it.
func delay(percent int32) {
	setGCPercent(percent)
	sentinel := &struct{ _ [64]byte }{} // unreachable, so that the next collection finds it
	runtime.AddCleanup(sentinel, func(struct{}) {
		sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(sample)
		delay(choosePercent(sample[0].Value.Uint64(), minMemory))
	}, struct{}{})
}

// setGCPercent does what debug.SetGCPercent does. Package runtime/debug itself comes too late: its
// path is behind those of AWS's clients. If a version of Go has no such function, linking fails.
//
//go:linkname setGCPercent runtime/debug.setGCPercent
func setGCPercent(percent int32) int32

// choosePercent returns by how much the memory in use grows until the next collection: what is
// left to memory, or to three times as much, and where that is large to twice as much, as in Go.
// live is what the last collection left in use, in bytes.
func choosePercent(live, memory uint64) int32 {
	live = max(live, minHeap)
	goal := max(memory, live+min(2*live, maxExtra), 2*live)
	return int32((goal - live) * 100 / live)
}
