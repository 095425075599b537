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

// HTTP is a smart HTTP server: git's own http-backend with basic authentication. Its fields
// may be changed between requests.
type HTTP struct {
	// URL of the repository, without credentials.
	URL string
	// Username and Password are required from clients; none if Password is empty.
	Username, Password string
	// OnlyV0 hides the protocol version that a client requests, like a server that knows only
	// version 0.
	OnlyV0 bool
	Fault  Fault // nil: none
	// CutAfter ends a response and its connection after so many bytes of the body (0: never).
	// MaxCuts limits how often (0: no limit).
	CutAfter int64
	MaxCuts  int64

	cutCount atomic.Int64

	// Requests, BytesIn and BytesOut count requests and the bytes of request and response
	// bodies.
	Requests, BytesIn, BytesOut atomic.Int64

	server  *httptest.Server
	backend http.Handler
}

// ServeHTTP serves the repository on loopback until the test ends.
func ServeHTTP(t testing.TB, r *Repo) *HTTP {
	t.Helper()
	return startServer(t, r, (*httptest.Server).Start)
}

// ServeTLS does what ServeHTTP does, with a certificate that only CA can verify.
func ServeTLS(t testing.TB, r *Repo) *HTTP {
	t.Helper()
	return startServer(t, r, (*httptest.Server).StartTLS)
}

// NewHandler returns the server without an address, for use in another server. The repository
// is at "/" plus the name of its directory. URL is not set.
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

// discardLog drops the servers' messages about clients that disconnect, which tests cause on
// purpose.
var discardLog = log.New(io.Discard, "", 0)

// Close stops the server and closes its connections.
func (h *HTTP) Close() {
	h.server.CloseClientConnections()
	h.server.Close()
}

// CA returns a pool with the certificate of a server started by ServeTLS.
func (h *HTTP) CA() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(h.server.Certificate())
	return pool
}

// CAFile writes the certificate of a server started by ServeTLS to a file, for SSL_CERT_FILE.
func (h *HTTP) CAFile(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ca.pem")
	block := &pem.Block{Type: "CERTIFICATE", Bytes: h.server.Certificate().Raw}
	if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// URLWithPassword returns the URL with user name and password.
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
		panic(http.ErrAbortHandler) // closes the connection
	}
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (c *countingResponse) Unwrap() http.ResponseWriter { return c.ResponseWriter }
