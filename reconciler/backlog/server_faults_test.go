package backlog_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"reconcile/reconciler/backlog"
	"reconcile/reconciler/source/gittest"
)

// TestPagesThatRepeat: a server that always sends the same full page is asked twice.
func TestPagesThatRepeat(t *testing.T) {
	s, c, _ := startBacklog(t)
	page := make([]map[string]any, 100)
	for i := range page {
		page[i] = map[string]any{"id": i + 1, "number": i + 1}
	}
	body, err := json.Marshal(page)
	if err != nil {
		t.Fatal(err)
	}
	s.Fault = func(w http.ResponseWriter, _ *http.Request, n int) bool {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(body)
		return n < 10
	}
	pullRequests, comments := 0, 0
	for _, err := range c.PullRequests(t.Context(), repo) {
		if pullRequests++; err != nil {
			t.Fatal(err)
		}
	}
	if asked := len(s.Requests()); pullRequests != 100 || asked != 2 {
		t.Errorf("%d pull requests after %d requests", pullRequests, asked)
	}
	for _, err := range c.Comments(t.Context(), repo, 1) {
		if comments++; err != nil {
			t.Fatal(err)
		}
	}
	if asked := len(s.Requests()); comments != 100 || asked != 2 {
		t.Errorf("%d comments after %d requests", comments, asked)
	}
}

// TestRateLimitAndClocks: the wait after a 429 does not depend on our clock, and is never
// longer than the minute that the limit is for.
func TestRateLimitAndClocks(t *testing.T) {
	for name, test := range map[string]struct {
		headers map[string]string // by the server's clock
		want    time.Duration
	}{
		"Retry-After":       {map[string]string{"Retry-After": "7", "X-RateLimit-Reset": "40"}, 7 * time.Second},
		"the server's Date": {map[string]string{"X-RateLimit-Reset": "40"}, 41 * time.Second},
		"a minute at most":  {map[string]string{"X-RateLimit-Reset": "4000"}, 61 * time.Second},
		"in the past":       {map[string]string{"X-RateLimit-Reset": "-4000"}, time.Second},
		"no number":         {map[string]string{"X-RateLimit-Reset": "soon"}, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			s, c, clock := startBacklog(t)
			server := clock.now.Add(-time.Hour) // our clock is an hour ahead
			s.Fault = gittest.FirstRequests(1, func(w http.ResponseWriter, _ *http.Request, _ int) bool {
				w.Header().Set("Date", server.UTC().Format(http.TimeFormat))
				for name, value := range test.headers {
					if seconds, err := strconv.ParseInt(value, 10, 64); err == nil && name == "X-RateLimit-Reset" {
						value = strconv.FormatInt(server.Unix()+seconds, 10)
					}
					w.Header().Set(name, value)
				}
				w.WriteHeader(http.StatusTooManyRequests)
				return true
			})
			if _, err := c.Space(t.Context()); err != nil || !slices.Equal(clock.sleeps, []time.Duration{test.want}) {
				t.Errorf("waited %v, %v", clock.sleeps, err)
			}
		})
	}
}

// TestRedirect: a space that moved is named, without the key.
func TestRedirect(t *testing.T) {
	s, c, _ := startBacklog(t)
	s.Fault = func(w http.ResponseWriter, r *http.Request, _ int) bool {
		http.Redirect(w, r, "https://new.backlog.com/api/v2"+r.URL.Path+"?"+r.URL.RawQuery, http.StatusMovedPermanently)
		return true
	}
	_, err := c.Space(t.Context())
	if !errors.Is(err, backlog.ErrNotBacklog) || !strings.Contains(err.Error(), "it redirects to https://new.backlog.com: if that is the space, use that URL") || strings.Contains(err.Error(), "apiKey") {
		t.Errorf("%v", err)
	}
}

// TestKeyWithALineBreak: a key that was stored with echo is refused with the reason.
func TestKeyWithALineBreak(t *testing.T) {
	for _, o := range []backlog.Options{{APIKey: "k3y\n"}, {Token: " k3y"}} {
		o.URL = "https://example.backlog.com"
		if _, err := backlog.New(o); err == nil || !strings.Contains(err.Error(), "line break") || strings.Contains(err.Error(), "k3y") {
			t.Errorf("%v", err)
		}
	}
}
