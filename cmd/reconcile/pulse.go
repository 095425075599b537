package main

import (
	"context"
	"fmt"
	"net"
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

// serve answers probes on an address until stop is called.
func (p *pulse) serve(addr string, a *app) (stop func(), err error) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, usagef("--health takes an address that is free, such as :8080", "--health %s: %w", addr, err)
	}
	a.log.Info("answering probes", "url", fmt.Sprintf("http://%s/healthz", listener.Addr()))
	mux := http.NewServeMux()
	mux.Handle("GET /healthz", p)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() {
		defer guard(a.err)
		if err := server.Serve(listener); err != nil && err != http.ErrServerClosed {
			a.log.Error("probes are not answered any more", "error", err)
		}
	}()
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = server.Shutdown(ctx)
	}, nil
}
