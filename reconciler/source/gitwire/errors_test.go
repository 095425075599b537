package gitwire

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-git/go-git/v5/plumbing"

	"reconcile/internal/commitid"
	"reconcile/reconciler/source/gittest"
)

// failureCase is a way for a remote to fail, with the expected kind and parts of the message.
type failureCase struct {
	name     string
	kind     error
	messages []string
	trigger  func(t *testing.T, repo *gittest.Repo) error
}

func tipError(t *testing.T, url string, opts Options) error {
	t.Helper()
	c, err := newClient(url, opts)
	if err != nil {
		return err
	}
	_, _, err = c.Tip(t.Context(), "main", "")
	return err
}

// newClient returns a client with options that suit tests.
func newClient(url string, opts Options) (*Client, error) {
	a, credentials, err := ParseAddress(url)
	if err != nil {
		return nil, err
	}
	opts.Credentials = opts.Credentials.FillFrom(credentials)
	opts.Retry = RetryPolicy{MaxTries: 3, InitialDelay: time.Millisecond}
	if opts.Timeout == 0 {
		opts.Timeout = 5 * time.Minute // a busy machine starts sshd slowly
	}
	return New(a, opts)
}

func mustClient(t *testing.T, url string, opts Options) *Client {
	t.Helper()
	c, err := newClient(url, opts)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// fetchError fetches the commit and returns the error.
func fetchError(ctx context.Context, c *Client, id commitid.ID) error {
	_, err := c.Fetch(ctx, 1, []plumbing.Hash{plumbing.NewHash(string(id))}, func(pack io.Reader) error {
		_, err := io.Copy(io.Discard, pack)
		return err
	})
	return err
}

// serveFaulty serves the repository with faults.
func serveFaulty(t *testing.T, repo *gittest.Repo, fault gittest.Fault) *gittest.HTTP {
	server := gittest.ServeHTTP(t, repo)
	server.Fault = fault
	return server
}

const password = "s3cr3t-p@ss"

func TestHTTPFailures(t *testing.T) {
	t.Parallel()
	failures := []failureCase{
		{"wrong password", ErrAuth, []string{"special password"}, func(t *testing.T, repo *gittest.Repo) error {
			server := gittest.ServeHTTP(t, repo)
			server.Username, server.Password = "ann", "another"
			return tipError(t, server.URL, Options{Credentials: Credentials{Username: "ann", Password: password}})
		}},
		{"no password", ErrAuth, []string{"RECONCILE_GIT_PASSWORD"}, func(t *testing.T, repo *gittest.Repo) error {
			server := gittest.ServeHTTP(t, repo)
			server.Password = password
			return tipError(t, server.URL, Options{})
		}},
		{"forbidden", ErrForbidden, []string{"IP addresses"}, func(t *testing.T, repo *gittest.Repo) error {
			return tipError(t, serveFaulty(t, repo, gittest.RespondStatus(http.StatusForbidden)).URL, Options{})
		}},
		{"no such repository", ErrNotFound, []string{"check the address"}, func(t *testing.T, repo *gittest.Repo) error {
			return tipError(t, gittest.ServeHTTP(t, repo).URL+"2", Options{})
		}},
		{"no such host", ErrHost, []string{"no-such-host.invalid"}, func(t *testing.T, _ *gittest.Repo) error {
			return tipError(t, "https://ann:"+"s3cr3t-p%40ss"+"@no-such-host.invalid/repo.git", Options{})
		}},
		{"certificate", ErrCertificate, []string{"SSL_CERT_FILE"}, func(t *testing.T, repo *gittest.Repo) error {
			return tipError(t, gittest.ServeTLS(t, repo).URL, Options{})
		}},
		{"login page", ErrNotGit, []string{"text/html", "proxy"}, func(t *testing.T, repo *gittest.Repo) error {
			return tipError(t, serveFaulty(t, repo, gittest.RespondLoginPage).URL, Options{})
		}},
		{"redirect", ErrNotGit, []string{"https://login.example.com/elsewhere.git", "not followed"}, func(t *testing.T, repo *gittest.Repo) error {
			return tipError(t, serveFaulty(t, repo, func(w http.ResponseWriter, r *http.Request, _ int) bool {
				http.Redirect(w, r, "https://u:"+"pw@login.example.com/elsewhere.git/git-upload-pack?token=1", http.StatusFound)
				return true
			}).URL, Options{})
		}},
		{"password with a line break", ErrAuth, []string{"ends in a line break"}, func(t *testing.T, repo *gittest.Repo) error {
			_, err := newClient(gittest.ServeHTTP(t, repo).URL, Options{Credentials: Credentials{Username: "ann", Password: password + "\n"}})
			return err
		}},
		{"SHA-256", ErrNotGit, []string{"SHA-256", "SHA-1"}, func(t *testing.T, _ *gittest.Repo) error {
			repo, dir := gittest.New(t), t.TempDir()
			repo.Dir = filepath.Join(dir, "served.git")
			gittest.Git(t, dir, "init", "-q", "-b", "main", "--object-format=sha256", "work")
			gittest.Git(t, filepath.Join(dir, "work"), "commit", "-q", "--allow-empty", "-m", "first")
			gittest.Git(t, dir, "clone", "-q", "--bare", "work", repo.Dir)
			return tipError(t, gittest.ServeHTTP(t, repo).URL, Options{})
		}},
		{"a host's alias", ErrHost, []string{"~/.ssh/config"}, func(t *testing.T, _ *gittest.Repo) error {
			return classifyNetworkError(t.Context(), "ssh://git@work/repo.git", &net.DNSError{Name: "work", IsNotFound: true})
		}},
		{"limited", ErrUnavailable, []string{"429", "in a minute"}, func(t *testing.T, repo *gittest.Repo) error {
			return tipError(t, serveFaulty(t, repo, gittest.RespondStatus(http.StatusTooManyRequests)).URL, Options{})
		}},
		{"server error", ErrUnavailable, []string{"502"}, func(t *testing.T, repo *gittest.Repo) error {
			return tipError(t, serveFaulty(t, repo, gittest.RespondStatus(http.StatusBadGateway)).URL, Options{})
		}},
		{"silent", ErrTimeout, []string{"try again later"}, func(t *testing.T, repo *gittest.Repo) error {
			return tipError(t, serveFaulty(t, repo, gittest.NeverAnswer).URL, Options{Timeout: 50 * time.Millisecond})
		}},
		{"refused", ErrUnavailable, []string{"refused"}, func(t *testing.T, repo *gittest.Repo) error {
			server := gittest.ServeHTTP(t, repo)
			server.Close()
			return tipError(t, server.URL, Options{})
		}},
		{"password in plain text", ErrURL, []string{"use https"}, func(t *testing.T, _ *gittest.Repo) error {
			return tipError(t, "http://ann:s3cr3t-p%40ss@git.example.com/repo.git", Options{})
		}},
		{"tip too large", ErrTooLarge, []string{"limit"}, func(t *testing.T, repo *gittest.Repo) error {
			return tipError(t, gittest.ServeHTTP(t, repo).URL, Options{MaxBytes: 20})
		}},
		{"pack too large", ErrTooLarge, []string{"limit"}, func(t *testing.T, repo *gittest.Repo) error {
			return fetchError(t.Context(), mustClient(t, gittest.ServeHTTP(t, repo).URL, Options{MaxBytes: 100}), commitid.ID(repo.Git("rev-parse", "HEAD")))
		}},
		{"commit moved away", ErrCommitNotFound, []string{"tip again"}, func(t *testing.T, repo *gittest.Repo) error {
			lost := commitid.ID(repo.Git("rev-parse", "HEAD"))
			repo.Amend("another", map[string]string{"a": "2"})
			return fetchError(t.Context(), mustClient(t, gittest.ServeHTTP(t, repo).URL, Options{}), lost)
		}},
		{"always cut", ErrUnavailable, []string{"unexpected EOF"}, func(t *testing.T, repo *gittest.Repo) error {
			server := gittest.ServeHTTP(t, repo)
			server.CutAfter = 150
			return fetchError(t.Context(), mustClient(t, server.URL, Options{}), commitid.ID(repo.Git("rev-parse", "HEAD")))
		}},
	}
	runFailures(t, failures)
}

func TestSSHFailures(t *testing.T) {
	t.Parallel()
	failures := []failureCase{
		{"host key unknown", ErrHostKeyUnknown, []string{"SHA256:", "known_hosts: [127.0.0.1]:"}, func(t *testing.T, repo *gittest.Repo) error {
			server := gittest.ServeSSH(t, repo, false)
			none := filepath.Join(t.TempDir(), "known_hosts")
			if err := os.WriteFile(none, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			err := tipError(t, server.URL, Options{KnownHosts: []string{none}, Credentials: Credentials{KeyFile: server.KeyFile}})
			if err != nil && !strings.Contains(err.Error(), server.Fingerprint) {
				t.Errorf("%v: does not show the fingerprint %s", err, server.Fingerprint)
			}
			return err
		}},
		{"host key changed", ErrHostKeyChanged, []string{"HAS CHANGED", "SHA256:", "nothing was sent"}, func(t *testing.T, repo *gittest.Repo) error {
			server := gittest.ServeSSH(t, repo, false)
			server.NewHostKey()
			return tipError(t, server.URL, sshOptions(server))
		}},
		{"key not let in", ErrAuth, []string{"public key"}, func(t *testing.T, repo *gittest.Repo) error {
			server := gittest.ServeSSH(t, repo, false)
			opts := sshOptions(server)
			opts.Credentials.KeyFile = filepath.Join(t.TempDir(), "other")
			gittest.NewKey(t, opts.Credentials.KeyFile)
			return tipError(t, server.URL, opts)
		}},
		{"no such repository", ErrNotFound, []string{"check the address"}, func(t *testing.T, repo *gittest.Repo) error {
			server := gittest.ServeSSH(t, repo, false)
			return tipError(t, server.URL+"2", sshOptions(server))
		}},
		{"silent", ErrTimeout, []string{"try again later"}, func(t *testing.T, repo *gittest.Repo) error {
			server := gittest.ServeSSH(t, repo, false)
			server.NeverAnswer.Store(true)
			opts := sshOptions(server)
			opts.Timeout = 50 * time.Millisecond
			return tipError(t, server.URL, opts)
		}},
		{"no such known_hosts", nil, []string{"does not exist"}, func(t *testing.T, repo *gittest.Repo) error {
			return tipError(t, "ssh://git@example.com/a.git", Options{KnownHosts: []string{"/nowhere/known_hosts"}})
		}},
		{"commit moved away", ErrCommitNotFound, []string{"tip again"}, func(t *testing.T, repo *gittest.Repo) error {
			lost := commitid.ID(repo.Git("rev-parse", "HEAD"))
			repo.Amend("another", map[string]string{"a": "2"})
			server := gittest.ServeSSH(t, repo, false)
			return fetchError(t.Context(), mustClient(t, server.URL, sshOptions(server)), lost)
		}},
	}
	runFailures(t, failures)
}

func sshOptions(server *gittest.SSH) Options {
	return Options{KnownHosts: []string{server.KnownHosts}, Credentials: Credentials{KeyFile: server.KeyFile}}
}

func runFailures(t *testing.T, failures []failureCase) {
	for _, f := range failures {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			repo := gittest.New(t)
			repo.Commit("first", map[string]string{"a": "1"})
			repo.Commit("second", map[string]string{"b": "1"})
			checkFailure(t, f.trigger(t, repo), f.kind, f.messages)
		})
	}
}

