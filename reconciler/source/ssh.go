package source

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

// sshWire runs git-upload-pack on the remote over SSH, one connection a
// question: x/crypto/ssh has no deadlines of its own while a server is silent,
// so each connection is ours, with a deadline, and closed with the context.
type sshWire struct {
	address     address
	credentials Credentials
	hosts       hostKeys
	timeout     time.Duration
}

func newSSH(a address, opts Options) (*sshWire, error) {
	hosts, err := loadHostKeys(a, opts.KnownHosts)
	if err != nil {
		return nil, err
	}
	return &sshWire{address: a, credentials: opts.Credentials, hosts: hosts, timeout: opts.Timeout}, nil
}

func (w *sshWire) lsRefs(ctx context.Context, request []byte) (io.ReadCloser, error) {
	answer, err := w.start(ctx, true)
	if err != nil {
		return nil, err
	}
	pkts := newPktReader(answer)
	_, line, err := pkts.next()
	if err == nil && !bytes.Equal(bytes.TrimSpace(line), []byte("version 2")) {
		err = errNotV2
	}
	return answer.ask(pkts, request, err)
}

func (w *sshWire) advertisement(ctx context.Context) (io.ReadCloser, error) {
	return w.start(ctx, false)
}

func (w *sshWire) uploadPack(ctx context.Context, request []byte) (io.ReadCloser, error) {
	answer, err := w.start(ctx, false)
	if err != nil {
		return nil, err
	}
	return answer.ask(newPktReader(answer), request, nil)
}

// start connects and starts git-upload-pack, which speaks first.
func (w *sshWire) start(ctx context.Context, v2 bool) (*sshAnswer, error) {
	dialer := &net.Dialer{Timeout: w.timeout}
	tcp, err := dialer.DialContext(ctx, "tcp", w.hostPort())
	if err != nil {
		return nil, network(ctx, w.address.String(), err)
	}
	conn := &silence{Conn: tcp, limit: w.timeout}
	answer := &sshAnswer{url: w.address.String(), conn: conn, stop: context.AfterFunc(ctx, func() { tcp.Close() })}
	if err := w.open(answer, v2); err != nil {
		answer.Close()
		return nil, network(ctx, w.address.String(), err)
	}
	return answer, nil
}

func (w *sshWire) open(answer *sshAnswer, v2 bool) (err error) {
	if answer.client, err = w.handshake(answer.conn); err != nil {
		return err
	}
	if answer.session, err = answer.client.NewSession(); err != nil {
		return err
	}
	answer.session.Stderr = &answer.said
	if v2 {
		// A server that takes no environment speaks version 0 then.
		_ = answer.session.Setenv("GIT_PROTOCOL", "version=2")
	}
	if answer.stdin, err = answer.session.StdinPipe(); err != nil {
		return err
	}
	if answer.stdout, err = answer.session.StdoutPipe(); err != nil {
		return err
	}
	return answer.session.Start("git-upload-pack " + quote(w.address.path))
}

func (w *sshWire) handshake(conn *silence) (*ssh.Client, error) {
	auth, done, err := authMethods(w.address, w.credentials)
	if err != nil {
		return nil, err
	}
	defer done()
	hostAccepted := false
	config := &ssh.ClientConfig{
		User:              cmp.Or(w.credentials.Username, w.address.user, "git"),
		Auth:              auth,
		HostKeyAlgorithms: w.hosts.algorithms(w.hostPort()),
		HostKeyCallback: func(host string, addr net.Addr, key ssh.PublicKey) error {
			err := w.hosts.check(host, addr, key)
			hostAccepted = err == nil
			return err
		},
	}
	c, channels, requests, err := ssh.NewClientConn(conn, w.hostPort(), config)
	if err == nil {
		return ssh.NewClient(c, channels, requests), nil
	}
	if failed := conn.failed.Load(); failed != nil && !errors.Is(*failed, net.ErrClosed) {
		return nil, *failed // the handshake's error says less
	}
	var known *Error
	var offered *ssh.AlgorithmNegotiationError
	switch {
	case errors.As(err, &known):
		return nil, known
	case errors.As(err, &offered) && len(config.HostKeyAlgorithms) > 0:
		return nil, w.hosts.otherType(err)
	case hostAccepted:
		return nil, &Error{Kind: ErrAuth, URL: w.address.String(), Text: fmt.Sprintf("user %q", config.User),
			Help: "add the public key to that user's account on the remote, and check which key is used"}
	}
	return nil, err
}

func (w *sshWire) hostPort() string {
	return net.JoinHostPort(w.address.host, cmp.Or(w.address.port, "22"))
}

// quote makes path one word for the remote's shell.
func quote(path string) string {
	if strings.HasPrefix(path, "/~") {
		path = path[1:] // ssh://host/~user/repo, as git has it
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}

// sshAnswer is the output of git-upload-pack on the remote.
type sshAnswer struct {
	url     string
	conn    *silence
	client  *ssh.Client
	session *ssh.Session
	stdin   io.WriteCloser
	stdout  io.Reader
	said    firstBytes // on standard error
	stop    func() bool
}

// ask skips what the remote said first, up to its flush, sends the request
// and returns the answer to it. err is an error of reading pkts before.
func (a *sshAnswer) ask(pkts *pktReader, request []byte, err error) (io.ReadCloser, error) {
	for err == nil {
		var kind pktKind
		if kind, _, err = pkts.next(); err == nil && kind == pktFlush {
			if _, err = a.stdin.Write(request); err == nil {
				return struct {
					io.Reader
					io.Closer
				}{pkts.r, a}, nil
			}
		}
	}
	a.Close()
	return nil, err
}

// Read never returns io.EOF: the protocol says where an answer ends.
func (a *sshAnswer) Read(p []byte) (int, error) {
	n, err := a.stdout.Read(p)
	if n == 0 && errors.Is(err, io.EOF) {
		err = a.ended()
	}
	return n, err
}

// ended says why git-upload-pack ended.
func (a *sshAnswer) ended() error {
	if failed := a.conn.failed.Load(); failed != nil {
		return unexpected(*failed)
	}
	var exit *ssh.ExitError
	if err := a.session.Wait(); !errors.As(err, &exit) {
		return io.ErrUnexpectedEOF
	}
	e := &Error{Kind: ErrUnavailable, URL: a.url, Text: fmt.Sprintf("git-upload-pack ended with %d: %s", exit.ExitStatus(), printable(a.said.b))}
	// Nothing but the text tells them apart.
	said := strings.ToLower(string(a.said.b))
	switch {
	case strings.Contains(said, "not appear to be a git repository"), strings.Contains(said, "not found"), strings.Contains(said, "does not exist"):
		e.Kind, e.Help = ErrNotFound, "check the address, and that this user may read the repository"
	case strings.Contains(said, "denied"), strings.Contains(said, "permission"):
		e.Kind, e.Help = ErrForbidden, "check that this user may read the repository"
	}
	return e
}

func (a *sshAnswer) Close() error {
	a.stop()
	if a.client != nil {
		a.client.Close()
	}
	return a.conn.Close()
}

// firstBytes keeps the beginning of what is written to it.
type firstBytes struct{ b []byte }

func (f *firstBytes) Write(p []byte) (int, error) {
	const most = 1 << 10
	f.b = append(f.b, p[:min(len(p), most-len(f.b))]...)
	return len(p), nil
}
