package source

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"reconcile/reconciler/source/gittest"
)

// failureCase is a way for a remote to fail, with the expected kind and parts of the message.
type failureCase struct {
	name     string
	kind     error
	messages []string
	trigger  func(t *testing.T, repo *gittest.Repo) error
}

func tipError(t *testing.T, opts Options) error {
	t.Helper()
	opts.CacheDir, opts.retry = t.TempDir(), testRetry
	if opts.Timeout == 0 {
		opts.Timeout = 5 * time.Minute // a busy machine starts sshd slowly
	}
	r, err := Open(t.Context(), opts)
	if err != nil {
		return err
	}
	_, err = r.Tip(t.Context(), "")
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
			return tipError(t, Options{URL: server.URL, Credentials: Credentials{Username: "ann", Password: password}})
		}},
		{"no password", ErrAuth, []string{"RECONCILE_GIT_PASSWORD"}, func(t *testing.T, repo *gittest.Repo) error {
			server := gittest.ServeHTTP(t, repo)
			server.Password = password
			return tipError(t, Options{URL: server.URL})
		}},
		{"forbidden", ErrForbidden, []string{"IP addresses"}, func(t *testing.T, repo *gittest.Repo) error {
			return tipError(t, Options{URL: serveFaulty(t, repo, gittest.RespondStatus(http.StatusForbidden)).URL})
		}},
		{"no such repository", ErrNotFound, []string{"check the address"}, func(t *testing.T, repo *gittest.Repo) error {
			return tipError(t, Options{URL: gittest.ServeHTTP(t, repo).URL + "2"})
		}},
		{"no such host", ErrHost, []string{"no-such-host.invalid"}, func(t *testing.T, _ *gittest.Repo) error {
			return tipError(t, Options{URL: "https://ann:" + "s3cr3t-p%40ss" + "@no-such-host.invalid/repo.git"})
		}},
		{"certificate", ErrCertificate, []string{"SSL_CERT_FILE"}, func(t *testing.T, repo *gittest.Repo) error {
			return tipError(t, Options{URL: gittest.ServeTLS(t, repo).URL})
		}},
		{"login page", ErrNotGit, []string{"text/html", "proxy"}, func(t *testing.T, repo *gittest.Repo) error {
			return tipError(t, Options{URL: serveFaulty(t, repo, gittest.RespondLoginPage).URL})
		}},
		{"redirect", ErrNotGit, []string{"https://login.example.com/elsewhere.git", "not followed"}, func(t *testing.T, repo *gittest.Repo) error {
			return tipError(t, Options{URL: serveFaulty(t, repo, func(w http.ResponseWriter, r *http.Request, _ int) bool {
				http.Redirect(w, r, "https://u:"+"pw@login.example.com/elsewhere.git/git-upload-pack?token=1", http.StatusFound)
				return true
			}).URL})
		}},
		{"server error", ErrUnavailable, []string{"502"}, func(t *testing.T, repo *gittest.Repo) error {
			return tipError(t, Options{URL: serveFaulty(t, repo, gittest.RespondStatus(http.StatusBadGateway)).URL})
		}},
		{"silent", ErrTimeout, []string{"try again later"}, func(t *testing.T, repo *gittest.Repo) error {
			return tipError(t, Options{URL: serveFaulty(t, repo, gittest.NeverAnswer).URL, Timeout: 50 * time.Millisecond})
		}},
		{"refused", ErrUnavailable, []string{"refused"}, func(t *testing.T, repo *gittest.Repo) error {
			server := gittest.ServeHTTP(t, repo)
			server.Close()
			return tipError(t, Options{URL: server.URL})
		}},
		{"password in plain text", ErrURL, []string{"use https"}, func(t *testing.T, _ *gittest.Repo) error {
			return tipError(t, Options{URL: "http://ann:s3cr3t-p%40ss@git.example.com/repo.git"})
		}},
		{"tip too large", ErrTooLarge, []string{"limit"}, func(t *testing.T, repo *gittest.Repo) error {
			return tipError(t, Options{URL: gittest.ServeHTTP(t, repo).URL, MaxBytes: 20})
		}},
		{"pack too large", ErrTooLarge, []string{"limit"}, func(t *testing.T, repo *gittest.Repo) error {
			r := openRepository(t, Options{URL: gittest.ServeHTTP(t, repo).URL, MaxBytes: 100})
			_, err := r.Fetch(t.Context(), repo.Git("rev-parse", "HEAD"))
			return err
		}},
		{"commit moved away", ErrCommitNotFound, []string{"tip again"}, func(t *testing.T, repo *gittest.Repo) error {
			lost := repo.Git("rev-parse", "HEAD")
			repo.Amend("another", map[string]string{"a": "2"})
			r := openRepository(t, Options{URL: gittest.ServeHTTP(t, repo).URL})
			_, err := r.Fetch(t.Context(), lost)
			return err
		}},
		{"always cut", ErrUnavailable, []string{"unexpected EOF"}, func(t *testing.T, repo *gittest.Repo) error {
			server := gittest.ServeHTTP(t, repo)
			server.CutAfter = 150
			r := openRepository(t, Options{URL: server.URL})
			_, err := r.Fetch(t.Context(), repo.Git("rev-parse", "HEAD"))
			return err
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
			writeFile(t, none, "")
			err := tipError(t, Options{URL: server.URL, KnownHosts: []string{none}, Credentials: Credentials{KeyFile: server.KeyFile}})
			if err != nil && !strings.Contains(err.Error(), server.Fingerprint) {
				t.Errorf("%v: does not show the fingerprint %s", err, server.Fingerprint)
			}
			return err
		}},
		{"host key changed", ErrHostKeyChanged, []string{"HAS CHANGED", "SHA256:", "nothing was sent"}, func(t *testing.T, repo *gittest.Repo) error {
			server := gittest.ServeSSH(t, repo, false)
			server.NewHostKey()
			return tipError(t, sshOptions(server))
		}},
		{"key not let in", ErrAuth, []string{"public key"}, func(t *testing.T, repo *gittest.Repo) error {
			server := gittest.ServeSSH(t, repo, false)
			opts := sshOptions(server)
			opts.Credentials.KeyFile = filepath.Join(t.TempDir(), "other")
			gittest.NewKey(t, opts.Credentials.KeyFile)
			return tipError(t, opts)
		}},
		{"no such repository", ErrNotFound, []string{"check the address"}, func(t *testing.T, repo *gittest.Repo) error {
			server := gittest.ServeSSH(t, repo, false)
			opts := sshOptions(server)
			opts.URL += "2"
			return tipError(t, opts)
		}},
		{"silent", ErrTimeout, []string{"try again later"}, func(t *testing.T, repo *gittest.Repo) error {
			server := gittest.ServeSSH(t, repo, false)
			server.NeverAnswer.Store(true)
			opts := sshOptions(server)
			opts.Timeout = 50 * time.Millisecond
			return tipError(t, opts)
		}},
		{"no such known_hosts", nil, []string{"does not exist"}, func(t *testing.T, repo *gittest.Repo) error {
			return tipError(t, Options{URL: "ssh://git@example.com/a.git", KnownHosts: []string{"/nowhere/known_hosts"}})
		}},
		{"commit moved away", ErrCommitNotFound, []string{"tip again"}, func(t *testing.T, repo *gittest.Repo) error {
			lost := repo.Git("rev-parse", "HEAD")
			repo.Amend("another", map[string]string{"a": "2"})
			_, err := openRepository(t, sshOptions(gittest.ServeSSH(t, repo, false))).Fetch(t.Context(), lost)
			return err
		}},
	}
	runFailures(t, failures)
}

