package gitwire

import (
	"errors"
	"fmt"
	"net"
	"os"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"reconcile/internal/files"
	"reconcile/internal/secret"
)

// authMethods returns the authentication methods: the given key, else the agent, and the
// password if there is one. closeAgent closes the connection to the agent.
func authMethods(a Address, c Credentials) (methods []ssh.AuthMethod, closeAgent func(), err error) {
	closeAgent = func() {}
	pem := []byte(c.PrivateKey)
	if len(pem) == 0 && c.KeyFile != "" {
		if pem, err = files.ReadRegular(c.KeyFile, files.MaxConfig); err != nil {
			return nil, closeAgent, fmt.Errorf("read the key for %s: %w", a, err)
		}
	}
	socket := os.Getenv("SSH_AUTH_SOCK")
	switch {
	case len(pem) > 0:
		signer, err := parseKey(a, pem, c.Password)
		if err != nil {
			return nil, closeAgent, err
		}
		methods = append(methods, ssh.PublicKeys(signer))
	case socket != "":
		conn, err := net.Dial("unix", socket)
		if err != nil {
			return nil, closeAgent, &Error{Kind: ErrAuth, URL: a.String(), Text: "the SSH agent of SSH_AUTH_SOCK does not answer", Err: err,
				Help: "start it again, or set --git-credentials ssh-key:FILE"}
		}
		closeAgent = func() { conn.Close() }
		methods = append(methods, ssh.PublicKeysCallback(agent.NewClient(conn).Signers))
	}
	if c.Password != "" {
		methods = append(methods, ssh.Password(string(c.Password)))
	}
	if len(methods) == 0 {
		return nil, closeAgent, &Error{Kind: ErrAuth, URL: a.String(), Text: "no credentials given", Help: "set --git-credentials ssh-key:FILE, or start an SSH agent"}
	}
	return methods, closeAgent, nil
}

// parseKey decodes a private key. The password decrypts an encrypted one.
func parseKey(a Address, pem []byte, password secret.Text) (ssh.Signer, error) {
	signer, err := ssh.ParsePrivateKey(pem)
	var encrypted *ssh.PassphraseMissingError
	if errors.As(err, &encrypted) {
		if password == "" {
			return nil, &Error{Kind: ErrAuth, URL: a.String(), Text: "the private key is encrypted", Help: "add it to an SSH agent, or use a key of its own without a passphrase"}
		}
		signer, err = ssh.ParsePrivateKeyWithPassphrase(pem, []byte(password))
	}
	if err != nil {
		return nil, &Error{Kind: ErrAuth, URL: a.String(), Text: "the private key cannot be read", Err: err, Help: "use a key in the format of ssh-keygen"}
	}
	return signer, nil
}
