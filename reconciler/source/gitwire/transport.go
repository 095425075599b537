package gitwire

import (
	"context"
	"io"
	"net"
	"sync/atomic"
	"time"
)

// transport carries the upload-pack protocol to one remote. Its errors are *Error where the
// cause is known; classifyNetworkError handles the rest. Closing a response frees its
// connection.
type transport interface {
	// lsRefs sends a request of protocol version 2 and returns the response. It returns
	// errNotV2 if the remote spoke version 0.
	lsRefs(ctx context.Context, request []byte) (io.ReadCloser, error)
	// advertisement returns the list of refs of protocol version 0.
	advertisement(ctx context.Context) (io.ReadCloser, error)
	// uploadPack sends a request of protocol version 0 and returns the response.
	uploadPack(ctx context.Context, request []byte) (io.ReadCloser, error)
}

// idleConn extends the connection's deadline with each read and write. A remote that stops
// sending is thus noticed, however long a response takes.
type idleConn struct {
	net.Conn
	timeout  time.Duration
	firstErr atomic.Pointer[error] // the first failure, which layers above may drop
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

// limitReader returns ErrTooLarge after a number of bytes.
type limitReader struct {
	io.ReadCloser
	url       string
	remaining int64
}

func (c *limitReader) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	if c.remaining -= int64(n); c.remaining < 0 {
		return 0, &Error{Kind: ErrTooLarge, URL: c.url, Help: "raise the limit if the repository really is this large"}
	}
	return n, err
}
