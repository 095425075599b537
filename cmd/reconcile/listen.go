package main

import (
	"context"
	"net"
	"net/http"
	"time"
)

// listen serves on an address, that a flag gives, until stop is called.
func (a *app) listen(flag, addr string, handler http.Handler) (at string, stop func(), err error) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return "", nil, usagef(flag+" takes an address that is free, such as :8080", "%s %s: %w", flag, addr, err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second}
	go func() {
		defer guard(a.err)
		if err := server.Serve(listener); err != nil && err != http.ErrServerClosed {
			a.log.Error("nobody is answered there any more", "setting", flag, "error", err)
		}
	}()
	return "http://" + listener.Addr().String(), func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = server.Shutdown(ctx)
	}, nil
}
