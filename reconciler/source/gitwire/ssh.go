package gitwire

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// sshTransport runs git-upload-pack on the remote over SSH, one connection per request.
// x/crypto/ssh has no deadline while a server is silent, so each connection is opened here,
// with a deadline, and closed with the context.
type sshTransport struct {
	address     Address
	credentials Credentials
	hosts       hostKeys
	timeout     time.Duration
}

func newSSHTransport(a Address, opts Options) (*sshTransport, error) {
	hosts, err := loadHostKeys(a, opts.KnownHosts)
	if err != nil {
		return nil, err
	}
	return &sshTransport{address: a, credentials: opts.Credentials, hosts: hosts, timeout: opts.Timeout}, nil
}

func (t *sshTransport) lsRefs(ctx context.Context, request []byte) (io.ReadCloser, error) {
	response, err := t.connect(ctx, version2)
	if err != nil {
		return nil, err
	}
	pkts := newPktReader(response)
	_, line, err := pkts.next()
	if err == nil && !bytes.Equal(bytes.TrimSpace(line), []byte("version 2")) {
		err = errNotV2
	}
	return response.sendRequest(pkts, request, err)
}

func (t *sshTransport) advertisement(ctx context.Context) (io.ReadCloser, error) {
	return t.connect(ctx, version0)
}

func (t *sshTransport) uploadPack(ctx context.Context, request []byte) (io.ReadCloser, error) {
	response, err := t.connect(ctx, version0)
	if err != nil {
		return nil, err
	}
	return response.sendRequest(newPktReader(response), request, nil)
}

// connect connects and starts git-upload-pack, which sends first.
func (t *sshTransport) connect(ctx context.Context, protocol gitProtocol) (*sshResponse, error) {
	dialer := &net.Dialer{Timeout: t.timeout}
	tcp, err := dialer.DialContext(ctx, "tcp", t.hostPort())
	if err != nil {
		return nil, classifyNetworkError(ctx, t.address.String(), err)
	}
	conn := &idleConn{Conn: tcp, timeout: t.timeout}
	response := &sshResponse{url: t.address.String(), conn: conn, stop: context.AfterFunc(ctx, func() { tcp.Close() })}
	if err := t.startUploadPack(response, protocol); err != nil {
		response.Close()
		return nil, classifyNetworkError(ctx, t.address.String(), err)
	}
	return response, nil
}

func (t *sshTransport) startUploadPack(response *sshResponse, protocol gitProtocol) (err error) {
	if response.client, err = t.handshake(response.conn); err != nil {
		return err
	}
	if response.session, err = response.client.NewSession(); err != nil {
		return err
	}
	response.session.Stderr = &response.stderr
	if protocol != version0 {
		// A server that refuses the variable speaks version 0.
		_ = response.session.Setenv("GIT_PROTOCOL", string(protocol))
	}
	if response.stdin, err = response.session.StdinPipe(); err != nil {
		return err
	}
	if response.stdout, err = response.session.StdoutPipe(); err != nil {
		return err
	}
	return response.session.Start("git-upload-pack " + shellQuote(t.address.path))
}

func (t *sshTransport) handshake(conn *idleConn) (*ssh.Client, error) {
	auth, closeAgent, err := authMethods(t.address, t.credentials)
	if err != nil {
		return nil, err
	}
	defer closeAgent()
	hostAccepted := false
	config := &ssh.ClientConfig{
		User:              cmp.Or(string(t.credentials.Username), t.address.user, "git"),
		Auth:              auth,
		HostKeyAlgorithms: t.hosts.algorithms(t.hostPort()),
		HostKeyCallback: func(host string, addr net.Addr, key ssh.PublicKey) error {
			err := t.hosts.check(host, addr, key)
			hostAccepted = err == nil
			return err
		},
	}
	c, channels, requests, err := ssh.NewClientConn(conn, t.hostPort(), config)
	if err == nil {
		return ssh.NewClient(c, channels, requests), nil
	}
	if connErr := conn.firstErr.Load(); connErr != nil && !errors.Is(*connErr, net.ErrClosed) {
		return nil, *connErr // the handshake's error is less precise
	}
	var known *Error
	var negotiationErr *ssh.AlgorithmNegotiationError
	switch {
	case errors.As(err, &known):
		return nil, known
	case errors.As(err, &negotiationErr) && len(config.HostKeyAlgorithms) > 0:
		return nil, t.hosts.keyTypeError(err)
	case hostAccepted:
		return nil, &Error{Kind: ErrAuth, URL: t.address.String(), Text: fmt.Sprintf("user %q", config.User),
			Help: "add the public key to that user's account on the remote, and check which key is used"}
	}
	return nil, err
}

func (t *sshTransport) hostPort() string {
	return net.JoinHostPort(t.address.host, cmp.Or(t.address.port, "22"))
}

// shellQuote quotes path as one word for the remote's shell.
func shellQuote(path string) string {
	if strings.HasPrefix(path, "/~") {
		path = path[1:] // ssh://host/~user/repo, as git treats it
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}

type sshResponse struct {
	url     string
	conn    *idleConn
	client  *ssh.Client
	session *ssh.Session
	stdin   io.WriteCloser
	stdout  io.Reader
	stderr  headBuffer // beginning of stderr
	stop    func() bool
}

// sendRequest skips the remote's first output up to its flush, sends the request and returns
// the response. err is an earlier error of reading pkts.
func (r *sshResponse) sendRequest(pkts *pktReader, request []byte, err error) (io.ReadCloser, error) {
	for err == nil {
		var kind pktKind
		if kind, _, err = pkts.next(); err == nil && kind == pktFlush {
			if _, err = r.stdin.Write(request); err == nil {
				return struct {
					io.Reader
					io.Closer
				}{pkts.r, r}, nil
			}
		}
	}
	r.Close()
	return nil, err
}

// Read never returns io.EOF: the protocol defines where a response ends.
func (r *sshResponse) Read(p []byte) (int, error) {
	n, err := r.stdout.Read(p)
	if n == 0 && errors.Is(err, io.EOF) {
		err = r.exitError()
	}
	return n, err
}

// exitError returns the reason why git-upload-pack ended.
func (r *sshResponse) exitError() error {
	if connErr := r.conn.firstErr.Load(); connErr != nil {
		return noEOF(*connErr)
	}
	var exit *ssh.ExitError
	if err := r.session.Wait(); !errors.As(err, &exit) {
		return io.ErrUnexpectedEOF
	}
	e := &Error{Kind: ErrUnavailable, URL: r.url, Text: fmt.Sprintf("git-upload-pack ended with %d: %s", exit.ExitStatus(), sanitizeLine(r.stderr.buf))}
	// Only the text distinguishes these errors.
	stderr := strings.ToLower(string(r.stderr.buf))
	switch {
	case strings.Contains(stderr, "not appear to be a git repository"), strings.Contains(stderr, "not found"), strings.Contains(stderr, "does not exist"):
		e.Kind, e.Help = ErrNotFound, "check the address, and that this user may read the repository"
	case strings.Contains(stderr, "denied"), strings.Contains(stderr, "permission"):
		e.Kind, e.Help = ErrForbidden, "check that this user may read the repository"
	}
	return e
}

func (r *sshResponse) Close() error {
	r.stop()
	if r.client != nil {
		r.client.Close()
	}
	return r.conn.Close()
}

// headBuffer stores the beginning of what is written to it.
type headBuffer struct{ buf []byte }

func (b *headBuffer) Write(p []byte) (int, error) {
	const maxHead = 1 << 10
	b.buf = append(b.buf, p[:min(len(p), maxHead-len(b.buf))]...)
	return len(p), nil
}
