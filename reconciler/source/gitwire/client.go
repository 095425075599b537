// Package gitwire asks a remote Git repository over HTTP or SSH: for its refs, for a pack of
// commits, and whether one commit reaches another. It speaks the upload-pack protocol, in
// version 2 where the remote does. It knows neither a cache nor what is in a pack.
package gitwire

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"

	"reconcile/internal/commitid"
	"reconcile/internal/redact"
	"reconcile/internal/secret"
)

// Defaults of Options.
const (
	DefaultTimeout  = 30 * time.Second
	DefaultMaxBytes = 2 << 30
)

// slowWindows is how many times Timeout a remote may send too slowly before it counts as
// silent.
const slowWindows = 4

// Protocols of Tip: the versions of Git's wire protocol.
const (
	ProtocolV2 = "v2"
	ProtocolV0 = "v0"
)

// Options says how to ask a remote.
type Options struct {
	Credentials Credentials
	// KnownHosts lists the files with the host keys of ssh remotes. If it is empty, OpenSSH's
	// own files are used: ~/.ssh/known_hosts and /etc/ssh/ssh_known_hosts.
	KnownHosts []string
	RootCAs    *x509.CertPool // the system's if nil
	MaxBytes   int64          // maximum length of a response; DefaultMaxBytes if 0
	// Timeout is how long the remote may be silent, and how long Tip and Refs may take in
	// total. A response that brings less than 1,000 bytes a second in four times that ends too.
	Timeout time.Duration // DefaultTimeout if 0
	Retry   RetryPolicy
	Log     *slog.Logger // discards if nil
	// OnProgress is called while a long response comes fast enough, once in four times
	// Timeout; it may be nil.
	OnProgress func()
}

// Credentials authenticate reconcile to a remote. Their secrets print as redacted.
type Credentials struct {
	Username secret.Text // some servers take a token as the user name
	Password secret.Text // for https, and for ssh servers that accept passwords
	// PrivateKey (PEM) or KeyFile is used for ssh; if both are empty, the SSH agent.
	PrivateKey secret.Text
	KeyFile    string // path of a private key
}

// FillFrom fills an empty user name and password from other.
func (c Credentials) FillFrom(other Credentials) Credentials {
	c.Username = cmp.Or(c.Username, other.Username)
	c.Password = cmp.Or(c.Password, other.Password)
	return c
}

// Secrets returns what must not be shown, also as basic authentication sends it.
func (c Credentials) Secrets() []string {
	secrets := []string{string(c.Password), string(c.PrivateKey)}
	if c.Password != "" {
		secrets = append(secrets, string(c.Username+":"+c.Password))
	}
	return secrets
}

// Client asks one remote. It is safe for concurrent use.
type Client struct {
	transport   transport
	url         string
	maxBytes    int64
	timeout     time.Duration
	retryPolicy RetryPolicy
	onProgress  func()
	log         *slog.Logger
	secrets     []string // what a remote could quote
}

// New prepares to ask the remote at the address, which must not be local. It does not contact
// the remote. The error is *Error where an option does not suit the address.
func New(a Address, opts Options) (*Client, error) {
	if opts.Timeout == 0 {
		opts.Timeout = DefaultTimeout
	}
	if opts.MaxBytes == 0 {
		opts.MaxBytes = DefaultMaxBytes
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.OnProgress == nil {
		opts.OnProgress = func() {}
	}
	for _, value := range []secret.Text{opts.Credentials.Username, opts.Credentials.Password} {
		if strings.TrimRight(string(value), "\r\n") != string(value) {
			return nil, &Error{Kind: ErrAuth, URL: a.String(), Text: "the user name or password ends in a line break", Help: "store it without, as printf does and echo does not"}
		}
	}
	c := &Client{
		url: a.String(), maxBytes: opts.MaxBytes, timeout: opts.Timeout, retryPolicy: opts.Retry.orDefault(), onProgress: opts.OnProgress, log: opts.Log,
		secrets: opts.Credentials.Secrets(),
	}
	var err error
	if a.scheme == "ssh" {
		c.transport, err = newSSHTransport(a, opts)
	} else {
		c.transport, err = newHTTPTransport(a, opts)
	}
	return c, err
}

// Tip returns the id of the commit at the head of the branch, with one request, and the
// protocol that the remote spoke. protocol is the one of an earlier Tip; it saves a server
// that does not speak version 2 a request. "" detects the protocol. Errors are *Error or the
// context's.
func (c *Client) Tip(ctx context.Context, branch, protocol string) (commit commitid.ID, used string, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.timeout, errDeadline)
	defer cancel()
	err = c.retry(ctx, func() (err error) {
		commit, used, err = c.tryTip(ctx, branch, protocol)
		return err
	})
	return commit, used, err
}

