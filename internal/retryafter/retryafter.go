// Package retryafter reads how long a server asks to wait. It is no part of retry, because the
// webhook's function reads it, too, and must stay small.
package retryafter

import (
	"net/http"
	"strconv"
	"time"
)

// Wait returns how long the header Retry-After of a response asks to wait. ok is false
// without a valid one. A date in it counts from the server's own Date: our clock may be wrong.
func Wait(header http.Header, now time.Time) (wait time.Duration, ok bool) {
	text := header.Get("Retry-After")
	if seconds, err := strconv.ParseInt(text, 10, 32); err == nil && seconds >= 0 {
		return time.Duration(seconds) * time.Second, true
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0, false
	}
	return max(at.Sub(ServerTime(header, now)), 0), true
}

// ServerTime returns the header Date of a response, or now without a valid one.
func ServerTime(header http.Header, now time.Time) time.Time {
	if at, err := http.ParseTime(header.Get("Date")); err == nil {
		return at
	}
	return now
}
