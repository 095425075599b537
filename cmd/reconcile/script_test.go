package main

import (
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"reconcile/reconciler/source/gittest"
)

// world is what a script's commands share.
type world struct {
	tb    testing.TB
	git   *gittest.HTTP
	cloud *cloud
}

type worldKey struct{}

func setupScript(env *testscript.Env) error {
	tb, ok := env.T().(testing.TB)
	if !ok {
		return fmt.Errorf("%T is no testing.TB", env.T())
	}
	home := filepath.Join(env.WorkDir, "home")
	env.Setenv("HOME", home)
	env.Setenv("USER", "tester")
	env.Values[worldKey{}] = &world{tb: tb}
	return os.MkdirAll(home, 0o700)
}

func worldOf(ts *testscript.TestScript) *world { return ts.Value(worldKey{}).(*world) }

// exits CODE COMMAND [ARG...] runs a command, which must exit so.
func exitsCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARG...]")
	}
	code := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%s: %v", args[1], err)
		}
		code = exit.ExitCode()
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("it exited %d, not %s", code, args[0])
	}
}

// commit DIR MESSAGE [VARIABLE] commits all that is in DIR, a repository that
// is made if need be, and sets VARIABLE to the commit. A server of DIR gets
// it too.
func commitCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: commit DIR MESSAGE [VARIABLE]")
	}
	dir := ts.MkAbs(args[0])
	git := func(args ...string) string { return gittest.Git(worldOf(ts).tb, dir, args...) }
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

// serve DIR serves a bare clone of the repository DIR at $GIT_URL, by HTTPS
// and to ann with the password s3cret-pässword alone. SSL_CERT_FILE is set.
func serveCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: serve DIR")
	}
	w := worldOf(ts)
	dir := ts.MkAbs(args[0])
	bare := filepath.Join(ts.MkAbs("served"), "PROJ", filepath.Base(dir)+".git")
	gittest.Git(w.tb, dir, "clone", "-q", "--bare", ".", bare)
	gittest.Git(w.tb, dir, "remote", "add", "origin", bare)
	w.git = gittest.ServeTLS(w.tb, &gittest.Repo{Dir: bare})
	w.git.Username, w.git.Password = "ann", password
	ts.Setenv("GIT_URL", w.git.URL)
	ts.Setenv("SSL_CERT_FILE", writeCertificate(ts, w.git.Certificate()))
}

// password is searched for in all that a pass leaves behind.
const password = "s3cret-pässword"

func writeCertificate(ts *testscript.TestScript, der []byte) string {
	file := ts.MkAbs("ca.pem")
	ts.Check(os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644))
	return file
}

// requests WHERE N: since the last time there were N requests to WHERE, which
// is git, dynamodb or s3.
func requestsCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: requests git|dynamodb|s3 N")
	}
	w := worldOf(ts)
	var got []string
	switch args[0] {
	case "git":
		got = make([]string, w.git.Requests.Swap(0))
	case "dynamodb":
		got = w.cloud.dynamodb.take()
	case "s3":
		got = w.cloud.s3.take()
	}
	if want, err := strconv.Atoi(args[1]); err != nil || len(got) != want {
		ts.Fatalf("%d requests to %s, want %s: %q", len(got), args[0], args[1], got)
	}
}

// json FILE PATH VALUE compares a part of a JSON document, as compact JSON or
// as a bare string. A path is field.field, with [name] for the element of an
// array whose name that is, or [n]. A value may hold environment variables.
func jsonCommand(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: json FILE PATH VALUE")
	}
	var document any
	if err := json.Unmarshal([]byte(ts.ReadFile(args[0])), &document); err != nil {
		ts.Fatalf("%s is not one JSON document: %v\n%s", args[0], err, ts.ReadFile(args[0]))
	}
	got, err := lookUp(document, args[1])
	if err != nil {
		ts.Fatalf("%v in %s", err, ts.ReadFile(args[0]))
	}
	if equal := got == args[2]; equal == neg {
		ts.Fatalf("%s is %s", args[1], got)
	}
}

// save FILE PATH VARIABLE keeps a part of a JSON document.
func saveCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: save FILE PATH VARIABLE")
	}
	var document any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &document))
	value, err := lookUp(document, args[1])
	ts.Check(err)
	ts.Setenv(args[2], value)
}

func lookUp(document any, path string) (string, error) {
	path = strings.ReplaceAll(path, "[", ".[")
	for _, part := range strings.Split(strings.TrimPrefix(path, "."), ".") {
		var ok bool
		switch value := document.(type) {
		case map[string]any:
			document, ok = value[part]
		case []any:
			document, ok = element(value, strings.Trim(part, "[]"))
		}
		if !ok {
			return "", fmt.Errorf("there is no %s (at %s)", path, part)
		}
	}
	if text, ok := document.(string); ok {
		return text, nil
	}
	text, err := json.Marshal(document)
	return string(text), err
}

func element(list []any, which string) (any, bool) {
	if n, err := strconv.Atoi(which); err == nil {
		if n >= len(list) {
			return nil, false
		}
		return list[n], true
	}
	for _, e := range list {
		if fields, ok := e.(map[string]any); ok && (fields["name"] == which || fields["check"] == which) {
			return e, true
		}
	}
	return nil, false
}

// await FIFO waits until something is written into a fifo, which a workspace
// does to say how far it is.
func awaitCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: await FIFO")
	}
	_, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
}
