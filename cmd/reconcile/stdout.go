package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

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

// stdoutWriter writes results. A failed write does not stop the work: it stores the
// first error and tries later writes.
type stdoutWriter struct {
	w io.Writer

	mu       sync.Mutex
	writeErr error // the first error
}

func (s *stdoutWriter) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.w.Write(p); err != nil && s.writeErr == nil {
		s.writeErr = err
	}
	return len(p), nil
}

// outputErr returns why output could not be written. It is nil if the reader has closed
// the pipe.
func (s *stdoutWriter) outputErr() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if errors.Is(s.writeErr, syscall.EPIPE) {
		return nil
	}
	return s.writeErr
}

// exitCode returns code, or exitOutput if code is 0 and output was lost.
func (s *stdoutWriter) exitCode(stderr io.Writer, code int) int {
	err := s.outputErr()
	if err == nil {
		return code
	}
	printError(stderr, fmt.Sprintf("could not write all output: %v", err),
		"`reconcile status` and `reconcile runs` show what is recorded")
	if code == 0 {
		return exitOutput
	}
	return code
}
