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
	// V0 hides the protocol version that a client asks for, as servers do
	// that know version 0 alone.
	V0    bool
	Fault Fault // nil: none
	// CutAfter ends an answer, and its connection, after so many bytes of its
	// body (0: never), Cuts times (0: every time).
	CutAfter int64
	Cuts     int64

	cuts atomic.Int64

	// Requests, Up and Down count requests, and the bytes of their bodies and
	// of the answers' bodies.
	Requests, Up, Down atomic.Int64

	server  *httptest.Server
	backend http.Handler
}

// ServeHTTP serves the repository on loopback until the test ends.
func ServeHTTP(t testing.TB, r *Repo) *HTTP {
	t.Helper()
	return serve(t, r, (*httptest.Server).Start)
}

// ServeTLS is ServeHTTP with a certificate that only CA vouches for.
func ServeTLS(t testing.TB, r *Repo) *HTTP {
	t.Helper()
	return serve(t, r, (*httptest.Server).StartTLS)
}

// Handler is the server without an address of its own, for one that serves
// more: the repository is below / by its directory's name. URL is not set.
func Handler(t testing.TB, r *Repo) *HTTP {
	t.Helper()
	git, err := exec.LookPath("git")
	if err != nil {
		t.Fatal("git is needed: apt-get install git")
	}
	return &HTTP{backend: &cgi.Handler{
		Path: git,
		Args: []string{"http-backend"},
		Env: append(environment(),
			"GIT_PROJECT_ROOT="+filepath.Dir(r.Dir), "GIT_HTTP_EXPORT_ALL=1"),
		Stderr: io.Discard,
		Logger: silent,
	}}
}

func serve(t testing.TB, r *Repo, start func(*httptest.Server)) *HTTP {
	t.Helper()
	h := Handler(t, r)
	h.server = httptest.NewUnstartedServer(h)
	h.server.Config.ErrorLog = silent
	start(h.server)
	t.Cleanup(h.Close)
	h.URL = h.server.URL + "/" + r.Name()
	return h
}

// silent swallows what servers log of clients that go away: tests mean it.
var silent = log.New(io.Discard, "", 0)

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

// WithPassword returns the URL with user name and password in it.
func (h *HTTP) WithPassword() string {
	u, _ := url.Parse(h.URL)
	u.User = url.UserPassword(h.Username, h.Password)
	return u.String()
}

// ServeHTTP answers one request.
func (h *HTTP) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n := h.Requests.Add(1)
	r.Body = &countedBody{r.Body, &h.Up}
	answer := &countedAnswer{ResponseWriter: w, server: h}
	if h.Fault != nil && h.Fault(answer, r, int(n)) {
		return
	}
	if user, password, _ := r.BasicAuth(); h.Password != "" && (user != h.Username || password != h.Password) {
		w.Header().Set("WWW-Authenticate", `Basic realm="Git"`)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if h.V0 {
		r.Header.Del("Git-Protocol")
	}
	h.backend.ServeHTTP(answer, r)
}

type countedBody struct {
	io.ReadCloser
	n *atomic.Int64
}

func (c *countedBody) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.n.Add(int64(n))
	return n, err
}

type countedAnswer struct {
	http.ResponseWriter
	server *HTTP
	sent   int64
}

func (c *countedAnswer) Write(p []byte) (int, error) {
	h := c.server
	cut := h.CutAfter > 0 && c.sent+int64(len(p)) >= h.CutAfter && (h.Cuts == 0 || h.cuts.Add(1) <= h.Cuts)
	if cut {
		p = p[:h.CutAfter-c.sent]
	}
	n, err := c.ResponseWriter.Write(p)
	c.sent += int64(n)
	h.Down.Add(int64(n))
	if cut {
		_ = http.NewResponseController(c.ResponseWriter).Flush()
		panic(http.ErrAbortHandler) // ends the connection
	}
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (c *countedAnswer) Unwrap() http.ResponseWriter { return c.ResponseWriter }
