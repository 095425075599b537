// Package snapshot stores the trees that were applied, each as one deterministic tar.zst
// under its commit, and the logs and files of runs, in S3 or in a directory:
//
//	COMMIT.tar.zst                   the tree of a commit
//	runs/RUN/WORKSPACE.log           the output of a run for a workspace
//	runs/RUN/files/WORKSPACE/FILE    files of a run that must not be lost
//	previews/KEY/PART.tar.zst, .json input and output of planning a pull request remotely
//
// A snapshot is never overwritten with other content.
package snapshot

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"reconcile/internal/commitid"
	"reconcile/internal/lazyregexp"
)

// Store is a store of snapshots. It is safe for several goroutines and several processes
// at once.
type Store struct {
	// TempDir is the directory for temporary files, which are as large as an archive of more
	// than 8 MiB; "" is the system's default.
	TempDir string

	blobs blobStore
}

// Snapshot is one stored archive.
type Snapshot struct {
	Commit   commitid.ID
	Size     int64     // bytes, compressed
	StoredAt time.Time // when it was stored
	Location string    // s3://… or a path
}

// ErrDifferentContent: the store holds other content under the same name. The stored
// content is unchanged.
var ErrDifferentContent = errors.New("already stored with other content; snapshots are never overwritten")

// Open returns the store at location: "s3://BUCKET/PREFIX", "s3://BUCKET" or a directory,
// which is made by the first write. Open calls nothing yet: see Check.
func Open(ctx context.Context, location string, cfg aws.Config) (*Store, error) {
	if rest, ok := strings.CutPrefix(location, "s3://"); ok {
		bucket, prefix, _ := strings.Cut(rest, "/")
		prefix = strings.TrimSuffix(prefix, "/")
		if bucket == "" || (prefix != "" && checkPath(prefix) != nil) {
			return nil, fmt.Errorf("snapshots: %q is not s3://BUCKET/PREFIX", location)
		}
		return &Store{blobs: newS3BlobStore(bucket, prefix, cfg)}, nil
	}
	if location == "" || strings.Contains(location, "://") {
		return nil, fmt.Errorf("snapshots: %q is neither s3://BUCKET/PREFIX nor a directory", location)
	}
	dir, err := filepath.Abs(location)
	if err != nil {
		return nil, fmt.Errorf("snapshots: %w", err)
	}
	return &Store{blobs: &dirBlobStore{root: dir, now: time.Now}}, nil
}

const archiveSuffix = ".tar.zst"

var commitIDPattern = lazyregexp.New(`^([0-9a-f]{40}|[0-9a-f]{64})$`)

func archiveKey(commit commitid.ID) (string, error) {
	if !commitIDPattern().MatchString(string(commit)) {
		return "", fmt.Errorf("%q is not a full commit id", commit)
	}
	return string(commit) + archiveSuffix, nil
}

// Put stores the tree of a commit made at commitTime, and returns its location. objects
// are the Git objects that prove that the tree is the commit's: Fetch returns them. A
// snapshot with the same content that is already stored is success; with other content
// the error is ErrDifferentContent. If the stored one has the same tree and no objects
// (an older version wrote it), Put replaces it.
func (s *Store) Put(ctx context.Context, commit commitid.ID, commitTime time.Time, tree Tree, objects []byte) (string, error) {
	key, err := archiveKey(commit)
	if err != nil {
		return "", fmt.Errorf("snapshot: %w", err)
	}
	b, err := newBlob(s.TempDir, func(w io.Writer) error { return packArchive(ctx, w, tree, commitTime, objects) })
	if err != nil {
		return "", fmt.Errorf("snapshot of %s: %w", commit, err)
	}
	defer b.close()
	if err := s.create(ctx, key, b); err != nil {
		return "", fmt.Errorf("snapshot of %s: %w", commit, err)
	}
	return s.blobs.location(key), nil
}

// create stores b under key, unless the key holds other content.
func (s *Store) create(ctx context.Context, key string, b *blob) error {
	err := s.blobs.create(ctx, key, b)
	if !errors.Is(err, errExists) {
		return err
	}
	stored, err := s.blobs.checksum(ctx, key)
	if err == nil && stored != b.sha() {
		err = s.compareUnpacked(ctx, key, b)
	}
	return err
}

