package snapshot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"time"
)

// A parcel is what a task elsewhere is given to plan a pull request from, and
// what it gives back: trees that are of no commit, and small files. It lies
// under a key that cannot be guessed, and whose folder no commit's snapshot is
// in: who knows the key may see and answer this task, and no other. Nothing
// here removes one: let the bucket expire what is under previews/.

const bundlesDir = "previews"

var (
	bundleIDPattern   = regexp.MustCompile(`^[A-Z2-7]{26}$`) // as crypto/rand.Text makes it
	bundlePartPattern = regexp.MustCompile(`^[a-z]+$`)
)

func bundleKey(key, part, suffix string) (string, error) {
	if !bundleIDPattern.MatchString(key) || !bundlePartPattern.MatchString(part) {
		return "", fmt.Errorf("%q of parcel %q: no such name", part, key)
	}
	return bundlesDir + "/" + key + "/" + part + suffix, nil
}

// PutBundleTree stores a tree as part of a parcel, and objects as Put does.
func (s *Store) PutBundleTree(ctx context.Context, key, part string, commitTime time.Time, tree Tree, objects []byte) error {
	objectKey, err := bundleKey(key, part, archiveSuffix)
	if err != nil {
		return err
	}
	b, err := newBlob(s.TempDir, func(w io.Writer) error { return packArchive(ctx, w, tree, commitTime, objects) })
	if err == nil {
		defer b.close()
		err = s.create(ctx, objectKey, b)
	}
	if err != nil {
		return fmt.Errorf("store the %s tree: %w", part, err)
	}
	return nil
}

// FetchBundleTree lays out a tree of a parcel in dir, as Fetch does.
func (s *Store) FetchBundleTree(ctx context.Context, key, part, dir string, verify TreeVerifier) error {
	objectKey, err := bundleKey(key, part, archiveSuffix)
	if err != nil {
		return err
	}
	return s.fetch(ctx, objectKey, part+" tree", dir, verify)
}

// PutBundleFile stores a small file as part of a parcel, replacing what was
// there.
func (s *Store) PutBundleFile(ctx context.Context, key, part string, data []byte) error {
	objectKey, err := bundleKey(key, part, ".json")
	if err == nil {
		err = s.blobs.put(ctx, objectKey, newMemoryBlob(data))
	}
	if err != nil {
		return fmt.Errorf("store the %s: %w", part, err)
	}
	return nil
}

// ErrTooLarge: a file of a parcel is larger than its reader takes.
var ErrTooLarge = errors.New("it is too large")

// BundleFile returns a file of a parcel, or ErrNotFound. One of more than most
// bytes is ErrTooLarge: who wrote it may wish the reader no good.
func (s *Store) BundleFile(ctx context.Context, key, part string, maxSize int) ([]byte, error) {
	objectKey, err := bundleKey(key, part, ".json")
	if err != nil {
		return nil, err
	}
	body, err := s.blobs.get(ctx, objectKey)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	data, err := io.ReadAll(io.LimitReader(body, int64(maxSize)+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", s.blobs.location(objectKey), err)
	case len(data) > maxSize:
		return nil, fmt.Errorf("%s has more than %d bytes: %w", s.blobs.location(objectKey), maxSize, ErrTooLarge)
	}
	return data, nil
}
