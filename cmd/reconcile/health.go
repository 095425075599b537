package main

import (
	"net/http"
	"sync"
	"time"
)

// Limits of a watch that counts as alive.
const (
	// maxMissedIntervals is how many intervals may go by without a pass that
	// completes.
	maxMissedIntervals = 10
	// maxPassDuration is how long a pass may take: some resources take hours to
	// make, and an apply must not be shot for it.
	maxPassDuration = 6 * time.Hour
)

// liveness is what a liveness probe is told: how old the last completed pass is.
type liveness struct {
	mu           sync.Mutex
	maxAge       time.Duration
	completedAt  time.Time // the last pass that completed; at first the start
	runningSince time.Time // since when one runs; zero: none does
	err          string    // why the last one did not complete
}

func newLiveness(interval time.Duration, now time.Time) *liveness {
	return &liveness{maxAge: max(maxMissedIntervals*interval, 2*maxBackoff), completedAt: now}
}

func (p *liveness) begin(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.runningSince = now
}

func (p *liveness) end(now time.Time, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.runningSince = time.Time{}
	if err != nil {
		p.err = err.Error()
		return
	}
	p.completedAt, p.err = now, ""
}

// healthReport is the body of an answer to a probe. Times are in seconds.
type healthReport struct {
	Alive   bool   `json:"alive"`
	Age     int64  `json:"age_s"`   // of the last completed pass, or since the start
	MaxAge  int64  `json:"limit_s"` // at which age it counts as dead
	Running int64  `json:"running_s,omitempty"`
	Error   string `json:"error,omitempty"`
}

func (p *liveness) check(now time.Time) healthReport {
	p.mu.Lock()
	defer p.mu.Unlock()
	age := now.Sub(p.completedAt)
	h := healthReport{Age: int64(age.Seconds()), MaxAge: int64(p.maxAge.Seconds()), Error: p.err}
	h.Alive = age < p.maxAge
	if !p.runningSince.IsZero() {
		running := now.Sub(p.runningSince)
		h.Running = int64(running.Seconds())
		// A long pass is alive; one after a string of failures is not by itself.
		h.Alive = h.Alive || p.err == "" && running < maxPassDuration
	}
	return h
}

// ServeHTTP answers a probe.
func (p *liveness) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	h := p.check(time.Now())
	w.Header().Set("Content-Type", "application/json")
	if !h.Alive {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = printJSON(w, h) // a prober that has gone away needs no answer
}

// handler answers probes at /healthz.
func (p *liveness) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /healthz", p)
	return mux
}
