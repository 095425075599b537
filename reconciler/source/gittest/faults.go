package gittest

import (
	"fmt"
	"io"
	"net/http"

	"reconcile/internal/commitid"
)

// Fault may answer a request instead of the server; it then returns true. requests counts
// from 1.
type Fault func(w http.ResponseWriter, r *http.Request, requests int) bool

// RespondStatus returns a Fault that answers only with the status code.
func RespondStatus(code int) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ int) bool {
		w.WriteHeader(code)
		return true
	}
}

// NeverAnswer sends nothing until the client disconnects.
func NeverAnswer(_ http.ResponseWriter, r *http.Request, _ int) bool {
	_, _ = io.Copy(io.Discard, r.Body) // the server notices a disconnect only after the body is read
	<-r.Context().Done()
	return true
}

// RespondLoginPage answers with a web page, like a proxy that requires a login.
func RespondLoginPage(w http.ResponseWriter, _ *http.Request, _ int) bool {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprint(w, "<html><body>Please log in</body></html>")
	return true
}

// FirstRequests returns a Fault that applies fault only to the first n requests.
func FirstRequests(n int, fault Fault) Fault {
	return func(w http.ResponseWriter, r *http.Request, requests int) bool {
		return requests <= n && fault(w, r, requests)
	}
}

// PackMediaType is the media type of a response with a pack over HTTP.
const PackMediaType = "application/x-git-upload-pack-result"

// PackResponse returns git-upload-pack's response with the pack of a commit of depth 1, in one
// line of the data band.
func PackResponse(commit commitid.ID, pack []byte) []byte {
	line := func(text string) string { return fmt.Sprintf("%04x%s", len(text)+4, text) }
	return []byte(line("shallow "+string(commit)) + "0000" + line("NAK\n") + line("\x01"+string(pack)) + "0000")
}
