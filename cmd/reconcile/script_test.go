package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"reconcile/internal/awsfake"
	"reconcile/reconciler/backlog/backlogtest"
	"reconcile/reconciler/source/gittest"
)

// fixture is the state that a script's commands share.
type fixture struct {
	tb    testing.TB
	git   *gittest.HTTP
	ssh   *gittest.SSH
	cloud *fakeAWS

	account *account

	backlog    *backlogtest.Server
	passPipe   *os.File // of watch
	passOutput *bufio.Reader
	sts        *fakeSTS

	executors *fakeExecutors
	alarms    *awsfake.Server
}

type fixtureKey struct{}

func setupScript(env *testscript.Env) error {
	tb, ok := env.T().(testing.TB)
	if !ok {
		return fmt.Errorf("%T is no testing.TB", env.T())
	}
	home := filepath.Join(env.WorkDir, "home")
	env.Setenv("HOME", home)
	env.Setenv("USER", "tester")
	env.Setenv("RECONCILE_GATE", "always") // scripts about the gate set another
	env.Values[fixtureKey{}] = &fixture{tb: tb}
	return os.MkdirAll(home, 0o700)
}

func fixtureOf(ts *testscript.TestScript) *fixture { return ts.Value(fixtureKey{}).(*fixture) }

// exits CODE COMMAND [ARG...] runs a command, which must exit with CODE.
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

// requests WHERE [N] checks that N requests went to WHERE (git, dynamodb or s3) since
// the last call. Without N it only resets the count.
func requestsCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: requests git|dynamodb|s3 [N]")
	}
	w := fixtureOf(ts)
	var got []string
	switch args[0] {
	case "git":
		got = make([]string, w.git.Requests.Swap(0))
	case "dynamodb":
		got = w.cloud.dynamodb.takeRequests()
	case "s3":
		got = w.cloud.s3.takeRequests()
	}
	if len(args) == 1 {
		return
	}
	if want, err := strconv.Atoi(args[1]); err != nil || len(got) != want {
		ts.Fatalf("%d requests to %s, want %s: %q", len(got), args[0], args[1], got)
	}
}

// json FILE PATH VALUE compares a part of a JSON document, as compact JSON or
// as a bare string. A path is field.field, with [name] for the element of an
// array with that name, or [n]. A value may hold environment variables.
func jsonCommand(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: json FILE PATH VALUE")
	}
	var document any
	if err := json.Unmarshal([]byte(ts.ReadFile(args[0])), &document); err != nil {
		ts.Fatalf("%s is not one JSON document: %v\n%s", args[0], err, ts.ReadFile(args[0]))
	}
	got, err := lookUpPath(document, args[1])
	if err != nil {
		ts.Fatalf("%v in %s", err, ts.ReadFile(args[0]))
	}
	if equal := got == args[2]; equal == neg {
		ts.Fatalf("%s is %s", args[1], got)
	}
}

// save FILE PATH VARIABLE stores a part of a JSON document in a variable.
func saveCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: save FILE PATH VARIABLE")
	}
	var document any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &document))
	value, err := lookUpPath(document, args[1])
	ts.Check(err)
	ts.Setenv(args[2], value)
}

func lookUpPath(document any, path string) (string, error) {
	path = strings.ReplaceAll(path, "[", ".[")
	for _, part := range strings.Split(strings.TrimPrefix(path, "."), ".") {
		var ok bool
		switch value := document.(type) {
		case map[string]any:
			document, ok = value[part]
		case []any:
			document, ok = findElement(value, strings.Trim(part, "[]"))
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

func findElement(list []any, which string) (any, bool) {
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

// fifo PATH... creates fifos, on which workspaces and scripts wait for each other. At
// the end of the script every waiter is released.
func fifoCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: fifo PATH...")
	}
	for _, arg := range args {
		path := ts.MkAbs(arg)
		ts.Check(syscall.Mkfifo(path, 0o600))
		ts.Defer(func() {
			if f, err := os.OpenFile(path, os.O_RDWR, 0); err == nil {
				_ = os.Remove(path) // so that nobody waits later: a script that fails is too early
				_ = f.Close()
			}
		})
	}
}

// await FIFO waits until a workspace writes a line into a fifo to report its progress.
func awaitCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: await FIFO")
	}
	f, err := os.OpenFile(ts.MkAbs(args[0]), os.O_RDWR, 0)
	ts.Check(err)
	defer f.Close()
	readFIFO(ts, f, bufio.NewReader(f))
}

// release FIFO writes a line into a fifo, when a workspace reads it.
func releaseCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: release FIFO")
	}
	waitForProgram(ts, func() (bool, error) {
		f, err := os.OpenFile(ts.MkAbs(args[0]), os.O_WRONLY|syscall.O_NONBLOCK, 0)
		if errors.Is(err, syscall.ENXIO) { // nobody reads it yet
			return false, nil
		}
		if err == nil {
			_, err = f.WriteString("go\n")
			err = errors.Join(err, f.Close())
		}
		return true, err
	})
}

// readFIFO returns the next line that a program in the background writes into a fifo.
func readFIFO(ts *testscript.TestScript, f *os.File, lines *bufio.Reader) []byte {
	var line []byte
	waitForProgram(ts, func() (bool, error) {
		if err := f.SetReadDeadline(time.Now().Add(pollInterval)); err != nil {
			return false, err
		}
		part, err := lines.ReadBytes('\n')
		line = append(line, part...)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return false, nil
		}
		return true, err
	})
	return line
}

// Of waits for programs in the background: the time between two looks, and a bound for a
// program that works on without what is waited for.
const (
	pollInterval   = 20 * time.Millisecond
	maxProgramWait = 10 * time.Minute
)

// waitForProgram waits until what a program in the background does is done. The script fails
// when none of them is left.
func waitForProgram(ts *testscript.TestScript, isDone func() (bool, error)) {
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	start := time.Now()
	for {
		goesOn := slices.ContainsFunc(ts.BackgroundCmds(), func(c *exec.Cmd) bool { return syscall.Kill(c.Process.Pid, 0) == nil })
		done, err := isDone() // after the look, so that what an ended program did counts
		ts.Check(err)
		switch {
		case done:
			return
		case !goesOn:
			ts.Fatalf("no program is left that does it")
		case time.Since(start) > maxProgramWait:
			ts.Fatalf("no program did it within %s", maxProgramWait)
		}
		<-ticker.C
	}
}

// no-secret DIR... checks that no file below DIR contains the password, except
// Terraform's own states.
func noSecretCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: no-secret DIR...")
	}
	for _, arg := range args {
		ts.Check(filepath.WalkDir(ts.MkAbs(arg), func(path string, e fs.DirEntry, err error) error {
			if err != nil || !e.Type().IsRegular() {
				return err
			}
			text, err := os.ReadFile(path)
			if err == nil && bytes.Contains(text, []byte(password)) {
				err = fmt.Errorf("the password is in %s", path)
			}
			return err
		}))
	}
}
