package embedded

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// TestGather begins to gather after a batch of two writes, during which a third one came: the next
// batch waits for three, but no longer than the last one took, and not for those who gave up.
func TestGather(t *testing.T) {
	const took = 3 * time.Millisecond
	tests := map[string]struct {
		took     time.Duration
		more     int  // writes after the first one
		canceled bool // the writer's context
		waits    time.Duration
	}{
		"all come back":       {took, 2, false, 0},
		"one does not":        {took, 1, false, took},
		"after a slow batch":  {time.Minute, 0, false, maxGathering},
		"the writer gives up": {time.Minute, 0, true, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				b := newBatcher()
				b.add(&writeRequest{})
				b.finish(2, test.took)
				start, done := time.Now(), make(chan time.Duration, 1)
				go func() {
					b.gather(ctx)
					done <- time.Since(start)
				}()
				synctest.Wait()
				if len(done) == 1 {
					t.Fatal("it did not wait for others")
				}
				for range test.more {
					b.add(&writeRequest{})
				}
				if test.canceled {
					cancel()
				}
				if waited := <-done; waited != test.waits {
					t.Errorf("it waited %v, want %v", waited, test.waits)
				}
			})
		})
	}
}

// TestGatherNothing begins to gather where no other write is expected.
func TestGatherNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		b := newBatcher()
		for range 3 {
			b.add(&writeRequest{})
			b.gather(t.Context())
			b.finish(len(b.drain()), time.Minute)
		}
		if waited := time.Since(start); waited != 0 {
			t.Errorf("it waited %v", waited)
		}
	})
}
