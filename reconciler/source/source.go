// Package source reads the watched branch of a Git repository: its tip, the tip's commit, and
// the tip's tree as a file system with object ids.
//
// A remote is asked for as little as the protocol allows and is never cloned: the tip needs
// one request, a commit one pack of depth 1. Commits are cached under their ids. A local
// repository is read in place; its work tree is ignored.
package source

import (
	"context"
	"crypto/x509"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/go-git/go-git/v5/plumbing"

	"reconcile/internal/commitid"
	"reconcile/reconciler/source/gitwire"
)

// DefaultBranch is the branch of Options without one.
const DefaultBranch = "main"

// Options says which branch of which repository to read, and how.
type Options struct {
	// URL is an https, ssh, http or file URL, git's short form of an ssh URL
	// (user@host:path), or a path. Credentials in it are removed and used.
	URL    string
	Branch string // DefaultBranch if empty
	// Credentials are for a remote. Empty fields are filled from URL.
	Credentials gitwire.Credentials
	// CacheDir is the directory for cached commits of remotes. Several repositories and
	// processes may share it. A local repository needs none.
	CacheDir string
	// KnownHosts lists the files with the host keys of ssh remotes. If it is empty, OpenSSH's
	// own files are used: ~/.ssh/known_hosts and /etc/ssh/ssh_known_hosts.
	KnownHosts []string
	// MaxBytes is the maximum length of a response of the remote.
	MaxBytes int64 // gitwire.DefaultMaxBytes if 0
	// Timeout is how long the remote may be silent, and how long finding the tip may take in
	// total.
	Timeout time.Duration // gitwire.DefaultTimeout if 0
	Log     *slog.Logger  // discards if nil
	// OnProgress is called from time to time while a long fetch goes on; it may be nil.
	OnProgress func()

	rootCAs *x509.CertPool // replaces the system's; for tests
	retry   gitwire.RetryPolicy
}

// Repository is one branch of a Git repository. It is safe for concurrent use.
type Repository struct {
	url     string // without credentials
	name    string // the same for all addresses of the repository
	branch  string
	backend backend
}

// backend is a repository on this machine or on a remote.
type backend interface {
	tip(ctx context.Context, protocol string) (Tip, error)
	fetch(ctx context.Context, id plumbing.Hash) (*Commit, error)
	contains(ctx context.Context, tip, old plumbing.Hash) (yes, known bool, err error)
	resolve(ctx context.Context, rev string) (commitid.ID, error)
	refs(ctx context.Context, names []string) (map[string]commitid.ID, error)
	fetchHistory(ctx context.Context, tip, head plumbing.Hash) (*history, error)
}

// Tip is the commit at the head of the branch, with the protocol that the remote spoke:
// gitwire.ProtocolV2, gitwire.ProtocolV0, "" if that is uncertain, or ProtocolLocal.
type Tip struct {
	Commit   commitid.ID
	Protocol string
}

// ProtocolLocal is the protocol of a tip that no remote was asked for.
const ProtocolLocal = "local"

