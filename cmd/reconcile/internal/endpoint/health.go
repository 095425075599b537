package endpoint

import (
	"net/http"
	"sync"
	"time"

	"reconcile/cmd/reconcile/internal/ui"
)

// Limits of a live watch.
const (
	// maxMissedIntervals is the number of intervals without a completed pass.
	maxMissedIntervals = 10
	// maxPassDuration bounds a pass. Some resources take hours to create, and a probe
	// must not kill such an apply.
	maxPassDuration = 6 * time.Hour
)

// Liveness tracks when the last pass completed, for liveness probes.
type Liveness struct {
	mu           sync.Mutex
	maxAge       time.Duration
	completedAt  time.Time // end of the last completed pass; at first the start of watch
	runningSince time.Time // start of the running pass; zero: none
	err          string    // of the last pass, if it did not complete
}

// NewLiveness returns a liveness for passes every interval, or every maxBackoff after
// failures.
func NewLiveness(interval, maxBackoff time.Duration, now time.Time) *Liveness {
	return &Liveness{maxAge: max(maxMissedIntervals*interval, 2*maxBackoff), completedAt: now}
}

// Begin notes that a pass has started.
func (p *Liveness) Begin(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.runningSince = now
}

// End notes that the pass has ended; err is why it did not complete.
func (p *Liveness) End(now time.Time, err error) {
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
	Age     int64  `json:"age_s"`   // since the last completed pass, or since the start
	MaxAge  int64  `json:"limit_s"` // at this age watch counts as dead
	Running int64  `json:"running_s,omitempty"`
	Error   string `json:"error,omitempty"`
}

func (p *Liveness) check(now time.Time) healthReport {
	p.mu.Lock()
	defer p.mu.Unlock()
	age := now.Sub(p.completedAt)
	h := healthReport{Age: int64(age.Seconds()), MaxAge: int64(p.maxAge.Seconds()), Error: p.err}
	h.Alive = age < p.maxAge
	if !p.runningSince.IsZero() {
		running := now.Sub(p.runningSince)
		h.Running = int64(running.Seconds())
		// A long pass counts as alive, unless the pass before it failed.
		h.Alive = h.Alive || p.err == "" && running < maxPassDuration
	}
	return h
}

// ServeHTTP answers a probe.
func (p *Liveness) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	h := p.check(time.Now())
	w.Header().Set("Content-Type", "application/json")
	if !h.Alive {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = ui.PrintJSON(w, h) // an error means that the prober has disconnected
}

// Handler answers probes at /healthz.
func (p *Liveness) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /healthz", p)
	return mux
}
