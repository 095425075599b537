package source

import (
	"context"
	"io"
	"net"
	"sync/atomic"
	"time"
)

// wire carries the upload-pack protocol to one remote. Its errors are *Error
// where they can be told apart; network does it for the rest. Closing an
// answer frees its connection.
type wire interface {
	// lsRefs sends a request of protocol version 2 and returns the answer.
	// errNotV2: the remote spoke version 0 instead.
	lsRefs(ctx context.Context, request []byte) (io.ReadCloser, error)
	// advertisement returns the list of refs of protocol version 0.
	advertisement(ctx context.Context) (io.ReadCloser, error)
	// uploadPack sends a request of protocol version 0 and returns the answer.
	uploadPack(ctx context.Context, request []byte) (io.ReadCloser, error)
}

// silence gives a connection a deadline that each read and write moves on, so
// that a remote that falls silent is noticed however long an answer takes.
type silence struct {
	net.Conn
	limit  time.Duration
	failed atomic.Pointer[error] // the first failure, which layers above may swallow
}

func (s *silence) Read(p []byte) (int, error) {
	n, err := 0, s.SetDeadline(time.Now().Add(s.limit))
	if err == nil {
		n, err = s.Conn.Read(p)
	}
	return n, s.note(err)
}

func (s *silence) Write(p []byte) (int, error) {
	n, err := 0, s.SetDeadline(time.Now().Add(s.limit))
	if err == nil {
		n, err = s.Conn.Write(p)
	}
	return n, s.note(err)
}

func (s *silence) note(err error) error {
	if err != nil {
		s.failed.CompareAndSwap(nil, &err)
	}
	return err
}

// capped ends with ErrTooLarge after so many bytes.
type capped struct {
	io.ReadCloser
	url  string
	left int64
}

func (c *capped) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	if c.left -= int64(n); c.left < 0 {
		return 0, &Error{Kind: ErrTooLarge, URL: c.url, Help: "raise the limit if the repository is meant to be this large"}
	}
	return n, err
}
