package gitwire

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"reconcile/internal/secret"
	"reconcile/reconciler/source/gittest"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
	"golang.org/x/crypto/ssh/knownhosts"
)

func TestSSHAgent(t *testing.T) {
	repo := gittest.New(t)
	id := repo.Commit("first", map[string]string{"a": "1"})
	server := gittest.ServeSSH(t, repo, false)
	private, err := os.ReadFile(server.KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.ParseRawPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	keyring := agent.NewKeyring()
	if err := keyring.Add(agent.AddedKey{PrivateKey: key}); err != nil {
		t.Fatal(err)
	}
	opts := Options{KnownHosts: []string{server.KnownHosts}}

	t.Setenv("SSH_AUTH_SOCK", "")
	checkFailure(t, tipError(t, server.URL, opts), ErrAuth, []string{"SSH agent"})

	dir, err := os.MkdirTemp("", "agent") // t.TempDir may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	listener, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { _ = agent.ServeAgent(keyring, conn) }()
		}
	}()
	t.Setenv("SSH_AUTH_SOCK", listener.Addr().String())
	if tip, _, err := mustClient(t, server.URL, opts).Tip(t.Context(), "main", ""); tip != id || err != nil {
		t.Errorf("%v, %v", tip, err)
	}
}

func TestSSHEncryptedKey(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	id := repo.Commit("first", map[string]string{"a": "1"})
	server := gittest.ServeSSH(t, repo, false)
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte("s3cr3t"))
	if err != nil {
		t.Fatal(err)
	}
	opts := sshOptions(server)
	opts.Credentials = Credentials{PrivateKey: secret.Text(pem.EncodeToMemory(block))}
	checkFailure(t, tipError(t, server.URL, opts), ErrAuth, []string{"encrypted"})
	opts.Credentials.Password = "another"
	checkFailure(t, tipError(t, server.URL, opts), ErrAuth, []string{"cannot be read"})
	opts.Credentials = Credentials{PrivateKey: "s3cr3t"}
	checkFailure(t, tipError(t, server.URL, opts), ErrAuth, []string{"ssh-keygen"})

	plainKey, err := os.ReadFile(server.KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	opts.Credentials = Credentials{PrivateKey: secret.Text(plainKey)}
	if tip, _, err := mustClient(t, server.URL, opts).Tip(t.Context(), "main", ""); tip != id || err != nil {
		t.Errorf("the key as text: %v, %v", tip, err)
	}
}

// TestSSHHostKeyOfAnotherType: a host with a known key of one type is asked for that type. If
// it has none, it is refused.
func TestSSHHostKeyOfAnotherType(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	repo.Commit("first", map[string]string{"a": "1"})
	server := gittest.ServeSSH(t, repo, false)
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(&private.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	address, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	opts := sshOptions(server)
	opts.KnownHosts = []string{filepath.Join(t.TempDir(), "known_hosts")}
	if err := os.WriteFile(opts.KnownHosts[0], []byte(knownhosts.Line([]string{address.Host}, key)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := tipError(t, server.URL, opts); !errors.Is(err, ErrHostKeyChanged) {
		t.Error(err)
	}
}
