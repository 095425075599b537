package main

import (
	"errors"
	"io"
	"sync"
	"syscall"
)

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

func newStdoutWriter(w io.Writer) *stdoutWriter { return &stdoutWriter{w: w} }
