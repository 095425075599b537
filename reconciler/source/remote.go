package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"

	"reconcile/internal/commitid"
	"reconcile/reconciler/source/gitwire"
	"reconcile/reconciler/source/internal/odb"
)

// remote is a repository that is asked over the network.
type remote struct {
	client *gitwire.Client
	url    string
	branch string
	log    *slog.Logger
	cache  commitCache
}

func openRemote(a gitwire.Address, opts Options) (*remote, error) {
	client, err := gitwire.New(a, gitwire.Options{
		Credentials: opts.Credentials, KnownHosts: opts.KnownHosts, RootCAs: opts.rootCAs,
		MaxBytes: opts.MaxBytes, Timeout: opts.Timeout, Retry: opts.retry, Log: opts.Log, OnProgress: opts.OnProgress,
	})
	if err != nil {
		return nil, err
	}
	return &remote{client: client, url: a.String(), branch: opts.Branch, log: opts.Log,
		cache: commitCache{dir: cacheDir(opts.CacheDir, a.Name()), url: a.String()}}, nil
}

func (r *remote) tip(ctx context.Context, protocol string) (Tip, error) {
	commit, protocol, err := r.client.Tip(ctx, r.branch, protocol)
	return Tip{commit, protocol}, err
}

func (r *remote) refs(ctx context.Context, names []string) (map[string]commitid.ID, error) {
	return r.client.Refs(ctx, names)
}

func (r *remote) contains(ctx context.Context, tip, old plumbing.Hash) (yes, known bool, err error) {
	yes, err = r.client.Contains(ctx, tip, old)
	return yes, err == nil, err
}

func (r *remote) resolve(ctx context.Context, rev string) (commitid.ID, error) {
	if plumbing.IsHash(rev) {
		return commitid.ID(strings.ToLower(rev)), nil
	}
	if rev == r.branch || rev == "refs/heads/"+r.branch {
		tip, err := r.tip(ctx, "")
		return tip.Commit, err
	}
	return "", &gitwire.Error{Kind: gitwire.ErrRevision, URL: r.url, Text: fmt.Sprintf("%q", rev),
		Help: fmt.Sprintf("for a remote give a full commit id, or %q", r.branch)}
}

// fetch adds the commit to the cache, unless it is there. It appears there complete or not at
// all.
func (r *remote) fetch(ctx context.Context, id plumbing.Hash) (*Commit, error) {
	commit, err := r.cache.open(id)
	if err == nil {
		return commit, nil
	}
	r.log.DebugContext(ctx, "fetching commit", "commit", id, "cache", err)
	dir, _, err := r.receive(ctx, 1, id)
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	commit, err = r.cache.add(dir, id)
	if err != nil {
		return nil, fmt.Errorf("cache commit %s of %s: %w", id, r.url, err)
	}
	return commit, nil
}

// fetchDepths are the depths of history to request, one after the other. Each response gets a
// separate store: mixing depths in one store has lost trees without an error (go-git v5).
var fetchDepths = []int{32, 256, 2048}

// fetchHistory fetches both commits with history, until the merge base is certain or the
// remote has no more. The caller decides what to do without one.
func (r *remote) fetchHistory(ctx context.Context, tip, head plumbing.Hash) (*history, error) {
	for i, depth := range fetchDepths {
		h, err := r.downloadHistory(ctx, depth, tip, head)
		if err != nil {
			return nil, err
		}
		_, isFinal, err := h.commits.Bases(tip, head)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("%s: %w", r.url, err), h.close())
		}
		if isFinal || i == len(fetchDepths)-1 {
			return h, nil
		}
		if err := h.close(); err != nil {
			return nil, err
		}
	}
	return nil, errors.New("no depths to fetch") // unreachable: fetchDepths is not empty
}

func (r *remote) downloadHistory(ctx context.Context, depth int, tip, head plumbing.Hash) (*history, error) {
	dir, shallow, err := r.receive(ctx, depth, tip, head)
	if err != nil {
		return nil, err
	}
	h, err := openHistory(dir, shallow)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	h.close = func() error { return os.RemoveAll(dir) }
	return h, nil
}

// receive fetches the commits with history up to depth into an object store in a new directory
// beside the cache, and checks that they are complete. shallow are the commits whose parents
// were omitted. The caller removes dir.
func (r *remote) receive(ctx context.Context, depth int, ids ...plumbing.Hash) (dir string, shallow []plumbing.Hash, err error) {
	if r.cache.dir == "" {
		return "", nil, fmt.Errorf("fetch from %s: no cache directory is set", r.url)
	}
	if err := os.MkdirAll(r.cache.dir, 0o700); err != nil {
		return "", nil, fmt.Errorf("create the commit cache: %w", err)
	}
	if dir, err = os.MkdirTemp(r.cache.dir, tmpPrefix); err != nil {
		return "", nil, fmt.Errorf("create a temporary directory for the commits: %w", err)
	}
	shallow, err = r.client.Fetch(ctx, depth, ids, func(pack io.Reader) error {
		err := os.RemoveAll(filepath.Join(dir, "objects")) // of a try before
		if err == nil {
			err = odb.WritePack(ctx, filepath.Join(dir, "objects"), pack)
		}
		if err != nil {
			return fmt.Errorf("write the pack of commit %s of %s: %w", ids[0], r.url, err)
		}
		for _, id := range ids {
			if err := r.verifyCommit(dir, id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return "", nil, errors.Join(err, os.RemoveAll(dir))
	}
	return dir, shallow, nil
}

// verifyCommit checks that every tree and blob of the commit is present. An object that the
// server omitted would later look like a removed file.
func (r *remote) verifyCommit(dir string, id plumbing.Hash) error {
	store, err := odb.Open(filepath.Join(dir, "objects"))
	if err != nil {
		return err
	}
	commit, err := readCommit(store, id)
	if err == nil {
		err = commit.Tree.CheckConnected()
	}
	if errors.Is(err, odb.ErrNotFound) {
		return &gitwire.Error{Kind: gitwire.ErrUnavailable, URL: r.url, Text: "the remote sent an incomplete commit " + id.String(), Err: err, Transient: true}
	}
	if err != nil {
		return fmt.Errorf("commit %s of %s: %w", id, r.url, err)
	}
	return nil
}
