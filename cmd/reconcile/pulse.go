package main

import (
	"net/http"
	"sync"
	"time"
)

// Limits of a watch that counts as alive.
const (
	// pulseIntervals is how many intervals may go by without a pass that
	// completes.
	pulseIntervals = 10
	// longestPass is how long a pass may take: some resources take hours to
	// make, and an apply must not be shot for it.
	longestPass = 6 * time.Hour
)

// pulse is what a liveness probe is told: how old the last completed pass is.
type pulse struct {
	mu        sync.Mutex
	limit     time.Duration
	completed time.Time // the last pass that completed; at first the start
	running   time.Time // since when one runs; zero: none does
	err       string    // why the last one did not complete
}

func newPulse(interval time.Duration, now time.Time) *pulse {
	return &pulse{limit: max(pulseIntervals*interval, 2*mostBackoff), completed: now}
}

func (p *pulse) begin(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running = now
}

func (p *pulse) end(now time.Time, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running = time.Time{}
	if err != nil {
		p.err = err.Error()
		return
	}
	p.completed, p.err = now, ""
}

// health is the body of an answer to a probe. Times are in seconds.
type health struct {
	Alive   bool   `json:"alive"`
	Age     int64  `json:"age_s"`   // of the last completed pass, or since the start
	Limit   int64  `json:"limit_s"` // at which age it counts as dead
	Running int64  `json:"running_s,omitempty"`
	Error   string `json:"error,omitempty"`
}

func (p *pulse) health(now time.Time) health {
	p.mu.Lock()
	defer p.mu.Unlock()
	age := now.Sub(p.completed)
	h := health{Age: int64(age.Seconds()), Limit: int64(p.limit.Seconds()), Error: p.err}
	h.Alive = age < p.limit
	if !p.running.IsZero() {
		running := now.Sub(p.running)
		h.Running = int64(running.Seconds())
		// A long pass is alive; one after a string of failures is not by itself.
		h.Alive = h.Alive || p.err == "" && running < longestPass
	}
	return h
}

// ServeHTTP answers a probe.
func (p *pulse) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	h := p.health(time.Now())
	w.Header().Set("Content-Type", "application/json")
	if !h.Alive {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = printJSON(w, h) // a prober that has gone away needs no answer
}

// handler answers probes at /healthz.
func (p *pulse) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /healthz", p)
	return mux
}
