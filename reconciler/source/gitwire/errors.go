package gitwire

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/cenkalti/backoff/v5"

	"reconcile/internal/failure"
)

// Kinds of failures that callers act on. Match with errors.Is.
var (
	ErrURL            = errors.New("not an address of a Git repository")
	ErrHost           = errors.New("host name not found")
	ErrUnreachable    = errors.New("cannot be reached")
	ErrCertificate    = errors.New("certificate not trusted")
	ErrHostKeyUnknown = errors.New("host key not known")
	ErrHostKeyChanged = errors.New("HOST KEY HAS CHANGED")
	ErrAuth           = errors.New("user name or password not accepted")
	ErrForbidden      = errors.New("access denied")
	ErrNotFound       = errors.New("repository not found")
	ErrNotGit         = errors.New("the response is not from Git")
	ErrNoBranch       = errors.New("no such branch")
	ErrEmpty          = errors.New("the repository is empty")
	ErrCommitNotFound = errors.New("the remote does not have that commit")
	ErrTooLarge       = errors.New("the response is too large")
	ErrTimeout        = errors.New("timed out")
	ErrUnavailable    = errors.New("the remote is unavailable")
	ErrRevision       = errors.New("no such commit")
)

// errDeadline is the cause of a context that ended because of Options.Timeout.
var errDeadline = errors.New("took too long")

// Error is a failure of a remote or local repository.
type Error struct {
	Kind error  // one of the sentinels above
	URL  string // of the repository, without credentials
	Text string // details of the failure
	Help string // what to do next
	Err  error  // the cause; nil if Kind says it all

	Transient  bool          // a later try may succeed
	RetryAfter time.Duration // how long the remote wants to be left alone; 0: not known
}

// Error returns what happened, to which repository, and what to do next.
func (e *Error) Error() string { return failure.Text(e.Help, e.URL, e.Kind, e.Text, e.Err) }

// NextStep returns what to do next, which the text of the error ends with.
func (e *Error) NextStep() string { return e.Help }

// Unwrap lets errors.Is find the kind and the cause.
func (e *Error) Unwrap() []error {
	wrapped := failure.Causes(e.Kind, e.Err)
	if e.RetryAfter > 0 {
		wrapped = append(wrapped, &backoff.RetryAfterError{Duration: e.RetryAfter})
	}
	return wrapped
}

// classifyNetworkError turns a connection error into an *Error. It returns an *Error, or the
// end of the caller's context, unchanged.
func classifyNetworkError(ctx context.Context, url string, err error) error {
	var known *Error
	switch {
	case err == nil, errors.As(err, &known):
		return err
	case errors.Is(context.Cause(ctx), errDeadline):
		return &Error{Kind: ErrTimeout, URL: url, Help: "the remote does not answer; try again later", Transient: true}
	case ctx.Err() != nil:
		return fmt.Errorf("%s: %w", url, context.Cause(ctx))
	}
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var timeout net.Error
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		help := "check the address, and the DNS server of this network"
		if !strings.Contains(dns.Name, ".") {
			help = "give the full name of the host: a Host of ~/.ssh/config is not known here; else check the DNS server of this network"
		}
		return &Error{Kind: ErrHost, URL: url, Text: dns.Name, Help: help}
	case errors.As(err, &certificate):
		return &Error{Kind: ErrCertificate, URL: url, Err: certificate.Err,
			Help: "for a private CA, set SSL_CERT_FILE to its certificate file (on macOS: add it to the keychain)"}
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, os.ErrDeadlineExceeded):
		return &Error{Kind: ErrTimeout, URL: url, Help: "the remote stopped sending data; try again later", Transient: true}
	case isDisconnect(err):
		return &Error{Kind: ErrUnavailable, URL: url, Err: err, Help: "try again later", Transient: true}
	}
	return &Error{Kind: ErrUnreachable, URL: url, Err: err, Help: "check the address, the proxy and the firewall", Transient: errors.As(err, &dns)}
}

// isDisconnect reports whether the connection ended unexpectedly.
func isDisconnect(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNREFUSED)
}
