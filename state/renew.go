package state

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"
)

// keep watches the clocks and has the lease renewed at a third of its length.
// A renewal runs beside it, so that one that hangs does not keep it from
// seeing the time.
func (l *Lease) keep(ctx context.Context) {
	defer close(l.stopped)
	ticker := time.NewTicker(l.record.opts.Poll)
	defer ticker.Stop()
	var renewals sync.WaitGroup
	defer renewals.Wait()
	var renewal chan error // of the renewal under way; else nil
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
			passed := l.passed()
			if l.late(passed) {
				return
			}
			if renewal == nil && passed >= l.record.opts.Lease/3 {
				done := make(chan error, 1)
				renewals.Go(func() { l.renew(ctx, done) })
				renewal = done
			}
		}
	}
}

// passed is how much time has passed since the lease was surely ours.
func (l *Lease) passed() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.record.since(l.good)
}

// late interrupts the work when two thirds of the lease have passed, and
// kills it at five sixths; then it returns true. Between the two the lease is
// still renewed, to give the interrupted work its time to end.
func (l *Lease) late(passed time.Duration) bool {
	length := l.record.opts.Lease
	if passed < length*2/3 {
		return false
	}
	err := fmt.Errorf("%w: it could not be renewed for %s", ErrLeaseLost, passed.Round(time.Millisecond))
	l.lose(err)
	if passed < length*5/6 {
		return false
	}
	l.kill(err)
	return true
}

// renew raises the beat once, and sends what came of it.
func (l *Lease) renew(ctx context.Context, done chan<- error) {
	var err error
	defer func() {
		if fault := recover(); fault != nil {
			err = l.lost(fmt.Sprintf("panic while renewing it: %v", fault))
		}
		done <- err
	}()
	err = l.beatOnce(ctx)
}

func (l *Lease) beatOnce(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, l.record.opts.Lease/6)
	defer cancel()
	item, cond := l.item, l.ours()
	item.Beat = l.beat + 1
	item.Until = l.record.now().Add(l.record.opts.Lease)
	cond.Equal = maps.Clone(cond.Equal)
	cond.Equal["beat"] = l.beat
	value, err := encode(item)
	if err != nil {
		return err
	}
	// The beat may take effect at any time from here: whoever waits for the
	// lease counts from then, so we must not count from later.
	if l.unsure == nil {
		now := l.record.instant()
		l.unsure = &now
	}
	err = l.record.store.Write(ctx, Op{Key: l.key(), If: cond, Put: value})
	if err == nil {
		l.renewed(item.Beat)
		return nil
	}
	return l.settleBeat(ctx, item.Beat, err)
}

// settleBeat reads back what came of a beat whose write returned err.
func (l *Lease) settleBeat(ctx context.Context, beat int64, err error) error {
	back, cancel := l.record.brief(ctx)
	defer cancel()
	asked := l.record.instant()
	now, held, readErr := l.mine(back)
	switch {
	case readErr != nil:
		return err
	case !held:
		return l.lost("run " + now.Run + " holds it, or a person has freed it")
	case now.Beat == beat:
		l.renewed(beat)
		return nil
	default:
		// It had no effect yet when we asked.
		l.unsure = &asked
		return err
	}
}

// renewed counts the lease from the first instant at which the beat can have
// taken effect.
func (l *Lease) renewed(beat int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.beat, l.good, l.unsure = beat, *l.unsure, nil
}
