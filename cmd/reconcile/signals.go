package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"reconcile/cmd/reconcile/internal/ui"
	"reconcile/reconciler/notify/catalog"
	"reconcile/reconciler/terraform"
)

// gracePeriod is how long all work may take to stop after a signal before it is
// killed; Terraform itself has terraform.DefaultGrace. Fargate kills us 120 s after its SIGTERM (with the longest
// stop timeout); the result must be recorded before that.
const gracePeriod = 90 * time.Second

// maxPrintWait is how long the end of the program waits until the lines about a signal are
// printed.
const maxPrintWait = time.Second

// signalError is the cause of a context that a signal ended.
type signalError struct{ signal os.Signal }

func (s *signalError) Error() string {
	switch s.signal {
	case syscall.SIGINT:
		return "received Ctrl-C"
	case syscall.SIGTERM:
		return "received SIGTERM"
	}
	return "received signal: " + s.signal.String()
}

// withSignals returns two contexts: the first SIGINT or SIGTERM ends ctx (work stops), the second,
// or gracePeriod, killCtx (work is killed). A third signal has its usual effect. Call release,
// which waits for the lines: printLine may block (a terminal that nobody reads).
func withSignals(parent context.Context, gracePeriod time.Duration, t *catalog.Translator, printLine func(string)) (ctx, killCtx context.Context, release func()) {
	ctx, stop := context.WithCancelCause(parent)
	killCtx, kill := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	lines, printed := make(chan string, 2), make(chan struct{})
	go func() {
		defer close(printed)
		defer ui.RecoverExit(os.Stderr, t)
		for line := range lines {
			printLine(line)
		}
	}()
	go func() {
		defer close(lines)
		defer ui.RecoverExit(os.Stderr, t)
		var cause *signalError
		select {
		case s := <-signals:
			cause = &signalError{s}
		case <-killCtx.Done():
			return
		}
		stop(cause)
		lines <- fmt.Sprintf("stopping; what runs has %s to finish; signal again to kill it", min(gracePeriod, terraform.DefaultGrace))
		timer := time.NewTimer(gracePeriod)
		defer timer.Stop()
		select {
		case <-signals:
			lines <- "killing Terraform; the next pass reports what is incomplete"
		case <-timer.C:
			lines <- fmt.Sprintf("the work did not end within %s: killing it", gracePeriod)
		case <-killCtx.Done():
			return
		}
		signal.Stop(signals)
		kill(cause)
	}()
	return ctx, killCtx, func() {
		signal.Stop(signals)
		stop(nil)
		kill(nil)
		select {
		case <-printed:
		case <-time.After(maxPrintWait):
		}
	}
}

// hangupContext returns a context that ends at SIGHUP (the terminal closes), unless
// nohup was used.
func hangupContext(parent context.Context) (context.Context, context.CancelFunc) {
	if signal.Ignored(syscall.SIGHUP) {
		return context.WithCancel(parent)
	}
	return signal.NotifyContext(parent, syscall.SIGHUP)
}

// catchPipeAndHangup keeps SIGPIPE and SIGHUP from ending this process in the middle of
// an apply. The signals are caught and not ignored: programs that we start would
// inherit that they are ignored.
func catchPipeAndHangup() {
	signals := []os.Signal{syscall.SIGPIPE}
	if !signal.Ignored(syscall.SIGHUP) { // else someone used nohup
		signals = append(signals, syscall.SIGHUP)
	}
	signal.Notify(make(chan os.Signal, 1), signals...)
}
