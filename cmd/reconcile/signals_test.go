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
	said := make(chan string, 2)
	ctx, hard, release := stops(t.Context(), time.Hour, func(line string) { said <- line })
	defer release()
	signalSelf(t, syscall.SIGTERM)
	<-ctx.Done()
	var cause *stopped
	if !errors.As(context.Cause(ctx), &cause) || cause.Error() != "told to stop by SIGTERM" {
		t.Errorf("the cause is %v", context.Cause(ctx))
	}
	if line := <-said; !strings.Contains(line, "has 1h0m0s; once more kills it") {
		t.Errorf("said %q", line)
	}
	if hard.Err() != nil {
		t.Fatal("killed by the first signal")
	}
	signalSelf(t, syscall.SIGINT)
	<-hard.Done()
	if line := <-said; !strings.Contains(line, "killing Terraform") {
		t.Errorf("said %q", line)
	}
}

// Without a second signal patience ends some time.
func TestPatienceEnds(t *testing.T) {
	said := make(chan string, 2)
	ctx, hard, release := stops(t.Context(), 0, func(line string) { said <- line })
	defer release()
	signalSelf(t, syscall.SIGINT)
	<-ctx.Done()
	<-hard.Done()
	<-said
	if line := <-said; !strings.Contains(line, "did not stop within") {
		t.Errorf("said %q", line)
	}
}

// Released, both contexts have ended and nothing is said.
func TestReleaseSaysNothing(t *testing.T) {
	ctx, hard, release := stops(t.Context(), time.Hour, func(line string) { t.Errorf("said %q", line) })
	release()
	<-ctx.Done()
	<-hard.Done()
}
