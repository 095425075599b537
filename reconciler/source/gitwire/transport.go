package gitwire

import (
	"context"
	"fmt"
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

// gitProtocol asks a server for a version of the protocol, in the variable GIT_PROTOCOL or the
// header Git-Protocol (gitprotocol-v2).
type gitProtocol string

const (
	version0 gitProtocol = "" // the server chooses it if it is asked for none
	version2 gitProtocol = "version=2"
)

// idleConn extends the connection's deadline with each read and write. A remote that stops
// sending is thus noticed, however long a response takes.
type idleConn struct {
	net.Conn
	timeout  time.Duration
	firstErr atomic.Pointer[error] // the first failure, which layers above may drop
}

func (c *idleConn) Read(p []byte) (int, error) {
	n, err := 0, c.SetDeadline(time.Now().Add(c.timeout))
	if err == nil {
		n, err = c.Conn.Read(p)
	}
	return n, c.recordErr(err)
}

func (c *idleConn) Write(p []byte) (int, error) {
	n, err := 0, c.SetDeadline(time.Now().Add(c.timeout))
	if err == nil {
		n, err = c.Conn.Write(p)
	}
	return n, c.recordErr(err)
}

func (c *idleConn) recordErr(err error) error {
	if err != nil {
		c.firstErr.CompareAndSwap(nil, &err)
	}
	return err
}

// limitReader returns ErrTooLarge after a number of bytes, and ErrTimeout where they come too
// slowly.
type limitReader struct {
	io.ReadCloser
	url       string
	remaining int64
	window    time.Duration // how long the remote may be too slow
	// onProgress is called at the end of each window that was fast enough.
	onProgress func()

	windowStart time.Time
	waited      time.Duration // in reads, in the current window
	received    int64         // bytes in the current window
}

// minSpeed is the lowest average speed of a window, in bytes a second. A remote that only
// keeps the connection open is slower, and a mobile line is not.
const minSpeed = 1000

func (l *limitReader) Read(p []byte) (int, error) {
	start := time.Now()
	n, err := l.ReadCloser.Read(p)
	l.waited, l.received = l.waited+time.Since(start), l.received+int64(n)
	isSlow := float64(l.received) < minSpeed*l.waited.Seconds()
	// The reader may be slower than the remote: then no wait ends the window, but the clock.
	if l.waited >= l.window || !isSlow && time.Since(l.windowStart) >= l.window {
		if isSlow && err == nil {
			return 0, &Error{Kind: ErrTimeout, URL: l.url, Text: fmt.Sprintf("less than %d bytes a second for %s", minSpeed, l.window.Round(time.Second)),
				Help: "the remote or the network is too slow; try again later", Transient: true}
		}
		l.waited, l.received, l.windowStart = 0, 0, time.Now()
		l.onProgress()
	}
	if l.remaining -= int64(n); l.remaining < 0 {
		return 0, &Error{Kind: ErrTooLarge, URL: l.url, Help: "raise the limit if the repository really is this large"}
	}
	return n, err
}
