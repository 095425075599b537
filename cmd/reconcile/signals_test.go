package main

import (
	"context"
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

func signalSelf(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(os.Getpid(), s); err != nil {
		t.Fatal(err)
	}
}

// The first signal asks, the second kills, and both are said.
func TestTwoSignals(t *testing.T) {
	lines := make(chan string, 2)
	ctx, killCtx, release := withSignals(t.Context(), time.Hour, nil, func(line string) { lines <- line })
	defer release()
	signalSelf(t, syscall.SIGTERM)
	<-ctx.Done()
	var cause *signalError
	if !errors.As(context.Cause(ctx), &cause) || cause.Error() != "received SIGTERM" {
		t.Errorf("the cause is %v", context.Cause(ctx))
	}
	if line := <-lines; !strings.Contains(line, "has 1m15s to finish; signal again to kill it") {
		t.Errorf("said %q", line)
	}
	if killCtx.Err() != nil {
		t.Fatal("killed by the first signal")
	}
	signalSelf(t, syscall.SIGINT)
	<-killCtx.Done()
	if line := <-lines; !strings.Contains(line, "killing Terraform") {
		t.Errorf("said %q", line)
	}
}

// Without a second signal patience ends some time.
func TestGracePeriodEnds(t *testing.T) {
	lines := make(chan string, 2)
	ctx, killCtx, release := withSignals(t.Context(), 0, nil, func(line string) { lines <- line })
	defer release()
	signalSelf(t, syscall.SIGINT)
	<-ctx.Done()
	<-killCtx.Done()
	<-lines
	if line := <-lines; !strings.Contains(line, "did not end within") {
		t.Errorf("said %q", line)
	}
}

// Released, both contexts have ended and nothing is said.
func TestReleaseSaysNothing(t *testing.T) {
	ctx, killCtx, release := withSignals(t.Context(), time.Hour, nil, func(line string) { t.Errorf("said %q", line) })
	release()
	<-ctx.Done()
	<-killCtx.Done()
}

// Where the work ends at once, the line about the signal is still printed before release returns.
func TestReleasePrintsTheLine(t *testing.T) {
	var said string
	ended := make(chan struct{})
	ctx, _, release := withSignals(t.Context(), time.Hour, nil, func(line string) {
		<-ended
		said = line
	})
	signalSelf(t, syscall.SIGINT)
	<-ctx.Done()
	close(ended)
	release()
	if !strings.Contains(said, "stopping") {
		t.Errorf("said %q", said)
	}
}

// A terminal that nobody reads does not keep the program from its end.
func TestReleaseWithoutAReader(t *testing.T) {
	reader := make(chan struct{})
	defer close(reader)
	ctx, _, release := withSignals(t.Context(), time.Hour, nil, func(string) { <-reader })
	signalSelf(t, syscall.SIGINT)
	<-ctx.Done()
	release()
}
