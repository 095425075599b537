package gittest

import (
	"fmt"
	"io"
	"net/http"
)

// Fault may answer a request in the server's place: then it returns true.
// requests counts from 1.
type Fault func(w http.ResponseWriter, r *http.Request, requests int) bool

// RespondStatus answers with the status code, and nothing else.
func RespondStatus(code int) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ int) bool {
		w.WriteHeader(code)
		return true
	}
}

// NeverAnswer says nothing until the client goes away.
func NeverAnswer(_ http.ResponseWriter, r *http.Request, _ int) bool {
	_, _ = io.Copy(io.Discard, r.Body) // only then does the server notice that
	<-r.Context().Done()
	return true
}

// RespondLoginPage answers with a web page, as a proxy does that wants a login.
func RespondLoginPage(w http.ResponseWriter, _ *http.Request, _ int) bool {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprint(w, "<html><body>Please log in</body></html>")
	return true
}

// FirstRequests lets fault answer the first n requests alone.
func FirstRequests(n int, fault Fault) Fault {
	return func(w http.ResponseWriter, r *http.Request, requests int) bool {
		return requests <= n && fault(w, r, requests)
	}
}
