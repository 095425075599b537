package webhook

import (
	"encoding/json"
	"net/http"
	"net/netip"
)

// Path is the path for webhooks. The token follows as the rest of the path, or as ?token=.
const Path = "/hook"

// TokenName is the name of the token in a path (/hook/{token}) and in a query.
const TokenName = "token"

// Handler receives webhooks over HTTP. It handles maxConcurrent calls at a time. It refuses
// others with 503, before it reads anything from them.
func (r *Receiver) Handler() http.Handler {
	slots := make(chan struct{}, maxConcurrent)
	serve := func(w http.ResponseWriter, q *http.Request) {
		select {
		case slots <- struct{}{}:
			defer func() { <-slots }()
			r.serve(w, q)
		default:
			w.Header().Set("Retry-After", "5")
			respond(w, Response{http.StatusServiceUnavailable, ResultBusy, "too many requests: retry later"})
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc(Path, serve)
	mux.HandleFunc(Path+"/{"+TokenName+"}", serve)
	return mux
}

func (r *Receiver) serve(w http.ResponseWriter, q *http.Request) {
	from, _ := netip.ParseAddrPort(q.RemoteAddr)
	token := q.PathValue(TokenName)
	if token == "" {
		token = q.URL.Query().Get(TokenName)
	}
	respond(w, r.Receive(q.Context(), Request{
		Method: q.Method, From: from.Addr().WithZone(""), Token: token, ContentType: q.Header.Get("Content-Type"), Body: q.Body,
	}))
}

func respond(w http.ResponseWriter, response Response) {
	if response.Status >= http.StatusBadRequest {
		w.Header().Set("Connection", "close") // the server reads nothing more from a refused caller
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(response.Status)
	_ = json.NewEncoder(w).Encode(response) // the caller may have disconnected
}
