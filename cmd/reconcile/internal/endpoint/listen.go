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

// Listen serves on the address of a flag, or of a command's argument, until stop is called.
func Listen(log *slog.Logger, stderr io.Writer, t *catalog.Translator, setting, addr string, handler http.Handler) (url string, stop func(), err error) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return "", nil, usage.Errorf(setting+" takes an address that is free, such as 127.0.0.1:8080", "%s %s: %w", setting, addr, err)
	}
	url = "http://" + listener.Addr().String()
	listener = netutil.LimitListener(listener, maxConnections)
	server := &http.Server{
		Handler: handler, MaxHeaderBytes: maxHeaderBytes,
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: 10 * time.Second,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	go func() {
		defer ui.RecoverExit(stderr, t)
		if err := server.Serve(listener); err != nil && err != http.ErrServerClosed {
			log.Error("listener stopped", "setting", setting, "error", err)
		}
	}()
	return url, func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = server.Shutdown(ctx)
	}, nil
}
