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
func (r *dedup) add(id string, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if when, ok := r.seen[id]; ok && now.Sub(when) < dedupTTL {
		return false
	}
	if r.seen == nil {
		r.seen = map[string]time.Time{}
	}
	if len(r.seen) >= maxRemembered {
		oldest := ""
		for id, when := range r.seen {
			if oldest == "" || when.Before(r.seen[oldest]) {
				oldest = id
			}
		}
		delete(r.seen, oldest)
	}
	r.seen[id] = now
	return true
}

// remove makes an event new again, because its handling failed.
func (r *dedup) remove(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.seen, id)
}
