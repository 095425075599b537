package page

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A server answers only requests that were meant for it: a page from elsewhere could lead its
// own name here. Assets need no record.
func TestServerHosts(t *testing.T) {
	t.Parallel()
	m := newModel()
	server := NewServer(m.Site, []string{"reconcile.example.com"}, slog.New(slog.DiscardHandler))
	names, _ := assetFiles()
	for host, want := range map[string]int{
		"localhost": http.StatusOK, "localhost:8082": http.StatusOK, "LOCALHOST": http.StatusOK, "127.0.0.1:8082": http.StatusOK, "[::1]:8082": http.StatusOK, "10.0.0.5": http.StatusOK,
		"reconcile.example.com": http.StatusOK, "Reconcile.Example.Com:443": http.StatusOK,
		"": http.StatusMisdirectedRequest, "evil.example": http.StatusMisdirectedRequest, "localhost.evil.example": http.StatusMisdirectedRequest,
		"127.0.0.1.evil.example:8082": http.StatusMisdirectedRequest, "xreconcile.example.com": http.StatusMisdirectedRequest,
	} {
		r := httptest.NewRequest(http.MethodGet, server.dir()+names.style, nil)
		r.Host = host
		w := httptest.NewRecorder()
		server.ServeHTTP(w, r)
		if w.Code != want || !strings.Contains(w.Header().Get("Content-Security-Policy"), "frame-ancestors 'none'") {
			t.Errorf("%q: %d, not %d: %s", host, w.Code, want, w.Body)
		}
		if isKept := strings.Contains(w.Header().Get("Cache-Control"), "immutable"); isKept != (want == http.StatusOK) {
			t.Errorf("%q: %s", host, w.Header().Get("Cache-Control"))
		}
	}
}
