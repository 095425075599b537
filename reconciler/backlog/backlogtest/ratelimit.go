package backlogtest

import (
	"net/http"
	"strconv"
	"time"
)

// enforceLimit counts a request, and responds 429 above the limit of the minute. Every
// response has the rate limit headers.
func (s *Server) enforceLimit(w http.ResponseWriter, r *http.Request) bool {
	if r.URL.Path == "/rateLimit" {
		return false
	}
	kind, limit := "read", s.ReadLimit
	if r.Method != http.MethodGet {
		kind, limit = "update", s.UpdateLimit
	}
	s.startMinute()
	s.usedRequests[kind]++
	h := w.Header()
	h.Set("X-RateLimit-Limit", strconv.Itoa(limit))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(max(0, limit-s.usedRequests[kind])))
	h.Set("Date", s.Now().UTC().Format(http.TimeFormat))
	h.Set("X-RateLimit-Reset", strconv.FormatInt(s.resetTime(), 10))
	if s.usedRequests[kind] <= limit {
		return false
	}
	respondError(w, http.StatusTooManyRequests, "Too many requests.", 13)
	return true
}

// startMinute resets the counters when a new minute begins.
func (s *Server) startMinute() {
	if minute := s.Now().Truncate(time.Minute); !minute.Equal(s.minute) {
		s.minute = minute
		clear(s.usedRequests)
	}
}

func (s *Server) resetTime() int64 { return s.minute.Add(time.Minute).Unix() }

func (s *Server) getRateLimit(w http.ResponseWriter, _ *http.Request) {
	s.startMinute()
	kind := func(name string, limit int) object {
		return object{"limit": limit, "remaining": max(0, limit-s.usedRequests[name]), "reset": s.resetTime()}
	}
	respond(w, object{"rateLimit": object{
		"read": kind("read", s.ReadLimit), "update": kind("update", s.UpdateLimit),
		"search": kind("search", 150), "icon": kind("icon", 60),
	}})
}
