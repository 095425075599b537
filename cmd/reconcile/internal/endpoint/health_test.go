package endpoint

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"reconcile/reconciler/run"
)

func TestLiveness(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	timeAt := func(d time.Duration) time.Time { return start.Add(d) }
	failure := errors.New("git is away")
	const id = "run"
	enter := func(p *Liveness, step run.Phase, at time.Duration) {
		p.Begin(id, timeAt(time.Minute))
		p.EnterStep(id, step, timeAt(at))
	}
	for _, test := range []struct {
		name  string
		do    func(p *Liveness)
		at    time.Duration
		alive bool
		age   int64
	}{
		{"just started", func(*Liveness) {}, time.Minute, true, 60},
		{"no pass ever completed", func(*Liveness) {}, 11 * time.Minute, false, 660},
		{"a pass completed", func(p *Liveness) { p.Begin(id, timeAt(5*time.Minute)); p.End(id, timeAt(6*time.Minute), nil) }, 15 * time.Minute, true, 540},
		{"passes fail", func(p *Liveness) { p.Begin(id, timeAt(9*time.Minute)); p.End(id, timeAt(10*time.Minute), failure) }, 11 * time.Minute, false, 660},
		{"a long apply", func(p *Liveness) { enter(p, run.PhaseWorkspaces, time.Minute) }, 3 * time.Hour, true, 3 * 3600},
		{"an apply that hangs", func(p *Liveness) { enter(p, run.PhaseWorkspaces, time.Minute) }, 7 * time.Hour, false, 7 * 3600},
		{"a long fetch", func(p *Liveness) { enter(p, run.PhaseFetch, time.Minute); p.Receive(timeAt(9 * time.Hour)) }, 9*time.Hour + 5*time.Minute, true, 32700},
		{"a fetch that hangs", func(p *Liveness) { enter(p, run.PhaseFetch, time.Minute) }, 12 * time.Minute, false, 720},
		{"a fetch that stopped", func(p *Liveness) { enter(p, run.PhaseFetch, time.Minute); p.Receive(timeAt(time.Hour)) }, 71 * time.Minute, false, 4260},
		{"a long fetch after failures", func(p *Liveness) {
			p.End(id, timeAt(time.Minute), failure)
			enter(p, run.PhaseFetch, 11*time.Minute)
			p.Receive(timeAt(20 * time.Minute))
		}, 25 * time.Minute, true, 1500},
		{"a fetch that hangs beside a long apply", func(p *Liveness) {
			enter(p, run.PhaseWorkspaces, time.Minute)
			p.Begin("other", timeAt(2*time.Minute))
		}, 13 * time.Minute, false, 780},
		{"a pass after failures", func(p *Liveness) { p.End(id, timeAt(time.Minute), failure); p.Begin(id, timeAt(11*time.Minute)) }, 12 * time.Minute, false, 720},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := NewLiveness(time.Minute, 5*time.Minute, start)
			test.do(p)
			if h := p.check(timeAt(test.at)); h.Alive != test.alive || h.Age != test.age || h.MaxAge != 600 {
				t.Errorf("got %+v", h)
			}
		})
	}
}

func TestHealthz(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		started time.Time
		status  int
	}{
		{time.Now(), http.StatusOK},
		{time.Now().Add(-time.Hour), http.StatusServiceUnavailable},
	} {
		w := httptest.NewRecorder()
		NewLiveness(time.Minute, 5*time.Minute, test.started).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/healthz", nil))
		var body healthReport
		if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || w.Code != test.status || body.Alive != (test.status == http.StatusOK) {
			t.Errorf("%d %s (%v)", w.Code, w.Body, err)
		}
	}
}
