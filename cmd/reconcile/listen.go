package main

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/net/netutil"
)

// Bounds of what strangers can make the process that applies keep open.
const (
	maxConnections = 512 // beyond them the kernel's queue waits
	maxHeaderBytes = 16 << 10
)

// listen serves on an address, that a flag gives, until stop is called.
func (a *app) listen(flag, addr string, handler http.Handler) (url string, stop func(), err error) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return "", nil, usagef(flag+" takes an address that is free, such as :8080", "%s %s: %w", flag, addr, err)
	}
	url = "http://" + listener.Addr().String()
	listener = netutil.LimitListener(listener, maxConnections)
	server := &http.Server{
		Handler: handler, MaxHeaderBytes: maxHeaderBytes,
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: 10 * time.Second,
		ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
	}
	go func() {
		defer recoverExit(a.err)
		if err := server.Serve(listener); err != nil && err != http.ErrServerClosed {
			a.log.Error("nobody is answered there any more", "setting", flag, "error", err)
		}
	}()
	return url, func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = server.Shutdown(ctx)
	}, nil
}
