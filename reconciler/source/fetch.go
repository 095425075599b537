package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"

	"reconcile/reconciler/source/objects"

	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/go-git/go-git/v5/storage/filesystem"
)

func (m *remote) fetch(ctx context.Context, id plumbing.Hash) (*Commit, error) {
	commit, err := m.cache.open(id)
	if err == nil {
		return commit, nil
	}
	m.log.DebugContext(ctx, "fetching commit", "commit", id, "cache", err)
	return again(ctx, m.retry, m.log, func() (*Commit, error) { return m.download(ctx, id) })
}

// download puts the commit into the cache. It appears there complete or not
// at all.
func (m *remote) download(ctx context.Context, id plumbing.Hash) (*Commit, error) {
	if m.cache.dir == "" {
		return nil, fmt.Errorf("fetch from %s: no cache directory is set", m.url)
	}
	if err := os.MkdirAll(m.cache.dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the cache of commits: %w", err)
	}
	dir, err := os.MkdirTemp(m.cache.dir, partial)
	if err != nil {
		return nil, fmt.Errorf("make a place for the commit: %w", err)
	}
	defer os.RemoveAll(dir)
	if _, err := m.receive(ctx, dir, 1, id); err != nil {
		return nil, err
	}
	if err := m.verify(dir, id); err != nil {
		return nil, err
	}
	commit, err := m.cache.add(dir, id)
	if err != nil {
		return nil, fmt.Errorf("keep commit %s of %s: %w", id, m.url, err)
	}
	return commit, nil
}

// receive asks for the commits, with history to the depth, and writes their
// pack into dir. It returns the commits whose parents were left out.
func (m *remote) receive(ctx context.Context, dir string, depth int, ids ...plumbing.Hash) (cut []plumbing.Hash, err error) {
	answer, err := m.wire.uploadPack(ctx, wantPack(depth, ids...))
	if err != nil {
		return nil, m.judge(ctx, err)
	}
	defer answer.Close()
	pack := &sourceErrors{}
	if pack.r, cut, err = packReader(m.capped(answer)); err != nil {
		return nil, m.judge(ctx, err)
	}
	if err := writePack(dir, pack); err != nil {
		if pack.err != nil { // not the disk: the remote
			return nil, m.judge(ctx, pack.err)
		}
		return nil, fmt.Errorf("write the pack of commit %s of %s: %w", ids[0], m.url, err)
	}
	return cut, nil
}

// sourceErrors remembers the error of a reader, to tell it from a writer's.
type sourceErrors struct {
	r   io.Reader
	err error
}

func (s *sourceErrors) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// writePack writes the pack and its index into a new object store in dir,
// and makes sure that they are on the disk.
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
		if err := flush(name); err != nil {
			return err
		}
	}
	return nil
}

func flush(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// verify makes sure that every tree and blob of the commit is there: what a
// server leaves out would later look like a file that was removed.
func (m *remote) verify(dir string, id plumbing.Hash) error {
	store, err := objects.Open(filepath.Join(dir, "objects"))
	if err != nil {
		return err
	}
	defer store.Close()
	commit, err := readCommit(store, id)
	if err == nil {
		err = commit.Tree.complete()
	}
	if errors.Is(err, objects.ErrNotFound) {
		return &Error{Kind: ErrUnavailable, URL: m.url, Text: "it left out a part of commit " + id.String(), Err: err, transient: true}
	}
	if err != nil {
		return fmt.Errorf("commit %s of %s: %w", id, m.url, err)
	}
	return nil
}

// complete reports the first object of the tree that the store lacks, or that
// is not what it should be.
func (t *Tree) complete() error {
	if err := t.bounded(); err != nil {
		return err
	}
	seen := map[plumbing.Hash]bool{}
	var check func(dir string, id plumbing.Hash) error
	check = func(dir string, id plumbing.Hash) error {
		if seen[id] {
			return nil
		}
		seen[id] = true
		list, err := t.listing(id)
		if err != nil {
			return fmt.Errorf("directory %s: %w", dir, err)
		}
		for _, e := range list.entries {
			name := path.Join(dir, e.name)
			switch {
			case e.odd != "": // nobody reads it
			case e.mode == filemode.Dir:
				if err := check(name, e.id); err != nil {
					return err
				}
			case e.mode != filemode.Submodule && !t.store.Has(e.id):
				return fmt.Errorf("%s: %w", name, objects.ErrNotFound)
			}
		}
		return nil
	}
	return check(".", t.root.id)
}
