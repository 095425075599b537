package endpoint

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func TestLiveness(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	timeAt := func(d time.Duration) time.Time { return start.Add(d) }
	failure := errors.New("git is away")
	for _, test := range []struct {
		name  string
		do    func(p *Liveness)
		at    time.Duration
		alive bool
		age   int64
	}{
		{"just started", func(*Liveness) {}, time.Minute, true, 60},
		{"no pass ever completed", func(*Liveness) {}, 11 * time.Minute, false, 660},
		{"a pass completed", func(p *Liveness) { p.Begin(timeAt(5 * time.Minute)); p.End(timeAt(6*time.Minute), nil) }, 15 * time.Minute, true, 540},
		{"passes fail", func(p *Liveness) { p.Begin(timeAt(9 * time.Minute)); p.End(timeAt(10*time.Minute), failure) }, 11 * time.Minute, false, 660},
		{"a long apply", func(p *Liveness) { p.Begin(timeAt(time.Minute)) }, 3 * time.Hour, true, 3 * 3600},
		{"a pass that hangs", func(p *Liveness) { p.Begin(timeAt(time.Minute)) }, 7 * time.Hour, false, 7 * 3600},
		{"a pass after failures", func(p *Liveness) { p.End(timeAt(time.Minute), failure); p.Begin(timeAt(11 * time.Minute)) }, 12 * time.Minute, false, 720},
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
