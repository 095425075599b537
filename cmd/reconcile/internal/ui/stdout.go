package ui

import (
	"errors"
	"io"
	"sync"
	"syscall"
)

// Stdout writes results. A failed write does not stop the work: it stores the
// first error and tries later writes.
type Stdout struct {
	w io.Writer

	mu       sync.Mutex
	writeErr error // the first error
	written  bool  // something was to be written
}

// NewStdout returns a Stdout that writes to w.
func NewStdout(w io.Writer) *Stdout { return &Stdout{w: w} }

// Write implements io.Writer. It never fails: see Err.
func (s *Stdout) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.written = true
	if _, err := s.w.Write(p); err != nil && s.writeErr == nil {
		s.writeErr = err
	}
	return len(p), nil
}

// IsEmpty reports whether nothing was written yet.
func (s *Stdout) IsEmpty() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.written
}

// Err returns why output could not be written. It is nil if the reader has closed
// the pipe.
func (s *Stdout) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if errors.Is(s.writeErr, syscall.EPIPE) {
		return nil
	}
	return s.writeErr
}
