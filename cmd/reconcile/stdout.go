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

// catchPipeAndHangup keeps a reader that leaves, and a terminal that goes away,
// from ending this process in the middle of an apply. The signals are caught,
// not ignored: the programs that we start would inherit that.
func catchPipeAndHangup() {
	signals := []os.Signal{syscall.SIGPIPE}
	if !signal.Ignored(syscall.SIGHUP) { // else someone used nohup
		signals = append(signals, syscall.SIGHUP)
	}
	signal.Notify(make(chan os.Signal, 1), signals...)
}

// stdoutWriter is where results go. One that cannot be written ends no work: it is
// noted, and what is written later is tried again.
type stdoutWriter struct {
	w io.Writer

	mu       sync.Mutex
	writeErr error // the first of to
}

func (s *stdoutWriter) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.w.Write(p); err != nil && s.writeErr == nil {
		s.writeErr = err
	}
	return len(p), nil
}

// outputErr is why output could not be written; nil also where its reader has left,
// who wants no more of it.
func (s *stdoutWriter) outputErr() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if errors.Is(s.writeErr, syscall.EPIPE) {
		return nil
	}
	return s.writeErr
}

// exitCode is the exit code of a command that ended with code, which stands
// unless that says that all is well and the output is lost.
func (s *stdoutWriter) exitCode(stderr io.Writer, code int) int {
	err := s.outputErr()
	if err == nil {
		return code
	}
	printError(stderr, fmt.Sprintf("the output could not be written, in whole or in part: %v", err),
		"`reconcile status` and `reconcile runs` show what is recorded")
	if code == 0 {
		return exitOutput
	}
	return code
}