// compareUnpacked compares the contents of an archive and the stored one, because another
// version of the compressor makes other bytes of the same tree. A stored archive without
// objects is replaced if ours has some.
func (s *Store) compareUnpacked(ctx context.Context, key string, b *blob) error {
	different := fmt.Errorf("%s: %w", s.blobs.location(key), ErrDifferentContent)
	if !strings.HasSuffix(key, archiveSuffix) {
		return different
	}
	body, err := s.blobs.get(ctx, key)
	if err != nil {
		return err
	}
	defer body.Close()
	stored, err := readContents(ctx, ctxReader{ctx, body})
	if err != nil {
		return fmt.Errorf("%w (%w)", different, err)
	}
	ours, err := readContents(ctx, b.reader())
	switch {
	case err != nil:
		return err
	case ours.tree != stored.tree:
		return different
	case bytes.Equal(ours.objects, stored.objects):
		return nil
	case len(stored.objects) > 0:
		return different
	}
	return s.blobs.put(ctx, key, b)
}

// archiveContents is the contents of an archive.
type archiveContents struct {
	objects []byte
	tree    [sha256.Size]byte // hash of the tar
}

func readContents(ctx context.Context, archive io.Reader) (u archiveContents, err error) {
	in := bufio.NewReader(archive)
	if u.objects, err = readObjects(in); err != nil {
		return u, err
	}
	z, err := newZstdReader(in)
	if err != nil {
		return u, err
	}
	defer z.Close()
	u.tree, err = checksumOf(ctxReader{ctx, io.LimitReader(z, maxArchiveBytes)})
	return u, err
}

// List returns the stored snapshots, sorted by commit.
func (s *Store) List(ctx context.Context) ([]Snapshot, error) {
	objects, err := s.blobs.list(ctx, "")
	if err != nil {
		return nil, fmt.Errorf("list snapshots: %w", err)
	}
	var snapshots []Snapshot
	for _, o := range objects {
		commit, ok := strings.CutSuffix(o.name, archiveSuffix)
		if ok && !o.isDir && commitIDPattern().MatchString(commit) {
			snapshots = append(snapshots, Snapshot{commitid.ID(commit), o.size, o.modTime, s.blobs.location(o.name)})
		}
	}
	return snapshots, nil
}

// Prune removes the snapshots that were stored before cutoff, and returns their commits.
// It leaves those for which keep returns true. It calls keep right before each removal.
func (s *Store) Prune(ctx context.Context, cutoff time.Time, keep func(commit commitid.ID) bool) ([]commitid.ID, error) {
	snapshots, err := s.List(ctx)
	if err != nil {
		return nil, err
	}
	var removed []commitid.ID
	for _, o := range snapshots {
		if !o.StoredAt.Before(cutoff) || keep(o.Commit) {
			continue
		}
		if err := s.blobs.remove(ctx, string(o.Commit)+archiveSuffix); err != nil {
			return removed, fmt.Errorf("remove old snapshot: %w", err)
		}
		removed = append(removed, o.Commit)
	}
	return removed, nil
}

// checkObjectKey is the object that Check writes. Check does not remove it, so that a
// role without permission to delete is enough, and so that two checks at once agree.
const checkObjectKey = ".check"

// Check tries to list, read and write the store, and checks that the store refuses to
// overwrite. It leaves one small object.
func (s *Store) Check(ctx context.Context) error {
	if _, err := s.blobs.list(ctx, "runs"); err != nil {
		return err
	}
	for try, text := range []string{"reconcile check\n", "second write\n"} {
		b, err := newBlob(s.TempDir, func(w io.Writer) error { _, err := io.WriteString(w, text); return err })
		if err != nil {
			return err
		}
		err = s.blobs.create(ctx, checkObjectKey, b)
		b.close()
		if err != nil && !errors.Is(err, errExists) {
			return err
		}
		if try > 0 && err == nil {
			return fmt.Errorf("%s: the store ignores If-None-Match and overwrites: use a store with conditional writes", s.blobs.location(checkObjectKey))
		}
	}
	body, err := s.blobs.get(ctx, checkObjectKey)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, body)
	return errors.Join(err, body.Close())
}
