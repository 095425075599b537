package gittest

import (
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"
)

// HTTP is a smart HTTP server: git's own http-backend behind basic auth. Its
// fields may be changed between requests.
type HTTP struct {
	// URL of the repository, without credentials.
	URL string
	// Username and Password that it asks for; none if Password is empty.
	Username, Password string
	// OnlyV0 hides the protocol version that a client asks for, as servers do
	// that know version 0 alone.
	OnlyV0 bool
	Fault  Fault // nil: none
	// CutAfter ends an answer, and its connection, after so many bytes of its
	// body (0: never), Cuts times (0: every time).
	CutAfter int64
	MaxCuts  int64

	cutCount atomic.Int64

	// Requests, Up and Down count requests, and the bytes of their bodies and
	// of the answers' bodies.
	Requests, BytesIn, BytesOut atomic.Int64

	server  *httptest.Server
	backend http.Handler
}

// ServeHTTP serves the repository on loopback until the test ends.
func ServeHTTP(t testing.TB, r *Repo) *HTTP {
	t.Helper()
	return startServer(t, r, (*httptest.Server).Start)
}

// ServeTLS is ServeHTTP with a certificate that only CA vouches for.
func ServeTLS(t testing.TB, r *Repo) *HTTP {
	t.Helper()
	return startServer(t, r, (*httptest.Server).StartTLS)
}

// NewHandler is the server without an address of its own, for one that serves
// more: the repository is below / by its directory's name. URL is not set.
func NewHandler(t testing.TB, r *Repo) *HTTP {
	t.Helper()
	git, err := exec.LookPath("git")
	if err != nil {
		t.Fatal("git is needed: apt-get install git")
	}
	return &HTTP{backend: &cgi.Handler{
		Path: git,
		Args: []string{"http-backend"},
		Env: append(gitEnv(),
			"GIT_PROJECT_ROOT="+filepath.Dir(r.Dir), "GIT_HTTP_EXPORT_ALL=1"),
		Stderr: io.Discard,
		Logger: discardLog,
	}}
}

func startServer(t testing.TB, r *Repo, start func(*httptest.Server)) *HTTP {
	t.Helper()
	h := NewHandler(t, r)
	h.server = httptest.NewUnstartedServer(h)
	h.server.Config.ErrorLog = discardLog
	start(h.server)
	t.Cleanup(h.Close)
	h.URL = h.server.URL + "/" + r.Name()
	return h
}

// discardLog swallows what servers log of clients that go away: tests mean it.
var discardLog = log.New(io.Discard, "", 0)

// Close ends the server and its connections.
func (h *HTTP) Close() {
	h.server.CloseClientConnections()
	h.server.Close()
}

// CA holds the certificate of a server started by ServeTLS.
func (h *HTTP) CA() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(h.server.Certificate())
	return pool
}

// CAFile writes the certificate of a server started by ServeTLS to a file, for
// SSL_CERT_FILE.
func (h *HTTP) CAFile(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ca.pem")
	block := &pem.Block{Type: "CERTIFICATE", Bytes: h.server.Certificate().Raw}
	if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// URLWithPassword returns the URL with user name and password in it.
func (h *HTTP) URLWithPassword() string {
	u, _ := url.Parse(h.URL)
	u.User = url.UserPassword(h.Username, h.Password)
	return u.String()
}

// ServeHTTP answers one request.
func (h *HTTP) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n := h.Requests.Add(1)
	r.Body = &countingBody{r.Body, &h.BytesIn}
	response := &countingResponse{ResponseWriter: w, server: h}
	if h.Fault != nil && h.Fault(response, r, int(n)) {
		return
	}
	if user, password, _ := r.BasicAuth(); h.Password != "" && (user != h.Username || password != h.Password) {
		w.Header().Set("WWW-Authenticate", `Basic realm="Git"`)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if h.OnlyV0 {
		r.Header.Del("Git-Protocol")
	}
	h.backend.ServeHTTP(response, r)
}

type countingBody struct {
	io.ReadCloser
	n *atomic.Int64
}

func (c *countingBody) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.n.Add(int64(n))
	return n, err
}

type countingResponse struct {
	http.ResponseWriter
	server *HTTP
	sent   int64
}

func (c *countingResponse) Write(p []byte) (int, error) {
	h := c.server
	cut := h.CutAfter > 0 && c.sent+int64(len(p)) >= h.CutAfter && (h.MaxCuts == 0 || h.cutCount.Add(1) <= h.MaxCuts)
	if cut {
		p = p[:h.CutAfter-c.sent]
	}
	n, err := c.ResponseWriter.Write(p)
	c.sent += int64(n)
	h.BytesOut.Add(int64(n))
	if cut {
		_ = http.NewResponseController(c.ResponseWriter).Flush()
		panic(http.ErrAbortHandler) // ends the connection
	}
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (c *countingResponse) Unwrap() http.ResponseWriter { return c.ResponseWriter }