func sshOptions(server *gittest.SSH) Options {
	return Options{URL: server.URL, KnownHosts: []string{server.KnownHosts}, Credentials: Credentials{KeyFile: server.KeyFile}}
}

func TestBranchFailures(t *testing.T) {
	t.Parallel()
	for _, endpoint := range endpoints() {
		t.Run(endpoint.name, func(t *testing.T) {
			t.Parallel()
			empty := gittest.New(t)
			_, err := endpoint.open(t, empty, "").Tip(t.Context(), "")
			checkFailure(t, err, ErrEmpty, []string{"push a commit"})

			repo := gittest.New(t)
			repo.Commit("first", map[string]string{"a": "1"})
			repo.Git("push", "-q", "origin", "HEAD:refs/heads/prod2")
			repo.Git("branch", "-q", "prod2")
			_, err = endpoint.open(t, repo, "prod").Tip(t.Context(), "")
			checkFailure(t, err, ErrNoBranch, []string{`"prod"`, "main, prod2"})
		})
	}
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
		r := openRepository(t, Options{URL: server.URL})
		if tip, err := r.Tip(t.Context(), ""); tip != (Tip{Commit: id}) || err != nil {
			t.Errorf("%d: %v, %v", code, tip, err)
		}
		if _, err := r.Tip(t.Context(), ProtocolV2); err == nil {
			t.Errorf("%d: no error in the protocol that was spoken before", code)
		}
		if tip, err := r.Tip(t.Context(), ProtocolV0); tip != (Tip{id, ProtocolV0}) || err != nil {
			t.Errorf("%d: %v, %v", code, tip, err)
		}
	}
}

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
		opts  Options
		asked chan struct{}
	}{"http": {Options{URL: http.URL}, asked}, "ssh": {sshOptions(ssh), ssh.Accepted}} {
		r := openRepository(t, endpoint.opts)
		for what, ask := range map[string]func(context.Context) error{
			"tip":      func(ctx context.Context) error { _, err := r.Tip(ctx, ""); return err },
			"fetch":    func(ctx context.Context) error { _, err := r.Fetch(ctx, id); return err },
			"contains": func(ctx context.Context) error { _, _, err := r.Contains(ctx, id, someID); return err },
		} {
			ctx, cancel := context.WithCancel(t.Context())
			go func() { <-endpoint.asked; cancel() }()
			if err := ask(ctx); !errors.Is(err, context.Canceled) || IsTransient(err) {
				t.Errorf("%s: %s: %v", name, what, err)
			}
		}
	}
}
