package backlogtest

import (
	"net/http"
	"strconv"
	"time"
)

// limited counts a request and answers 429 when the minute's are used up. The
// headers are on every answer.
func (s *Server) limited(w http.ResponseWriter, r *http.Request) bool {
	if r.URL.Path == "/rateLimit" {
		return false
	}
	kind, limit := "read", s.ReadLimit
	if r.Method != http.MethodGet {
		kind, limit = "update", s.UpdateLimit
	}
	s.begin()
	s.spent[kind]++
	h := w.Header()
	h.Set("X-RateLimit-Limit", strconv.Itoa(limit))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(max(0, limit-s.spent[kind])))
	h.Set("X-RateLimit-Reset", strconv.FormatInt(s.reset(), 10))
	if s.spent[kind] <= limit {
		return false
	}
	refuse(w, http.StatusTooManyRequests, "Too many requests.", 13)
	return true
}

// begin forgets what was spent in a minute before.
func (s *Server) begin() {
	if minute := s.Now().Truncate(time.Minute); !minute.Equal(s.minute) {
		s.minute = minute
		clear(s.spent)
	}
}

func (s *Server) reset() int64 { return s.minute.Add(time.Minute).Unix() }

func (s *Server) getRateLimit(w http.ResponseWriter, _ *http.Request) {
	s.begin()
	kind := func(name string, limit int) object {
		return object{"limit": limit, "remaining": max(0, limit-s.spent[name]), "reset": s.reset()}
	}
	answer(w, object{"rateLimit": object{
		"read": kind("read", s.ReadLimit), "update": kind("update", s.UpdateLimit),
		"search": kind("search", 150), "icon": kind("icon", 60),
	}})
}
