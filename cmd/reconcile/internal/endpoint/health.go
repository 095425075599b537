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
func (l *Liveness) Begin(id runid.ID, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.running[id] = runningPass{since: now, progressAt: now}
}

// EnterStep notes the step that a running pass has entered.
func (l *Liveness) EnterStep(id runid.ID, step run.Phase, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if pass, ok := l.running[id]; ok {
		pass.progressAt, pass.applies = now, step == run.PhaseWorkspaces || step == run.PhaseOvertaken
		l.running[id] = pass
	}
}

// Receive notes that a fetch, which may take hours at the lowest speed, has come on.
func (l *Liveness) Receive(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.receivedAt = now
}

// End notes that a pass has ended; err is why it did not complete.
func (l *Liveness) End(id runid.ID, now time.Time, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.running, id)
	if err != nil {
		l.err = err.Error()
		return
	}
	l.completedAt, l.err = now, ""
}

// healthReport is the body of an answer to a probe. Times are in seconds.
type healthReport struct {
	Alive   bool   `json:"alive"`
	Age     int64  `json:"age_s"`   // since the last completed pass, or since the start
	MaxAge  int64  `json:"limit_s"` // at this age watch counts as dead
	Running int64  `json:"running_s,omitempty"`
	Error   string `json:"error,omitempty"`
}

func (l *Liveness) check(now time.Time) healthReport {
	l.mu.Lock()
	defer l.mu.Unlock()
	age := now.Sub(l.completedAt)
	h := healthReport{Age: int64(age.Seconds()), MaxAge: int64(l.maxAge.Seconds()), Error: l.err}
	receives := now.Sub(l.receivedAt) < l.maxAge
	// A long pass counts as alive while it comes on, unless the pass before it failed: then
	// only a fetch that brings data does.
	comesOn := len(l.running) > 0 && (l.err == "" || receives)
	for _, pass := range l.running {
		running := now.Sub(pass.since)
		h.Running = max(h.Running, int64(running.Seconds()))
		if pass.applies {
			comesOn = comesOn && running < maxPassDuration
		} else {
			comesOn = comesOn && (now.Sub(pass.progressAt) < l.maxAge || receives)
		}
	}
	h.Alive = age < l.maxAge || comesOn
	return h
}

// ServeHTTP answers a probe.
func (l *Liveness) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	h := l.check(time.Now())
	w.Header().Set("Content-Type", "application/json")
	if !h.Alive {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = ui.PrintJSON(w, h) // an error means that the prober has disconnected
}

// Handler answers probes at /healthz.
func (l *Liveness) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /healthz", l)
	return mux
}
