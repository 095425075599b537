package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/testscript"

	"reconcile/reconciler/source/gittest"
)

// git DIR ARG... runs git in DIR, with a fixed identity and time.
func gitCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: git DIR ARG...")
	}
	gittest.Git(fixtureOf(ts).tb, ts.MkAbs(args[0]), args[1:]...)
}

// commit DIR MESSAGE [VARIABLE] commits all files in DIR and sets VARIABLE to the
// commit. It creates the repository if needed, and pushes to a server of DIR.
func commitCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: commit DIR MESSAGE [VARIABLE]")
	}
	dir := ts.MkAbs(args[0])
	git := func(args ...string) string { return gittest.Git(fixtureOf(ts).tb, dir, args...) }
	if _, err := os.Stat(filepath.Join(dir, ".git")); err != nil {
		git("init", "-q", "-b", "main")
	}
	git("add", "-A")
	git("commit", "-q", "--allow-empty", "-m", args[1])
	if len(args) == 3 {
		ts.Setenv(args[2], git("rev-parse", "HEAD"))
	}
	if git("remote") != "" {
		git("push", "-q", "--force", "origin", "HEAD")
	}
}

// password must not appear in any file that passes leave.
const password = "s3cret-pässword"

// serve DIR serves a bare clone of the repository DIR at $GIT_URL, by HTTPS
// and only to ann with $PASSWORD. SSL_CERT_FILE is set.
func serveCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: serve DIR")
	}
	w := fixtureOf(ts)
	w.git = gittest.ServeTLS(w.tb, bareClone(ts, args[0]))
	w.git.Username, w.git.Password = "ann", password
	ts.Setenv("GIT_URL", w.git.URL)
	ts.Setenv("WITH_PASSWORD", w.git.URLWithPassword())
	ts.Setenv("PASSWORD", password)
	ts.Setenv("SSL_CERT_FILE", w.git.CAFile(w.tb))
}

// serve-ssh DIR serves a bare clone at $SSH_URL, to the key $SSH_KEY. The host
// key is in the known_hosts of $HOME, and its fingerprint in $FINGERPRINT.
func serveSSHCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: serve-ssh DIR")
	}
	w := fixtureOf(ts)
	w.ssh = gittest.ServeSSH(w.tb, bareClone(ts, args[0]), false)
	ts.Setenv("SSH_URL", w.ssh.URL)
	ts.Setenv("SSH_KEY", w.ssh.KeyFile)
	ts.Setenv("FINGERPRINT", w.ssh.Fingerprint)
	known, err := os.ReadFile(w.ssh.KnownHosts)
	ts.Check(err)
	dir := filepath.Join(ts.Getenv("HOME"), ".ssh")
	ts.Check(os.MkdirAll(dir, 0o700))
	ts.Check(os.WriteFile(filepath.Join(dir, "known_hosts"), known, 0o600))
}

// new-host-key gives the ssh server another host key.
func newHostKeyCommand(ts *testscript.TestScript, _ bool, _ []string) {
	fixtureOf(ts).ssh.NewHostKey()
}

// bareClone clones a repository for a server, and makes it the origin.
func bareClone(ts *testscript.TestScript, arg string) *gittest.Repo {
	tb, dir := fixtureOf(ts).tb, ts.MkAbs(arg)
	bare := filepath.Join(ts.MkAbs("served"), filepath.Base(dir)+".git")
	gittest.Git(tb, dir, "clone", "-q", "--bare", ".", bare)
	gittest.Git(tb, dir, "remote", "add", "origin", bare)
	return &gittest.Repo{Dir: bare}
}

// serve-html serves an HTML page for every request at $HTML_URL.
func serveHTMLCommand(ts *testscript.TestScript, _ bool, _ []string) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, "<html><title>Login</title></html>")
	}))
	fixtureOf(ts).tb.Cleanup(server.Close)
	ts.Setenv("HTML_URL", server.URL+"/git/PROJ/estate.git")
}
