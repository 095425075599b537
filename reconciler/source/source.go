// Package source reads the watched branch of a Git repository: what its tip
// is, the tip's commit, and the tip's tree as a file system with object ids.
//
// A remote is asked with as little as the protocol allows, and never cloned
// whole: the tip by one request, a commit by one pack of depth 1, kept under
// its id in a cache directory. A local repository is read where it lies; its
// work tree is never looked at.
package source

import (
	"context"
	"crypto/x509"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
)

// Defaults of Options.
const (
	DefaultBranch   = "main"
	DefaultTimeout  = 30 * time.Second
	DefaultMaxBytes = 2 << 30
)

// Options say which branch of which repository to read, and how.
type Options struct {
	// URL is an https, ssh, http or file URL, git's short form of an ssh URL
	// (user@host:path), or a path. Credentials in it are taken out and used.
	URL    string
	Branch string // DefaultBranch if empty
	// Credentials for a remote; what they leave empty is taken from URL.
	Credentials Credentials
	// CacheDir is the directory that commits of remotes are kept in. It may be
	// shared by several repositories and processes. A local repository needs
	// none.
	CacheDir string
	// KnownHosts are the files with the host keys of ssh remotes; if empty,
	// those that OpenSSH reads: ~/.ssh/known_hosts and
	// /etc/ssh/ssh_known_hosts.
	KnownHosts []string
	// MaxBytes is how long an answer of the remote may be.
	MaxBytes int64 // DefaultMaxBytes if 0
	// Timeout is how long the remote may be silent, and how long finding the
	// tip may take in all.
	Timeout time.Duration // DefaultTimeout if 0
	Log     *slog.Logger  // discards if nil

	rootCAs *x509.CertPool // instead of the system's; for tests
	retry   retryPolicy    // zero: defaults
}

// Repository is one branch of a Git repository. It is safe for several
// goroutines.
type Repository struct {
	opts    Options
	address address
	backend backend
}

// backend is where the repository is: on this machine or behind a wire.
type backend interface {
	tip(ctx context.Context, protocol string) (Tip, error)
	fetch(ctx context.Context, id plumbing.Hash) (*Commit, error)
	contains(ctx context.Context, tip, old plumbing.Hash) (yes, known bool, err error)
	resolve(ctx context.Context, rev string) (string, error)
	refs(ctx context.Context, names []string) (map[string]string, error)
	fetchHistory(ctx context.Context, tip, head plumbing.Hash) (*history, error)
}

// Tip is the commit at the head of the branch, and the protocol that the
// remote spoke: "v2", "v0", or "local".
type Tip struct{ Commit, Protocol string }

// Protocols of Tip.
const (
	ProtocolV2    = "v2"
	ProtocolV0    = "v0"
	ProtocolLocal = "local"
)

// Open prepares to read the repository. Nothing is asked of a remote yet; a
// local repository must exist.
func Open(_ context.Context, opts Options) (*Repository, error) {
	if opts.Branch == "" {
		opts.Branch = DefaultBranch
	}
	if opts.Timeout == 0 {
		opts.Timeout = DefaultTimeout
	}
	if opts.MaxBytes == 0 {
		opts.MaxBytes = DefaultMaxBytes
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	opts.retry = opts.retry.orDefault()
	if err := checkBranch(opts.Branch); err != nil {
		return nil, err
	}
	addr, credentials, err := parseAddress(opts.URL)
	if err != nil {
		return nil, err
	}
	opts.URL = addr.String()
	opts.Credentials = opts.Credentials.fillFrom(credentials)
	r := &Repository{opts: opts, address: addr}
	switch addr.scheme {
	case "file":
		local, err := openLocal(addr.path, opts.Branch)
		if err != nil {
			return nil, err
		}
		r.address.path, r.backend = local.root, local
	case "ssh":
		transport, err := newSSHTransport(addr, opts)
		if err != nil {
			return nil, err
		}
		r.backend = newRemote(transport, r)
	default:
		transport, err := newHTTPTransport(addr, opts)
		if err != nil {
			return nil, err
		}
		r.backend = newRemote(transport, r)
	}
	return r, nil
}

// URL returns the repository's address without credentials, for people.
func (r *Repository) URL() string { return r.address.String() }

// Name returns "host/path", in which the https and ssh addresses of one
// Backlog repository agree; the path for a local repository.
func (r *Repository) Name() string { return r.address.name() }

// WorkTrees are the work trees of a local repository, that which it was opened
// by first; none of a bare one and of a remote.
func (r *Repository) WorkTrees() []string {
	if l, ok := r.backend.(*local); ok {
		return l.workTrees()
	}
	return nil
}

// IsSameRepository reports whether two addresses, as URL returns them, are of one
// repository.
func IsSameRepository(a, b string) bool {
	one, _, err := parseAddress(a)
	if err != nil {
		return a == b
	}
	other, _, err := parseAddress(b)
	return err == nil && one.name() == other.name()
}

// Branch returns the branch that is read.
func (r *Repository) Branch() string { return r.opts.Branch }

// Tip asks for the commit at the head of the branch: one request. protocol is
// that of an earlier Tip, to spare a server that does not speak version 2 the
// question; "" finds out. Errors are *Error, or the context's.
func (r *Repository) Tip(ctx context.Context, protocol string) (Tip, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, r.opts.Timeout, errDeadline)
	defer cancel()
	return r.backend.tip(ctx, protocol)
}

// Fetch returns the commit with its whole tree. It is kept: a second Fetch of
// it, by any process, asks the remote nothing. The error is ErrCommitNotFound when the
// remote does not give that commit out (any more): ask for the tip again.
// Close the commit when it is not read any more.
func (r *Repository) Fetch(ctx context.Context, commit string) (*Commit, error) {
	id, err := parseID(commit)
	if err != nil {
		return nil, err
	}
	return r.backend.fetch(ctx, id)
}

// Contains reports whether old is an ancestor of tip, or tip itself: if not,
// the branch's history was rewritten between them. known is false where that
// cannot be told, as in a shallow clone. A remote decides by commit dates
// where it can, so that dates that run backwards may make it say no wrongly:
// tell people, decide nothing on it.
func (r *Repository) Contains(ctx context.Context, tip, old string) (yes, known bool, err error) {
	tipID, err := parseID(tip)
	if err != nil {
		return false, false, err
	}
	oldID, err := parseID(old)
	if err != nil {
		return false, false, err
	}
	if tipID == oldID {
		return true, true, nil
	}
	return r.backend.contains(ctx, tipID, oldID)
}

// Resolve returns the full id of the commit that rev names: an id or the
// branch of a remote; whatever Git takes for a local repository.
func (r *Repository) Resolve(ctx context.Context, rev string) (string, error) {
	return r.backend.resolve(ctx, rev)
}

// cacheDir is where the repository's commits are kept.
func (o Options) cacheDir(name string) string {
	if o.CacheDir == "" {
		return ""
	}
	return filepath.Join(o.CacheDir, shortHash(name))
}