func checkFailure(t *testing.T, err error, kind error, messages []string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	t.Log(err)
	if kind != nil && !errors.Is(err, kind) {
		t.Errorf("it is not %q", kind)
	}
	for _, text := range messages {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("it does not say %q", text)
		}
	}
	if strings.Contains(err.Error(), "s3cr3t") || strings.Contains(err.Error(), "\n") {
		t.Errorf("it shows a secret, or is longer than a line")
	}
}

// TestServerThatRefusesV2: a server that fails on protocol version 2 is asked in version 0.
// The failure may be temporary, so the protocol is not remembered.
func TestServerThatRefusesV2(t *testing.T) {
	t.Parallel()
	for _, code := range []int{http.StatusBadRequest, http.StatusInternalServerError} {
		repo := gittest.New(t)
		id := repo.Commit("first", map[string]string{"a": "1"})
		server := serveFaulty(t, repo, func(w http.ResponseWriter, r *http.Request, n int) bool {
			return r.Header.Get("Git-Protocol") != "" && gittest.RespondStatus(code)(w, r, n)
		})
		c := mustClient(t, server.URL, Options{})
		if tip, protocol, err := c.Tip(t.Context(), "main", ""); tip != id || protocol != "" || err != nil {
			t.Errorf("%d: %s by %q, %v", code, tip, protocol, err)
		}
		if _, _, err := c.Tip(t.Context(), "main", ProtocolV2); err == nil {
			t.Errorf("%d: no error in the protocol that was spoken before", code)
		}
		if tip, protocol, err := c.Tip(t.Context(), "main", ProtocolV0); tip != id || protocol != ProtocolV0 || err != nil {
			t.Errorf("%d: %s by %q, %v", code, tip, protocol, err)
		}
	}
}