func (c *Client) tryTip(ctx context.Context, branch, protocol string) (commit commitid.ID, used string, err error) {
	if protocol != ProtocolV0 {
		commit, err = c.tipV2(ctx, branch)
		switch {
		case err == nil:
			return commit, ProtocolV2, nil
		case errors.Is(err, errNotV2):
		case protocol == ProtocolV2 || !isMaybeV0(err):
			return "", "", err
		default:
			// A server may refuse every version 2 request. A version 0 success does not prove
			// that, so the protocol is not remembered.
			if commit, errV0 := c.tipV0(ctx, branch); errV0 == nil {
				return commit, "", nil
			}
			return "", "", err
		}
	}
	if commit, err = c.tipV0(ctx, branch); err != nil {
		return "", "", err
	}
	return commit, ProtocolV0, nil
}

// isMaybeV0 reports whether a version 2 request may have failed because of its version. A
// remote that asks to be left alone has not.
func isMaybeV0(err error) bool {
	var e *Error
	if errors.As(err, &e) && e.RetryAfter > 0 {
		return false
	}
	return errors.Is(err, ErrUnavailable) || errors.Is(err, ErrNotGit)
}

// tipV2 requests the refs that begin with the branch's name. The response is small, however
// many refs exist.
func (c *Client) tipV2(ctx context.Context, branch string) (commitid.ID, error) {
	var id plumbing.Hash
	err := c.listV2(ctx, func(r ref) {
		if r.name == branchPrefix+branch { // the prefix also matches main2
			id = r.id
		}
	}, branchPrefix+branch)
	if err != nil {
		return "", err
	}
	if !id.IsZero() {
		return commitid.ID(id.String()), nil
	}
	var branches []string
	if err := c.listV2(ctx, func(r ref) { branches = appendRef(branches, r) }, "refs/"); err != nil {
		return "", err
	}
	return "", NoBranchError(c.url, branch, branches)
}

func (c *Client) listV2(ctx context.Context, each func(ref), prefixes ...string) error {
	response, err := c.transport.lsRefs(ctx, lsRefsRequest(prefixes...))
	if err != nil {
		return c.classifyError(ctx, err)
	}
	defer response.Close()
	return c.classifyError(ctx, readLsRefs(c.limitAnswer(response), each))
}

// tipV0 reads the list of all refs up to the branch.
func (c *Client) tipV0(ctx context.Context, branch string) (commitid.ID, error) {
	var id plumbing.Hash
	var branches []string
	rest := 1000 // further refs to read, so that the connection can be reused
	err := c.listV0(ctx, func(r ref) bool {
		branches = appendRef(branches, r)
		if r.name == branchPrefix+branch {
			id = r.id
		}
		if !id.IsZero() {
			rest--
		}
		return rest > 0
	})
	if err != nil {
		return "", err
	}
	if id.IsZero() {
		return "", NoBranchError(c.url, branch, branches)
	}
	return commitid.ID(id.String()), nil
}

// listV0 reads the list of all refs until each returns false.
func (c *Client) listV0(ctx context.Context, each func(ref) bool) error {
	response, err := c.transport.advertisement(ctx)
	if err != nil {
		return c.classifyError(ctx, err)
	}
	defer response.Close()
	return c.classifyError(ctx, readAdvertisement(newPktReader(c.limitAnswer(response)), each))
}

