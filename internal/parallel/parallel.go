// Package parallel does the same work on many items.
package parallel

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// ForEach calls do with each number below n, in as many goroutines as there are processors, and
// returns when all calls have returned. A goroutine takes one number after the other, so that
// its stack grows once.
func ForEach(n int, do func(i int)) {
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	group.Wait()
}