// Open prepares to read the repository. It does not contact a remote, but a local repository
// must exist.
func Open(opts Options) (*Repository, error) {
	if opts.Branch == "" {
		opts.Branch = DefaultBranch
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if err := checkBranch(opts.Branch); err != nil {
		return nil, err
	}
	addr, credentials, err := gitwire.ParseAddress(opts.URL)
	if err != nil {
		return nil, err
	}
	if path, ok := addr.LocalPath(); ok {
		local, err := openLocal(path, opts.Branch)
		if err != nil {
			return nil, err
		}
		return &Repository{url: local.root, name: filepath.ToSlash(local.root), branch: opts.Branch, backend: local}, nil
	}
	opts.Credentials = opts.Credentials.FillFrom(credentials)
	remote, err := openRemote(addr, opts)
	if err != nil {
		return nil, err
	}
	return &Repository{url: addr.String(), name: addr.Name(), branch: opts.Branch, backend: remote}, nil
}

// checkBranch returns an error for a name that is not a valid branch name, or that would
// break the line format of the protocol.
func checkBranch(branch string) error {
	if err := plumbing.NewBranchReferenceName(branch).Validate(); err != nil {
		return &gitwire.Error{Kind: gitwire.ErrNoBranch, URL: fmt.Sprintf("branch %q", branch), Text: "not a valid branch name", Help: "check --branch"}
	}
	return nil
}

// URL returns the repository's address without credentials, for messages.
func (r *Repository) URL() string { return r.url }

// Name returns "host/path", which is the same for the https and ssh addresses of one Backlog
// repository. For a local repository it returns the path.
func (r *Repository) Name() string { return r.name }

// WorkTrees returns the work trees of a local repository. The one by which it was opened
// comes first. A bare repository and a remote have none.
func (r *Repository) WorkTrees() []string {
	if l, ok := r.backend.(*local); ok {
		return l.workTrees()
	}
	return nil
}

// IsSameRepository reports whether two addresses in the form of URL belong to one repository.
func IsSameRepository(a, b string) bool {
	one, _, err := gitwire.ParseAddress(a)
	if err != nil {
		return a == b
	}
	other, _, err := gitwire.ParseAddress(b)
	return err == nil && one.Name() == other.Name()
}

// Branch returns the name of the branch.
func (r *Repository) Branch() string { return r.branch }

// Tip returns the commit at the head of the branch, with one request. protocol is the one of
// an earlier Tip; it saves a server that does not speak version 2 a request. "" detects the
// protocol. Errors are *gitwire.Error or the context's.
func (r *Repository) Tip(ctx context.Context, protocol string) (Tip, error) {
	return r.backend.tip(ctx, protocol)
}

// Fetch returns the commit with its whole tree. The commit is cached: a second Fetch of it,
// by any process, sends no request. The error is gitwire.ErrCommitNotFound if the remote does not
// have that commit (any more): read the tip again. Close the commit after use.
func (r *Repository) Fetch(ctx context.Context, commit commitid.ID) (*Commit, error) {
	id, err := parseID(string(commit))
	if err != nil {
		return nil, err
	}
	return r.backend.fetch(ctx, id)
}

// Contains reports whether old is tip or an ancestor of tip. If it is not, the branch's
// history was rewritten between them. known is false if that cannot be decided, for example
// in a shallow clone. A remote may decide by commit dates, so dates that run backwards can
// give a wrong no. Use the result for messages only.
func (r *Repository) Contains(ctx context.Context, tip, old commitid.ID) (yes, known bool, err error) {
	tipID, err := parseID(string(tip))
	if err != nil {
		return false, false, err
	}
	oldID, err := parseID(string(old))
	if err != nil {
		return false, false, err
	}
	if tipID == oldID {
		return true, true, nil
	}
	return r.backend.contains(ctx, tipID, oldID)
}

// Resolve returns the full id of the commit rev. For a remote, rev is an id or the branch;
// for a local repository, any revision that Git accepts.
func (r *Repository) Resolve(ctx context.Context, rev string) (commitid.ID, error) {
	return r.backend.resolve(ctx, rev)
}

// Refs returns the commits of refs such as refs/pull/3/head, by their full names, with one
// request. A ref that does not exist is missing in the result.
func (r *Repository) Refs(ctx context.Context, names []string) (map[string]commitid.ID, error) {
	if len(names) == 0 {
		return nil, nil
	}
	return r.backend.refs(ctx, names)
}

// parseID parses a full commit id.
func parseID(text string) (plumbing.Hash, error) {
	if !plumbing.IsHash(text) {
		return plumbing.ZeroHash, &gitwire.Error{Kind: gitwire.ErrRevision, URL: fmt.Sprintf("%q", text), Text: "not a full commit id (40 hexadecimal digits)"}
	}
	return plumbing.NewHash(text), nil
}
