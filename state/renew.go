package state

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"
)

// renewLoop watches the clocks and renews the lease at a third of its duration. Each
// renewal runs in its own goroutine, so that a hanging one does not stop the clock
// checks.
func (l *Lease) renewLoop(ctx context.Context) {
	defer close(l.renewalsDone)
	ticker := time.NewTicker(l.record.opts.PollInterval)
	defer ticker.Stop()
	var renewals sync.WaitGroup
	defer renewals.Wait()
	var renewal chan error // of the renewal in flight; else nil
	for {
		select {
		case <-ctx.Done():
			return
		case err := <-renewal:
			renewal = nil
			if errors.Is(err, ErrLeaseLost) {
				return
			}
		case <-ticker.C:
			elapsed := l.sinceValid()
			if l.checkDeadline(elapsed) {
				return
			}
			if renewal == nil && elapsed >= l.record.opts.LeaseDuration/3 {
				done := make(chan error, 1)
				renewals.Go(func() { l.renew(ctx, done) })
				renewal = done
			}
		}
	}
}

// sinceValid returns the time since the lease was certainly ours.
func (l *Lease) sinceValid() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.record.elapsedSince(l.validFrom)
}

// checkDeadline interrupts the work at two thirds of the lease duration. At five sixths it kills
// the work; it reports whether it did. Between the two the lease is still renewed, to give
// the interrupted work time to end.
func (l *Lease) checkDeadline(elapsed time.Duration) bool {
	length := l.record.opts.LeaseDuration
	if elapsed < length*2/3 {
		return false
	}
	err := fmt.Errorf("%w: not renewed for %s", ErrLeaseLost, elapsed.Round(time.Millisecond))
	l.interrupt(err)
	if elapsed < length*5/6 {
		return false
	}
	l.kill(err)
	return true
}

// renew raises the heartbeat once and sends the result.
func (l *Lease) renew(ctx context.Context, done chan<- error) {
	var err error
	defer func() {
		if recovered := recover(); recovered != nil {
			err = l.markLost(fmt.Sprintf("panic in renewal: %v", recovered))
		}
		done <- err
	}()
	err = l.renewOnce(ctx)
}

func (l *Lease) renewOnce(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, l.record.opts.LeaseDuration/6)
	defer cancel()
	item, cond := l.item, l.ownedCond()
	item.Heartbeat = l.heartbeat + 1
	item.ExpiresAt = l.record.now().Add(l.record.opts.LeaseDuration)
	cond.Equal = maps.Clone(cond.Equal)
	cond.Equal["beat"] = l.heartbeat
	value, err := encode(item)
	if err != nil {
		return err
	}
	// The heartbeat may take effect at any time from here. A run that waits for the lease
	// counts from then, so we must not count from later.
	if l.pendingSince == nil {
		now := l.record.instant()
		l.pendingSince = &now
	}
	err = l.record.store.Write(ctx, Op{Key: l.key(), If: cond, Put: value})
	if err == nil {
		l.noteRenewal(item.Heartbeat)
		return nil
	}
	return l.confirmRenewal(ctx, item.Heartbeat, err)
}

// confirmRenewal reads the lease to learn the effect of a heartbeat whose write returned
// err.
func (l *Lease) confirmRenewal(ctx context.Context, heartbeat int64, err error) error {
	cleanupCtx, cancel := l.record.cleanupContext(ctx)
	defer cancel()
	readStart := l.record.instant()
	current, held, readErr := l.reload(cleanupCtx)
	switch {
	case readErr != nil:
		return err
	case !held:
		return l.markLost(describeHolder(current))
	case current.Heartbeat == heartbeat:
		l.noteRenewal(heartbeat)
		return nil
	default:
		// It had no effect yet when we asked.
		l.pendingSince = &readStart
		return err
	}
}

// noteRenewal counts the lease from the first instant at which the heartbeat can have taken
// effect.
func (l *Lease) noteRenewal(heartbeat int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.heartbeat, l.validFrom, l.pendingSince = heartbeat, *l.pendingSince, nil
}
