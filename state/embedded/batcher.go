package embedded

import (
	"context"
	"sync"
	"time"
)

// batcher gathers the simultaneous writes of this process's goroutines, so that they
// share one opening of the file and one flush to the disk.
type batcher struct {
	writer  chan struct{} // held by the goroutine that writes
	mu      sync.Mutex
	pending []*writeRequest

	expected int           // writes in the next batch, by the last one
	took     time.Duration // the last batch
	gathered chan struct{} // closed once the expected writes are pending; nil: nobody waits for that
}

func newBatcher() batcher { return batcher{writer: make(chan struct{}, 1)} }

func (b *batcher) add(w *writeRequest) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pending = append(b.pending, w)
	if b.gathered != nil && len(b.pending) >= b.expected {
		close(b.gathered)
		b.gathered = nil
	}
}

// gather waits until the goroutines that write at the same time have all come back, at most as
// long as a batch takes. Else the first one would write alone while the others wait for it: half
// of all batches would have one write.
func (b *batcher) gather(ctx context.Context) {
	gathered, limit := b.startGathering()
	if gathered == nil {
		return
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-gathered:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// maxGathering is the longest time for which a write waits for others.
const maxGathering = 10 * time.Millisecond

// startGathering returns a channel that is closed once all expected writes are pending, or nil
// if they are.
func (b *batcher) startGathering() (gathered <-chan struct{}, limit time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.gathered = nil
	if len(b.pending) < b.expected {
		b.gathered = make(chan struct{})
	}
	return b.gathered, min(b.took, maxGathering)
}

// finish notes how many writes a batch had, and how long it took. What has become pending
// meanwhile is of goroutines that write at the same time.
func (b *batcher) finish(writes int, took time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.expected, b.took = writes+len(b.pending), took
}

func (b *batcher) drain() []*writeRequest {
	b.mu.Lock()
	defer b.mu.Unlock()
	batch := b.pending
	b.pending = nil
	return batch
}

// remove takes w from the queue; false means that a writer has taken it already.
func (b *batcher) remove(w *writeRequest) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, p := range b.pending {
		if p == w {
			b.pending = append(b.pending[:i], b.pending[i+1:]...)
			return true
		}
	}
	return false
}