// TestRemoteThatAsksForTime: a remote that answers 429 or 503 is asked once for each try, in one
// version, and after the time that it asked for. If that does not fit, the caller's schedule
// decides.
func TestRemoteThatAsksForTime(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		code, requests int64
		after          string
	}{
		"overloaded":             {http.StatusServiceUnavailable, 3, ""},
		"limited":                {http.StatusTooManyRequests, 3, ""},
		"limited for an hour":    {http.StatusTooManyRequests, 1, "3600"},
		"overloaded for an hour": {http.StatusServiceUnavailable, 1, "3600"},
	} {
		repo := gittest.New(t)
		repo.Commit("first", map[string]string{"a": "1"})
		server := serveFaulty(t, repo, func(w http.ResponseWriter, r *http.Request, n int) bool {
			w.Header().Set("Retry-After", test.after)
			return gittest.RespondStatus(int(test.code))(w, r, n)
		})
		c := mustClient(t, server.URL, Options{})
		_, _, err := c.Tip(t.Context(), "main", "")
		if got := server.Requests.Load(); !isTransient(err) || got != test.requests {
			t.Errorf("%s: %d requests, want %d: %v", name, got, test.requests, err)
		}
	}
}

// TestSlowRemote: a remote that sends a byte every five seconds is given up; a slow one that
// goes on is not, and reports progress for the probe.
func TestSlowRemote(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		chunk int
		err   error
	}{
		"a byte": {1, ErrTimeout},
		"10 KB":  {10_000, nil},
	} {
		synctest.Test(t, func(t *testing.T) {
			slow := readerFunc(func(p []byte) (int, error) {
				<-time.After(5 * time.Second) // on the fake clock
				return min(test.chunk, len(p)), nil
			})
			start, last := time.Now(), time.Now()
			c := &Client{timeout: DefaultTimeout, maxBytes: 10_000_000, onProgress: func() {
				if time.Since(last) > 5*time.Minute {
					t.Errorf("%s: no progress for %s", name, time.Since(last))
				}
				last = time.Now()
			}}
			_, err := io.CopyBuffer(io.Discard, c.limitAnswer(io.NopCloser(slow)), make([]byte, 32<<10))
			if test.err == nil {
				test.err = ErrTooLarge // it went on until the limit of size
			}
			if !errors.Is(err, test.err) {
				t.Errorf("%s: %v after %s", name, err, time.Since(start))
			}
			if isSteady := test.err == ErrTooLarge; isSteady != (last != start) || isSteady && time.Since(last) > 5*time.Minute {
				t.Errorf("%s: the last progress was after %s of %s", name, last.Sub(start), time.Since(start))
			}
			if errors.Is(err, ErrTimeout) && (!isTransient(err) || time.Since(start) != 2*time.Minute) {
				t.Errorf("%s: %v after %s", name, err, time.Since(start))
			}
		})
	}
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// TestCancel: the end of the caller's context stops a request at once and is not reported as
// a failure of the remote.
func TestCancel(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	id := repo.Commit("first", map[string]string{"a": "1"})
	asked := make(chan struct{}, 10)
	http := serveFaulty(t, repo, func(w http.ResponseWriter, r *http.Request, n int) bool {
		asked <- struct{}{}
		return gittest.NeverAnswer(w, r, n)
	})
	ssh := gittest.ServeSSH(t, repo, false)
	ssh.NeverAnswer.Store(true)
	for name, endpoint := range map[string]struct {
		url   string
		opts  Options
		asked chan struct{}
	}{"http": {http.URL, Options{}, asked}, "ssh": {ssh.URL, sshOptions(ssh), ssh.Accepted}} {
		c := mustClient(t, endpoint.url, endpoint.opts)
		for what, ask := range map[string]func(context.Context) error{
			"tip":   func(ctx context.Context) error { _, _, err := c.Tip(ctx, "main", ""); return err },
			"fetch": func(ctx context.Context) error { return fetchError(ctx, c, id) },
			"contains": func(ctx context.Context) error {
				_, err := c.Contains(ctx, plumbing.NewHash(string(id)), plumbing.NewHash(someID))
				return err
			},
		} {
			ctx, cancel := context.WithCancel(t.Context())
			go func() { <-endpoint.asked; cancel() }()
			if err := ask(ctx); !errors.Is(err, context.Canceled) || isTransient(err) {
				t.Errorf("%s: %s: %v", name, what, err)
			}
		}
	}
}

// isTransient reports whether a later try may succeed.
func isTransient(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Transient
}
