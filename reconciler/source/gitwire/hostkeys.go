package gitwire

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"reconcile/internal/files"

	"github.com/skeema/knownhosts"
	"golang.org/x/crypto/ssh"
)

// hostKeys holds the known keys of hosts. Without them any machine could pose as the remote
// and receive a password or send a commit, so an unknown host is refused.
type hostKeys struct {
	url   string
	paths []string
	db    *knownhosts.HostKeyDB
}

func loadHostKeys(a Address, paths []string) (hostKeys, error) {
	if len(paths) == 0 {
		if home, err := os.UserHomeDir(); err == nil {
			paths = append(paths, filepath.Join(home, ".ssh", "known_hosts"))
		}
		paths = append(paths, "/etc/ssh/ssh_known_hosts")
	} else if i := slices.IndexFunc(paths, func(f string) bool { return !files.Exists(f) }); i >= 0 {
		return hostKeys{}, fmt.Errorf("known hosts for %s: file %s does not exist", a, paths[i])
	}
	db, err := knownhosts.NewDB(slices.DeleteFunc(slices.Clone(paths), func(f string) bool { return !files.Exists(f) })...)
	if err != nil {
		return hostKeys{}, fmt.Errorf("known hosts for %s: %w", a, err)
	}
	return hostKeys{url: a.String(), paths: paths, db: db}, nil
}

// algorithms returns the algorithms of the host's known keys. Asked for another one, the host
// would show a key that is not known.
func (h hostKeys) algorithms(hostPort string) []string {
	return h.db.HostKeyAlgorithms(hostPort)
}

func (h hostKeys) check(host string, addr net.Addr, key ssh.PublicKey) error {
	err := h.db.HostKeyCallback()(host, addr, key)
	description := fmt.Sprintf("its host key is %s %s", key.Type(), ssh.FingerprintSHA256(key))
	switch {
	case err == nil:
		return nil
	case knownhosts.IsHostKeyChanged(err):
		return h.changedError(description, nil)
	case knownhosts.IsHostUnknown(err):
		return &Error{Kind: ErrHostKeyUnknown, URL: h.url, Text: description,
			Help: fmt.Sprintf("compare it with the fingerprint that the remote's owner publishes; if they match, add this line to %s: %s",
				h.paths[0], knownhosts.Line([]string{host}, key))}
	}
	return h.changedError(description, err) // revoked, or a certificate that does not match
}

func (h hostKeys) changedError(text string, err error) error {
	return &Error{Kind: ErrHostKeyChanged, URL: h.url, Err: err, Text: text + ", which does not match known_hosts: someone may be intercepting the connection",
		Help: "nothing was sent; ask the remote's owner, and replace its line only if the key was changed on purpose, in " + strings.Join(h.paths, " or ")}
}

// keyTypeError returns the error for a host that offers no key of a known type.
func (h hostKeys) keyTypeError(err error) error {
	return h.changedError("it has no host key of a known type", err)
}
