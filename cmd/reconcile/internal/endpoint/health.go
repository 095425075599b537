package endpoint

import (
	"net/http"
	"sync"
	"time"

	"reconcile/cmd/reconcile/internal/ui"
	"reconcile/internal/runid"
	"reconcile/reconciler/run"
)

// Limits of a live watch.
const (
	// maxMissedIntervals is the number of intervals without a completed pass.
	maxMissedIntervals = 10
	// maxPassDuration bounds a pass that applies. Some resources take hours to create, and a
	// probe must not kill such an apply.
	maxPassDuration = 6 * time.Hour
)

// Liveness tracks when the last pass completed and how far the running ones are, for liveness
// probes.
type Liveness struct {
	mu          sync.Mutex
	maxAge      time.Duration
	completedAt time.Time // end of the last completed pass; at first the start of watch
	receivedAt  time.Time // when a long fetch last had come on, fast enough
	running     map[runid.ID]runningPass
	err         string // of the last pass, if it did not complete
}

// runningPass is how far a pass is.
type runningPass struct {
	since      time.Time
	progressAt time.Time // when it entered its present step
	applies    bool      // the present step applies workspaces
}

// NewLiveness returns a liveness for passes every interval, or every maxBackoff after
// failures.
func NewLiveness(interval, maxBackoff time.Duration, now time.Time) *Liveness {
	return &Liveness{maxAge: max(maxMissedIntervals*interval, 2*maxBackoff), completedAt: now, running: map[runid.ID]runningPass{}}
}

// Begin notes that a pass has started.
func (p *Liveness) Begin(id runid.ID, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running[id] = runningPass{since: now, progressAt: now}
}

// EnterStep notes the step that a running pass has entered.
func (p *Liveness) EnterStep(id runid.ID, step run.Phase, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if pass, ok := p.running[id]; ok {
		pass.progressAt, pass.applies = now, step == run.PhaseWorkspaces || step == run.PhaseOvertaken
		p.running[id] = pass
	}
}

// Receive notes that a fetch, which may take hours at the lowest speed, has come on.
func (p *Liveness) Receive(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.receivedAt = now
}

// End notes that a pass has ended; err is why it did not complete.
func (p *Liveness) End(id runid.ID, now time.Time, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.running, id)
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
	receives := now.Sub(p.receivedAt) < p.maxAge
	// A long pass counts as alive while it comes on, unless the pass before it failed: then
	// only a fetch that brings data does.
	comesOn := len(p.running) > 0 && (p.err == "" || receives)
	for _, pass := range p.running {
		running := now.Sub(pass.since)
		h.Running = max(h.Running, int64(running.Seconds()))
		if pass.applies {
			comesOn = comesOn && running < maxPassDuration
		} else {
			comesOn = comesOn && (now.Sub(pass.progressAt) < p.maxAge || receives)
		}
	}
	h.Alive = age < p.maxAge || comesOn
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
