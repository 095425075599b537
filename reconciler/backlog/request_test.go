package backlog_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"reconcile/reconciler/backlog"
	"reconcile/reconciler/backlog/backlogtest"
	"reconcile/reconciler/source/gittest"
)

// TestRateLimit checks that the client waits until the limit resets, and then continues.
func TestRateLimit(t *testing.T) {
	s, c, clock := startBacklog(t)
	s.ReadLimit = 2
	for range 5 {
		if _, err := c.Space(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	// Half way through the minute, the limit resets after 30 s, plus one second.
	if want := []time.Duration{31 * time.Second, 60 * time.Second}; !slices.Equal(clock.sleeps, want) {
		t.Errorf("waited %v, want %v", clock.sleeps, want)
	}
}

// TestRateLimitWithoutReset checks that a 429 without a reset time means a minute.
func TestRateLimitWithoutReset(t *testing.T) {
	s, c, clock := startBacklog(t)
	s.Fault = gittest.FirstRequests(1, gittest.RespondStatus(http.StatusTooManyRequests))
	if _, err := c.Space(t.Context()); err != nil || !slices.Equal(clock.sleeps, []time.Duration{time.Minute}) {
		t.Errorf("waited %v, %v", clock.sleeps, err)
	}
}

// TestRateLimitWithoutPatience checks that a call without time to wait fails at once.
func TestRateLimitWithoutPatience(t *testing.T) {
	s, _, clock := startBacklog(t)
	s.ReadLimit = 0
	c := newClient(t, s, clock, func(o *backlog.Options) { o.MaxWait = 10 * time.Second })
	if _, err := c.Space(t.Context()); !errors.Is(err, backlog.ErrRateLimit) || len(clock.sleeps) != 0 {
		t.Errorf("waited %v, %v", clock.sleeps, err)
	}
	clock.now = time.Now()
	ctx, cancel := context.WithDeadline(t.Context(), clock.now.Add(30*time.Second))
	defer cancel()
	s.Fault = gittest.RespondStatus(http.StatusTooManyRequests)
	c = newClient(t, s, clock, nil)
	if _, err := c.Space(ctx); !errors.Is(err, backlog.ErrRateLimit) || len(clock.sleeps) != 0 {
		t.Errorf("waited %v, %v", clock.sleeps, err)
	}
}

// TestUpdates checks that a rate-limited update is sent again, because it was not executed.
// An update that may be executed is not. Two updates are a second apart.
func TestUpdates(t *testing.T) {
	s, c, clock := startBacklog(t)
	number := s.OpenPullRequest("main", "change")
	s.UpdateLimit = 1
	for range 2 {
		if _, err := c.AddComment(t.Context(), repo, number, "x"); err != nil {
			t.Fatal(err)
		}
	}
	if want := []time.Duration{time.Second, 30 * time.Second}; !slices.Equal(clock.sleeps, want) {
		t.Errorf("waited %v, want %v", clock.sleeps, want)
	}
	s.UpdateLimit = 150
	s.Requests()
	s.Fault = gittest.RespondStatus(http.StatusBadGateway)
	if _, err := c.AddComment(t.Context(), repo, number, "x"); !errors.Is(err, backlog.ErrUnavailable) || len(s.Requests()) != 1 {
		t.Errorf("%v", err)
	}
	if n := len(s.Comments(number)); n != 2 {
		t.Errorf("%d comments", n)
	}
}

// TestReadsAreTriedAgain checks that a failed read is retried a few times.
func TestReadsAreTriedAgain(t *testing.T) {
	s, c, clock := startBacklog(t)
	s.Fault = gittest.FirstRequests(2, gittest.RespondStatus(http.StatusServiceUnavailable))
	if _, err := c.Space(t.Context()); err != nil {
		t.Error(err)
	}
	s.Fault = gittest.RespondStatus(http.StatusServiceUnavailable)
	s.Requests()
	if _, err := c.Space(t.Context()); !errors.Is(err, backlog.ErrUnavailable) || len(s.Requests()) != 3 || len(clock.sleeps) != 4 {
		t.Errorf("waited %v, %v", clock.sleeps, err)
	}
}

func TestAnswers(t *testing.T) {
	s, c, _ := startBacklog(t)
	reply := func(status int, kind, body string) gittest.Fault {
		return func(w http.ResponseWriter, _ *http.Request, _ int) bool {
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(status)
			fmt.Fprint(w, body)
			return true
		}
	}
	for _, test := range []struct {
		name   string
		fault  gittest.Fault
		kind   error
		status int
		text   string
	}{
		{"a login page", gittest.RespondLoginPage, backlog.ErrNotBacklog, 200, "text/html"},
		{"a proxy's error page", reply(502, "text/html", "<html>Bad gateway</html>"), backlog.ErrUnavailable, 502, "502 Bad Gateway"},
		{"a page with 403", reply(403, "text/html", "<html>s"), backlog.ErrForbidden, 403, "addresses that the space allows"},
		{"an error of Backlog's", reply(400, "application/json", `{"errors":[{"message":"No project.","code":6,"moreInfo":"x"}]}`), backlog.ErrRefused, 400, "No project. x"},
		{"401 without a body", gittest.RespondStatus(401), backlog.ErrAuth, 401, "API key"},
		{"a redirect", reply(302, "text/html", ""), backlog.ErrNotBacklog, 302, "URL of the space"},
		{"no JSON", reply(200, "application/json", `{"spaceKey":`), backlog.ErrNotBacklog, 200, "unexpected end"},
		{"another shape", reply(200, "application/json", `[]`), backlog.ErrNotBacklog, 200, "cannot unmarshal"},
		{"null", reply(200, "application/json", "null\n"), backlog.ErrNotBacklog, 200, "the answer is null"},
		{"an error that says 200", reply(200, "", ``), backlog.ErrNotBacklog, 200, ""},
		{"no end", func(w http.ResponseWriter, r *http.Request, _ int) bool {
			w.Header().Set("Content-Type", "application/json")
			line := []byte(strings.Repeat(" ", 1<<20))
			for {
				if _, err := w.Write(line); err != nil {
					return true
				}
			}
		}, backlog.ErrTooLarge, 200, "over"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s.Fault = test.fault
			_, err := c.Space(t.Context())
			var e *backlog.Error
			if !errors.Is(err, test.kind) || !errors.As(err, &e) || e.Status != test.status || e.Op != "GET /space" || !strings.Contains(err.Error(), test.text) {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestTimeout checks that a silent server costs one time-out for each try.
func TestTimeout(t *testing.T) {
	s, _, clock := startBacklog(t)
	s.Fault = gittest.NeverAnswer
	c := newClient(t, s, clock, func(o *backlog.Options) { o.Timeout = 20 * time.Millisecond })
	if _, err := c.Space(t.Context()); !errors.Is(err, backlog.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Space(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// TestOneRequestAtATime checks that concurrent callers send one request at a time.
func TestOneRequestAtATime(t *testing.T) {
	var running, most, served atomic.Int64
	second := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		most.Store(max(most.Load(), running.Add(1)))
		defer running.Add(-1)
		if served.Add(1) == 1 {
			<-second // the other callers are waiting by now
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{}`)
	}))
	defer server.Close()
	c, err := backlog.New(backlog.Options{URL: server.URL, APIKey: backlogtest.APIKey})
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, err := c.Space(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Space(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	close(second)
	all.Wait()
	if most.Load() != 1 || served.Load() != 8 {
		t.Errorf("%d at once, %d served", most.Load(), served.Load())
	}
}
