package webhook

import (
	"encoding/json"
	"io"
	"net/http"
	"net/netip"
)

// Path is where webhooks are received: with the token as the rest of the path,
// or as ?token=.
const Path = "/hook"

// TokenName is what the token is called in a path (/hook/{token}) and a query.
const TokenName = "token"

// Handler receives webhooks over HTTP.
func (r *Receiver) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc(Path, r.serve)
	mux.HandleFunc(Path+"/{"+TokenName+"}", r.serve)
	return mux
}

func (r *Receiver) serve(w http.ResponseWriter, q *http.Request) {
	// One byte more than is read shows that there is more.
	body, err := io.ReadAll(io.LimitReader(q.Body, MostBody+1))
	if err != nil {
		return // whoever called is gone
	}
	from, _ := netip.ParseAddrPort(q.RemoteAddr)
	token := q.PathValue(TokenName)
	if token == "" {
		token = q.URL.Query().Get(TokenName)
	}
	answer := r.Receive(q.Context(), Request{
		Method: q.Method, From: from.Addr().WithZone(""), Token: token, ContentType: q.Header.Get("Content-Type"), Body: body,
	})
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(answer.Status)
	_ = json.NewEncoder(w).Encode(answer) // whoever called may be gone
}
