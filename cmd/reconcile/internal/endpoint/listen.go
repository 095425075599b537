// Package endpoint listens for commands, and is what a watch serves: answers to liveness
// probes, and Backlog's webhooks. It knows nothing of passes: it is told when one begins and
// ends.
package endpoint

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/net/netutil"

	"reconcile/cmd/reconcile/internal/ui"
	"reconcile/cmd/reconcile/internal/usage"
	"reconcile/reconciler/notify/catalog"
)

// Limits for unauthenticated connections to the process that applies.
const (
	maxConnections = 512 // more connections wait in the kernel's queue
	maxHeaderBytes = 16 << 10
)

// Server answers requests until Stop is called.
type Server struct {
	URL    string
	Failed <-chan error // receives why it answers no more, if that was not Stop
	server *http.Server
}

// Listen serves on the address of a flag, or of a command's argument.
func Listen(log *slog.Logger, stderr io.Writer, t *catalog.Translator, setting, addr string, handler http.Handler) (*Server, error) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, usage.Errorf(setting+" takes an address that is free, such as 127.0.0.1:8080", "%s %s: %w", setting, addr, err)
	}
	return serve(log, stderr, t, setting, netutil.LimitListener(listener, maxConnections), handler), nil
}

func serve(log *slog.Logger, stderr io.Writer, t *catalog.Translator, setting string, listener net.Listener, handler http.Handler) *Server {
	failed := make(chan error, 1)
	s := &Server{URL: "http://" + listener.Addr().String(), Failed: failed, server: &http.Server{
		Handler: handler, MaxHeaderBytes: maxHeaderBytes,
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: 10 * time.Second,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}}
	go func() {
		defer ui.RecoverExit(stderr, t)
		if err := s.server.Serve(listener); err != nil && err != http.ErrServerClosed {
			log.Error("listener stopped", "setting", setting, "error", err)
			failed <- err
		}
	}()
	return s
}

// Stop ends the listening, and waits a second at most for what is being answered.
func (s *Server) Stop() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = s.server.Shutdown(ctx)
}
