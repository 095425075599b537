package gittest

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// SSH is OpenSSH's sshd. It runs as the user of the test, with one process per connection.
type SSH struct {
	// URL of the repository.
	URL string
	// KeyFile is the private key that the server accepts.
	KeyFile string
	// KnownHosts is a file with the server's host key.
	KnownHosts string
	// Fingerprint is the fingerprint of the host key.
	Fingerprint string
	// Connections, BytesIn and BytesOut count connections and bytes.
	Connections, BytesIn, BytesOut atomic.Int64
	// NeverAnswer makes the server accept connections and send nothing.
	NeverAnswer atomic.Bool
	// Accepted receives a value for each connection while its buffer has room.
	Accepted chan struct{}

	addr string
	dir  string
	t    testing.TB
}

// ServeSSH serves the repository on loopback until the test ends. With v0 the server accepts
// no environment variables, so clients cannot request protocol version 2.
func ServeSSH(t testing.TB, r *Repo, v0 bool) *SSH {
	t.Helper()
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &SSH{t: t, dir: t.TempDir(), addr: listener.Addr().String(), Accepted: make(chan struct{}, 100)}
	s.URL = fmt.Sprintf("ssh://%s@%s%s", me.Username, s.addr, r.Dir)
	s.KeyFile = filepath.Join(s.dir, "id")
	authorized := NewKey(t, s.KeyFile)
	s.write("authorized_keys", ssh.MarshalAuthorizedKey(authorized))
	s.NewHostKey()
	config := fmt.Sprintf("HostKey %s\nAuthorizedKeysFile %s\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nPermitRootLogin yes\nPidFile none\n",
		filepath.Join(s.dir, "host"), filepath.Join(s.dir, "authorized_keys"))
	// The shell that runs git would read the profile of the user's home: half a second here,
	// and settings of a person.
	config += "SetEnv HOME=" + s.dir + "\n"
	if !v0 {
		config += "AcceptEnv GIT_PROTOCOL\n"
	}
	s.write("config", []byte(config))
	s.acceptConns(listener, findSSHD(t))
	return s
}

// NewHostKey gives the server a new host key. It creates KnownHosts if that does not exist
// yet, so a second call simulates a changed host key.
func (s *SSH) NewHostKey() {
	s.t.Helper()
	key := NewKey(s.t, filepath.Join(s.dir, "host"))
	s.Fingerprint = ssh.FingerprintSHA256(key)
	if s.KnownHosts == "" {
		s.KnownHosts = s.write("known_hosts", []byte(knownhosts.Line([]string{s.addr}, key)+"\n"))
	}
}

// NewKey writes a new private key to path and returns the public key.
func NewKey(t testing.TB, path string) ssh.PublicKey {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (s *SSH) write(name string, data []byte) string {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// findSSHD returns the path of sshd, which is usually not in a user's PATH.
func findSSHD(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"sshd", "/usr/sbin/sshd", "/usr/local/sbin/sshd"} {
		if path, err := exec.LookPath(name); err == nil {
			if os.Geteuid() == 0 { // only for root, sshd requires this directory
				if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
					t.Fatal(err)
				}
			}
			path, err = filepath.Abs(path)
			if err != nil {
				t.Fatal(err)
			}
			return path
		}
	}
	t.Fatal("sshd is needed: make tools, or apt-get install openssh-server")
	return ""
}

// acceptConns runs an sshd for each connection, and stops them when the test ends.
func (s *SSH) acceptConns(listener net.Listener, sshd string) {
	var running sync.WaitGroup
	var conns sync.Map
	running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			s.Connections.Add(1)
			conns.Store(conn, true)
			select {
			case s.Accepted <- struct{}{}:
			default:
			}
			if s.NeverAnswer.Load() {
				continue
			}
			running.Go(func() {
				defer conn.Close()
				s.serveConn(conn, sshd)
			})
		}
	})
	s.t.Cleanup(func() {
		listener.Close()
		conns.Range(func(conn, _ any) bool { return conn.(net.Conn).Close() != nil || true })
		running.Wait()
	})
}

func (s *SSH) serveConn(conn net.Conn, sshd string) {
	counting := &countingConn{conn, s}
	cmd := exec.Command(sshd, "-i", "-e", "-f", filepath.Join(s.dir, "config"))
	cmd.Stdout = counting
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return
	}
	defer log.Close()
	cmd.Stderr = log
	in, err := cmd.StdinPipe()
	if err != nil || cmd.Start() != nil {
		return
	}
	copyDone := make(chan struct{})
	go func() {
		defer close(copyDone)
		defer in.Close()
		_, _ = io.Copy(in, counting)
	}()
	_ = cmd.Wait()
	conn.Close()
	<-copyDone
}

// Log returns the server's log.
func (s *SSH) Log() string {
	log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
	return strings.TrimSpace(string(log))
}

type countingConn struct {
	net.Conn
	server *SSH
}

func (c *countingConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.server.BytesIn.Add(int64(n))
	return n, err
}

func (c *countingConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.server.BytesOut.Add(int64(n))
	return n, err
}
