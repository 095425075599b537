package endpoint

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
)

// Connections that never finish their headers cost little memory, and a call
// beside them is answered.
func TestListenUnderSlowConnections(t *testing.T) {
	t.Parallel()
	server, err := Listen(slog.New(slog.DiscardHandler), io.Discard, nil, "--webhook", "127.0.0.1:0", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) }))
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	var memBefore, memLoaded runtime.MemStats
	runtime.ReadMemStats(&memBefore)
	for i := range maxConnections - 1 {
		c, err := net.Dial("tcp", strings.TrimPrefix(server.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		fmt.Fprintf(c, "POST /hook/%d HTTP/1.1\r\nHost: x\r\nX: %s", i, strings.Repeat("x", 15<<10))
	}
	answer, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusAccepted {
		t.Errorf("a call beside slow ones: %d", answer.StatusCode)
	}
	runtime.ReadMemStats(&memLoaded)
	if grown := int64(memLoaded.Sys) - int64(memBefore.Sys); grown > 64<<20 {
		t.Errorf("the connections cost %d MiB", grown>>20)
	}
}

func TestListenRefusesLargeHeaders(t *testing.T) {
	t.Parallel()
	server, err := Listen(slog.New(slog.DiscardHandler), io.Discard, nil, "--webhook", "127.0.0.1:0", http.NotFoundHandler())
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	q, err := http.NewRequest(http.MethodPost, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("X", strings.Repeat("x", 2*maxHeaderBytes))
	answer, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("headers of %d bytes: %d, want 431", 2*maxHeaderBytes, answer.StatusCode)
	}
}

// brokenListener is a listener that the system has closed.
type brokenListener struct{ net.Listener }

var errBroken = errors.New("no longer bound")

func (brokenListener) Accept() (net.Conn, error) { return nil, errBroken }

// A command that does nothing but serve must end when it cannot.
func TestListenerThatFails(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := serve(slog.New(slog.DiscardHandler), io.Discard, nil, "serve", brokenListener{listener}, http.NotFoundHandler())
	defer server.Stop()
	if err := <-server.Failed; !errors.Is(err, errBroken) {
		t.Error(err)
	}
}