// Refs returns the commit ids of refs such as refs/pull/3/head, by their full names, with one
// request. A ref that does not exist is missing in the result.
func (c *Client) Refs(ctx context.Context, names []string) (map[string]commitid.ID, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.timeout, errDeadline)
	defer cancel()
	var filter *refFilter
	err := c.retry(ctx, func() error {
		filter = newRefFilter(names)
		err := c.listV2(ctx, filter.add, names...)
		if errors.Is(err, errNotV2) || err != nil && isMaybeV0(err) {
			filter = newRefFilter(names)
			err = c.listV0(ctx, func(r ref) bool { filter.add(r); return true })
		}
		return err
	})
	return filter.ids, err
}

// Contains reports whether old is reachable from tip. The remote may decide by commit dates.
func (c *Client) Contains(ctx context.Context, tip, old plumbing.Hash) (bool, error) {
	response, err := c.transport.uploadPack(ctx, haveRequest(tip, old))
	if err != nil {
		return false, redact.Error(c.classifyError(ctx, err), c.secrets...)
	}
	defer response.Close()
	_, ready, err := readHaveAnswer(c.limitAnswer(response), old)
	return ready, redact.Error(c.classifyError(ctx, err), c.secrets...)
}

// Fetch requests a pack of the commits with their trees and their history up to depth (1: only
// the commits themselves), and calls read with it: again after each transient failure, its own
// included. shallow are the commits whose parents were omitted. The error is ErrCommitNotFound
// if the remote does not have one of the commits (any more).
func (c *Client) Fetch(ctx context.Context, depth int, commits []plumbing.Hash, read func(pack io.Reader) error) (shallow []plumbing.Hash, err error) {
	err = c.retry(ctx, func() (err error) {
		shallow, err = c.tryFetch(ctx, depth, commits, read)
		return err
	})
	return shallow, err
}

func (c *Client) tryFetch(ctx context.Context, depth int, commits []plumbing.Hash, read func(pack io.Reader) error) (shallow []plumbing.Hash, err error) {
	response, err := c.transport.uploadPack(ctx, wantRequest(depth, commits...))
	if err != nil {
		return nil, c.classifyError(ctx, err)
	}
	defer response.Close()
	pack, shallow, err := newPackReader(c.limitAnswer(response))
	if err != nil {
		return nil, c.classifyError(ctx, err)
	}
	tracking := &errTrackingReader{r: pack}
	if err := read(tracking); err != nil {
		if tracking.err != nil { // the remote failed, not the disk
			err = c.classifyError(ctx, tracking.err)
		}
		return nil, err
	}
	return shallow, nil
}

// errTrackingReader records the reader's error, to distinguish it from a writer's.
type errTrackingReader struct {
	r   io.Reader
	err error
}

func (r *errTrackingReader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}

func (c *Client) limitAnswer(response io.ReadCloser) io.Reader {
	return &limitReader{ReadCloser: response, url: c.url, remaining: c.maxBytes, window: slowWindows * c.timeout, onProgress: c.onProgress, windowStart: time.Now()}
}

// classifyError returns the meaning of an error in the middle of a response.
func (c *Client) classifyError(ctx context.Context, err error) error {
	var remoteErr *remoteError
	switch {
	case err == nil, errors.Is(err, errNotV2):
		return err
	case isSHA256(err):
		return &Error{Kind: ErrNotGit, URL: c.url, Text: "its objects are named by SHA-256", Help: "use a repository with SHA-1 object names, which git init makes"}
	case isNotOurRef(err):
		return &Error{Kind: ErrCommitNotFound, URL: c.url, Err: err, Help: "the branch may have been rewritten: read its tip again"}
	case errors.As(err, &remoteErr):
		return &Error{Kind: ErrUnavailable, URL: c.url, Err: err}
	case errors.Is(err, errMalformedPkt), errors.Is(err, errMalformedRef):
		return &Error{Kind: ErrNotGit, URL: c.url, Err: err, Help: "a proxy may have answered instead"}
	}
	return classifyNetworkError(ctx, c.url, err)
}
