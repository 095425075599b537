package source

import (
	"context"
	"io"
	"net"
	"sync/atomic"
	"time"
)

// transport carries the upload-pack protocol to one remote. Its errors are *Error
// where they can be told apart; network does it for the rest. Closing an
// answer frees its connection.
type transport interface {
	// lsRefsRequest sends a request of protocol version 2 and returns the answer.
	// errNotV2: the remote spoke version 0 instead.
	lsRefs(ctx context.Context, request []byte) (io.ReadCloser, error)
	// advertisement returns the list of refs of protocol version 0.
	advertisement(ctx context.Context) (io.ReadCloser, error)
	// uploadPack sends a request of protocol version 0 and returns the answer.
	uploadPack(ctx context.Context, request []byte) (io.ReadCloser, error)
}

// idleConn gives a connection a deadline that each read and write moves on, so
// that a remote that falls silent is noticed however long an answer takes.
type idleConn struct {
	net.Conn
	timeout  time.Duration
	firstErr atomic.Pointer[error] // the first failure, which layers above may swallow
}

func (s *idleConn) Read(p []byte) (int, error) {
	n, err := 0, s.SetDeadline(time.Now().Add(s.timeout))
	if err == nil {
		n, err = s.Conn.Read(p)
	}
	return n, s.recordErr(err)
}

func (s *idleConn) Write(p []byte) (int, error) {
	n, err := 0, s.SetDeadline(time.Now().Add(s.timeout))
	if err == nil {
		n, err = s.Conn.Write(p)
	}
	return n, s.recordErr(err)
}

func (s *idleConn) recordErr(err error) error {
	if err != nil {
		s.firstErr.CompareAndSwap(nil, &err)
	}
	return err
}

// limitReader ends with ErrTooLarge after so many bytes.
type limitReader struct {
	io.ReadCloser
	url       string
	remaining int64
}

func (c *limitReader) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	if c.remaining -= int64(n); c.remaining < 0 {
		return 0, &Error{Kind: ErrTooLarge, URL: c.url, Help: "raise the limit if the repository is meant to be this large"}
	}
	return n, err
}
