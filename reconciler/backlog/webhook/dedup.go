package webhook

import (
	"sync"
	"time"
)

// Limits of dedup.
const (
	maxRemembered = 1000
	dedupTTL      = time.Hour
)

// dedup remembers recent events.
type dedup struct {
	mu   sync.Mutex
	seen map[string]time.Time
}

// add reports whether an event is new, and remembers it.
func (d *dedup) add(id string, now time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if when, ok := d.seen[id]; ok && now.Sub(when) < dedupTTL {
		return false
	}
	if d.seen == nil {
		d.seen = map[string]time.Time{}
	}
	if len(d.seen) >= maxRemembered {
		oldest := ""
		for id, when := range d.seen {
			if oldest == "" || when.Before(d.seen[oldest]) {
				oldest = id
			}
		}
		delete(d.seen, oldest)
	}
	d.seen[id] = now
	return true
}

// remove makes an event new again, because its handling failed.
func (d *dedup) remove(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.seen, id)
}
