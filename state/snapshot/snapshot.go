// Package snapshot keeps the trees that were applied, each as one
// deterministic tar.zst under its commit, and the logs and files of runs, in
// S3 or in a directory:
//
//	COMMIT.tar.zst                   the tree of a commit
//	runs/RUN/WORKSPACE.log           what a run printed for a workspace
//	runs/RUN/files/WORKSPACE/FILE    what must not be lost of it
//	previews/KEY/PART.tar.zst, .json what planning a pull request elsewhere takes, and gives
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
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Store is where snapshots are kept. It is safe for several goroutines and
// several processes at once.
type Store struct {
	// TempDir is the directory for temporary files, which are as large as an
	// archive; "" is the system's own.
	TempDir string

	blobs blobStore
}

// Snapshot is one stored archive.
type Snapshot struct {
	Commit   string
	Size     int64     // bytes, compressed
	StoredAt time.Time // when it was stored
	Location string    // s3://… or a path
}

// ErrDifferentContent: the store holds something else under the same name. It is
// left as it is.
var ErrDifferentContent = errors.New("it is there with other content, and never overwritten")

// Open returns the store at location: "s3://BUCKET/PREFIX", "s3://BUCKET" or
// a directory, which is made when something is first put into it. Nothing is
// asked of it yet: see Check.
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

var commitIDPattern = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)

func archiveKey(commit string) (string, error) {
	if !commitIDPattern.MatchString(commit) {
		return "", fmt.Errorf("%q is not a full commit id", commit)
	}
	return commit + archiveSuffix, nil
}

// Put stores the tree of a commit made at the instant when, and returns where
// it lies. Objects are the Git objects that prove the tree to be the commit's:
// Fetch gives them back. A snapshot that is there already with the same
// content is success; with other content the error is ErrDifferentContent. One of an
// older version, with the same tree and no objects, gets them.
func (s *Store) Put(ctx context.Context, commit string, commitTime time.Time, tree Tree, objects []byte) (string, error) {
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

// create stores b under key, where nothing else may be.
func (s *Store) create(ctx context.Context, key string, b *blob) error {
	err := s.blobs.create(ctx, key, b)
	if !errors.Is(err, errExists) {
		return err
	}
	stored, err := s.blobs.checksum(ctx, key)
	if err == nil && stored != b.sha {
		err = s.compareUnpacked(ctx, key, b)
	}
	return err
}

// compareUnpacked compares an archive with the stored one by what they hold,
// since another version of the compressor makes other bytes of one tree. A
// stored one that holds no objects, where ours does, is replaced.
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
	stored, err := readContents(ctxReader{ctx, body})
	if err != nil {
		return fmt.Errorf("%w (%w)", different, err)
	}
	ours, err := readContents(ctxReader{ctx, b.reader()})
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

// archiveContents is what an archive holds.
type archiveContents struct {
	objects []byte
	tree    [sha256.Size]byte // hash of the tar
}

func readContents(archive io.Reader) (u archiveContents, err error) {
	in := bufio.NewReader(archive)
	if u.objects, err = readObjects(in); err != nil {
		return u, err
	}
	z, err := newZstdReader(in)
	if err != nil {
		return u, err
	}
	defer z.Close()
	u.tree, err = checksumOf(io.LimitReader(z, maxArchiveBytes))
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
		if ok && !o.isDir && commitIDPattern.MatchString(commit) {
			snapshots = append(snapshots, Snapshot{commit, o.size, o.modTime, s.blobs.location(o.name)})
		}
	}
	return snapshots, nil
}

// Prune removes the snapshots that were stored before an instant, and returns
// their commits. One for which keep returns true stays; keep is asked right
// before each is removed.
func (s *Store) Prune(ctx context.Context, cutoff time.Time, keep func(commit string) bool) ([]string, error) {
	snapshots, err := s.List(ctx)
	if err != nil {
		return nil, err
	}
	var removed []string
	for _, o := range snapshots {
		if !o.StoredAt.Before(cutoff) || keep(o.Commit) {
			continue
		}
		if err := s.blobs.remove(ctx, o.Commit+archiveSuffix); err != nil {
			return removed, fmt.Errorf("remove old snapshot: %w", err)
		}
		removed = append(removed, o.Commit)
	}
	return removed, nil
}

// checkObjectKey is what Check writes. It is not removed, since a role that may
// not delete is enough for all else, and so that two checks at once agree.
const checkObjectKey = ".check"

// Check tries whether the store can be listed, read and written, and whether
// it refuses to overwrite. It leaves one small object behind.
func (s *Store) Check(ctx context.Context) error {
	if _, err := s.blobs.list(ctx, "runs"); err != nil {
		return err
	}
	for try, text := range []string{"reconcile was here\n", "a second time\n"} {
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
			return fmt.Errorf("%s: the store overwrites although it was asked not to (If-None-Match): choose one that does not", s.blobs.location(checkObjectKey))
		}
	}
	body, err := s.blobs.get(ctx, checkObjectKey)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, body)
	return errors.Join(err, body.Close())
}
