package webhook

import (
	"sync"
	"time"
)

// Bounds of what is remembered.
const (
	remembered = 1000
	memory     = time.Hour
)

// repeats knows the events that were taken lately.
type repeats struct {
	mu   sync.Mutex
	seen map[string]time.Time
}

// take reports whether an event is new, and remembers it.
func (r *repeats) take(id string, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if when, ok := r.seen[id]; ok && now.Sub(when) < memory {
		return false
	}
	if r.seen == nil {
		r.seen = map[string]time.Time{}
	}
	if len(r.seen) >= remembered {
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

// forget makes an event new again: nothing came of it.
func (r *repeats) forget(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.seen, id)
}
