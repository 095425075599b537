package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// gracePeriod is how long Terraform may take to stop after a signal before it is
// killed. Fargate kills us 120 s after its SIGTERM (with the stop timeout at
// its most); what came of it must be recorded before that.
const gracePeriod = 90 * time.Second

// signalError is why a context ended: we were told to.
type signalError struct{ signal os.Signal }

func (s *signalError) Error() string {
	switch s.signal {
	case syscall.SIGINT:
		return "told to stop by Ctrl-C"
	case syscall.SIGTERM:
		return "told to stop by SIGTERM"
	}
	return "told to stop: " + s.signal.String()
}

// withSignals returns two contexts: ctx ends with the first SIGINT or SIGTERM, which
// asks the work to stop; hard ends with the second, or when patience is over,
// which kills it. A third signal has its usual effect. Say is told of each,
// once it is heeded: it may hang, on a terminal that nobody reads. Release must
// be called. SIGHUP is none of them: see catchPipeAndHangup.
func withSignals(parent context.Context, gracePeriod time.Duration, printLine func(string)) (ctx, killCtx context.Context, release func()) {
	ctx, stop := context.WithCancelCause(parent)
	killCtx, kill := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	lines := make(chan string, 2)
	go func() {
		defer recoverExit(os.Stderr)
		for line := range lines {
			printLine(line)
		}
	}()
	go func() {
		defer close(lines)
		defer recoverExit(os.Stderr)
		var cause *signalError
		select {
		case s := <-signals:
			cause = &signalError{s}
		case <-killCtx.Done():
			return
		}
		stop(cause)
		lines <- fmt.Sprintf("stopping: Terraform was asked to stop and has %s; once more kills it", gracePeriod)
		timer := time.NewTimer(gracePeriod)
		defer timer.Stop()
		select {
		case <-signals:
			lines <- "killing Terraform; the next pass says what that left behind"
		case <-timer.C:
			lines <- fmt.Sprintf("Terraform did not stop within %s: killing it", gracePeriod)
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
	}
}

// hangupContext returns a context that ends when the terminal goes away, or with any
// other SIGHUP; never where nohup was used.
func hangupContext(parent context.Context) (context.Context, context.CancelFunc) {
	if signal.Ignored(syscall.SIGHUP) {
		return context.WithCancel(parent)
	}
	return signal.NotifyContext(parent, syscall.SIGHUP)
}

// linePrinter writes a line of ours to a person, whatever the output is.
func linePrinter(w io.Writer) func(string) {
	return func(line string) { fmt.Fprintf(w, "reconcile: %s\n", line) }
}
