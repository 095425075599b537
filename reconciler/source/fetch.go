package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"reconcile/internal/files"
	"reconcile/reconciler/source/internal/odb"

	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/go-git/go-git/v5/storage/filesystem"
)

func (m *remote) fetch(ctx context.Context, id plumbing.Hash) (*Commit, error) {
	commit, err := m.cache.open(id)
	if err == nil {
		return commit, nil
	}
	m.log.DebugContext(ctx, "fetching commit", "commit", id, "cache", err)
	return retry(ctx, m.retry, m.log, func() (*Commit, error) { return m.download(ctx, id) })
}

// download adds the commit to the cache. It appears there complete or not at all.
func (m *remote) download(ctx context.Context, id plumbing.Hash) (*Commit, error) {
	if m.cache.dir == "" {
		return nil, fmt.Errorf("fetch from %s: no cache directory is set", m.url)
	}
	if err := os.MkdirAll(m.cache.dir, 0o700); err != nil {
		return nil, fmt.Errorf("create the commit cache: %w", err)
	}
	dir, err := os.MkdirTemp(m.cache.dir, tmpPrefix)
	if err != nil {
		return nil, fmt.Errorf("create a temporary directory for the commit: %w", err)
	}
	defer os.RemoveAll(dir)
	if _, err := m.receivePack(ctx, dir, 1, id); err != nil {
		return nil, err
	}
	if err := m.verifyCommit(dir, id); err != nil {
		return nil, err
	}
	commit, err := m.cache.add(dir, id)
	if err != nil {
		return nil, fmt.Errorf("cache commit %s of %s: %w", id, m.url, err)
	}
	return commit, nil
}

// receivePack requests the commits with history up to depth and writes their pack into dir.
// It returns the commits whose parents were omitted.
func (m *remote) receivePack(ctx context.Context, dir string, depth int, ids ...plumbing.Hash) (shallow []plumbing.Hash, err error) {
	response, err := m.transport.uploadPack(ctx, wantRequest(depth, ids...))
	if err != nil {
		return nil, m.classifyError(ctx, err)
	}
	defer response.Close()
	pack := &errTrackingReader{}
	if pack.r, shallow, err = newPackReader(m.limitAnswer(response)); err != nil {
		return nil, m.classifyError(ctx, err)
	}
	if err := writePack(dir, pack); err != nil {
		if pack.err != nil { // the remote failed, not the disk
			return nil, m.classifyError(ctx, pack.err)
		}
		return nil, fmt.Errorf("write the pack of commit %s of %s: %w", ids[0], m.url, err)
	}
	return shallow, nil
}

// errTrackingReader records the reader's error, to distinguish it from a writer's.
type errTrackingReader struct {
	r   io.Reader
	err error
}

func (s *errTrackingReader) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// writePack writes the pack and its index into a new object store in dir, and syncs them to
// disk.
func writePack(dir string, pack io.Reader) error {
	store := filesystem.NewStorage(osfs.New(dir, osfs.WithBoundOS()), cache.NewObjectLRU(16*cache.MiByte))
	if err := packfile.WritePackfileToObjectStorage(store, pack); err != nil {
		return err
	}
	names, err := filepath.Glob(filepath.Join(dir, "objects", "pack", "pack-*"))
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := files.Sync(name); err != nil {
			return err
		}
	}
	return nil
}

// verifyCommit checks that every tree and blob of the commit is present. An object that the
// server omitted would later look like a removed file.
func (m *remote) verifyCommit(dir string, id plumbing.Hash) error {
	store, err := odb.Open(filepath.Join(dir, "objects"))
	if err != nil {
		return err
	}
	defer store.Close()
	commit, err := readCommit(store, id)
	if err == nil {
		err = commit.Tree.CheckConnected()
	}
	if errors.Is(err, odb.ErrNotFound) {
		return &Error{Kind: ErrUnavailable, URL: m.url, Text: "the remote sent an incomplete commit " + id.String(), Err: err, transient: true}
	}
	if err != nil {
		return fmt.Errorf("commit %s of %s: %w", id, m.url, err)
	}
	return nil
}
