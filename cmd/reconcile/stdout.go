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

// outliveReaders keeps a reader that leaves, and a terminal that goes away,
// from ending this process in the middle of an apply. The signals are caught,
// not ignored: the programs that we start would inherit that.
func outliveReaders() {
	caught := []os.Signal{syscall.SIGPIPE}
	if !signal.Ignored(syscall.SIGHUP) { // else someone used nohup
		caught = append(caught, syscall.SIGHUP)
	}
	signal.Notify(make(chan os.Signal, 1), caught...)
}

// stdout is where results go. One that cannot be written ends no work: it is
// noted, and what is written later is tried again.
type stdout struct {
	to io.Writer

	mu     sync.Mutex
	failed error // the first of to
}

func (s *stdout) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.to.Write(p); err != nil && s.failed == nil {
		s.failed = err
	}
	return len(p), nil
}

// lost is why output could not be written; nil also where its reader has left,
// who wants no more of it.
func (s *stdout) lost() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if errors.Is(s.failed, syscall.EPIPE) {
		return nil
	}
	return s.failed
}

// exitCode is the exit code of a command that ended with code, which stands
// unless that says that all is well and the output is lost.
func (s *stdout) exitCode(stderr io.Writer, code int) int {
	err := s.lost()
	if err == nil {
		return code
	}
	complain(stderr, fmt.Sprintf("the output could not be written, in whole or in part: %v", err),
		"`reconcile status` and `reconcile runs` show what is recorded")
	if code == 0 {
		return exitOutput
	}
	return code
}
