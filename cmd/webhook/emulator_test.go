package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"reconcile/internal/testtier"
	"reconcile/internal/waittest"
)

// emulator is AWS's own Lambda runtime interface emulator with the function in
// it, which it starts at the first call.
type emulator struct {
	url string
	pid int
	log *outputLog
}

// outputLog is what the emulator and the function print.
type outputLog struct {
	mu   sync.Mutex
	cond *sync.Cond
	text bytes.Buffer
	ends bool // no more is printed
}

func newOutputLog() *outputLog {
	r := &outputLog{}
	r.cond = sync.NewCond(&r.mu)
	return r
}

func (l *outputLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.cond.Broadcast()
	return l.text.Write(p)
}

// end makes what waits for more lines fail.
func (l *outputLog) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ends = true
	l.cond.Broadcast()
}

// waitFor waits for a line that is wanted: what is printed comes by another way
// than an answer does. Without one the test fails when the emulator ends.
func (l *outputLog) waitFor(t testing.TB, matches func(line string) bool) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for offset := 0; ; {
		line, _, complete := strings.Cut(l.text.String()[offset:], "\n")
		switch {
		case !complete && l.ends:
			t.Fatalf("the emulator ended without the line: %s", &l.text)
		case !complete:
			l.cond.Wait()
		case matches(line):
			return
		default:
			offset += len(line) + 1
		}
	}
}

func (l *outputLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// maxStarts is how often an emulator is started: another program may take a port that was
// free a moment ago.
const maxStarts = 3

// startEmulator starts an emulator whose function has these variables alone, as it
// has in Lambda.
func startEmulator(t testing.TB, variables map[string]string) *emulator {
	t.Helper()
	for range maxStarts {
		e, err := tryEmulator(t, variables)
		if err == nil {
			return e
		}
		t.Log(err)
	}
	t.Fatal("the emulator does not start")
	return nil
}

func tryEmulator(t testing.TB, variables map[string]string) (*emulator, error) {
	t.Helper()
	api, runtime := freeAddress(t), freeAddress(t)
	c := exec.Command(testtier.Tool(t, "aws-lambda-rie"),
		"--runtime-interface-emulator-address", api, "--runtime-api-address", runtime, "--log-level", "error", buildBootstrap(t))
	c.Env = []string{"PATH=" + os.Getenv("PATH")}
	for name, value := range variables {
		c.Env = append(c.Env, name+"="+value)
	}
	c.WaitDelay = 10 * time.Second
	e := &emulator{url: "http://" + api + "/2015-03-31/functions/function/invocations", log: newOutputLog()}
	c.Stdout, c.Stderr = e.log, e.log
	if err := c.Start(); err != nil {
		t.Fatalf("%v (run make tools)", err)
	}
	e.pid = c.Process.Pid
	running := waittest.Go(func() error {
		defer e.log.end()
		return c.Wait() // for the function too: it ends when the emulator is gone
	})
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = running.Wait()
	})
	ticker := time.NewTicker(2 * time.Millisecond)
	defer ticker.Stop()
	for {
		conn, err := net.Dial("tcp", api)
		if err == nil {
			return e, conn.Close()
		}
		select {
		case <-ticker.C:
		case <-running.Ended():
			return nil, fmt.Errorf("the emulator ended before it answered: %w\n%s", running.Wait(), e.log)
		}
	}
}

// errTooLarge is what Lambda says of an event of over 6 MB
// (https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html,
// RequestTooLargeException); the emulator cuts it off instead.
var errTooLarge = errors.New("RequestTooLargeException")

// invoke calls the function with an event.
func (e *emulator) invoke(ctx context.Context, event []byte) ([]byte, error) {
	if len(event) > 6<<20 {
		return nil, errTooLarge
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url, bytes.NewReader(event))
	if err != nil {
		return nil, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	return io.ReadAll(answer.Body)
}

// freeAddress finds an address that is free.
func freeAddress(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}
