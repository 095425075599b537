package snapshot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"reconcile/internal/lazyregexp"
)

// A plan bundle is the input and the output of a remote task that plans a pull request:
// trees that belong to no commit, and small files. Its key cannot be guessed, and its
// folder holds no commit's snapshot. So a process that knows the key can read and answer
// this task, and no other. Nothing here removes a bundle: let the bucket expire the
// objects under previews/.

const bundlesDir = "previews"

var (
	bundleIDPattern   = lazyregexp.New(`^[A-Z2-7]{26}$`) // as crypto/rand.Text makes it
	bundlePartPattern = lazyregexp.New(`^[a-z]+$`)
)

func bundleKey(key, part, suffix string) (string, error) {
	if !bundleIDPattern().MatchString(key) || !bundlePartPattern().MatchString(part) {
		return "", fmt.Errorf("invalid part %q of bundle %q", part, key)
	}
	return bundlesDir + "/" + key + "/" + part + suffix, nil
}

// PutBundleTree stores a tree as part of a bundle, with objects as Put does.
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

// FetchBundleTree unpacks a tree of a bundle into dir, as Fetch does.
func (s *Store) FetchBundleTree(ctx context.Context, key, part, dir string, verify TreeVerifier) error {
	objectKey, err := bundleKey(key, part, archiveSuffix)
	if err != nil {
		return err
	}
	return s.fetch(ctx, objectKey, part+" tree", dir, verify)
}

// PutBundleFile stores a small file as part of a bundle, and replaces an earlier one.
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

// ErrTooLarge: a file of a bundle is larger than its reader accepts.
var ErrTooLarge = errors.New("too large")

// BundleFile returns a file of a bundle, or ErrNotFound. A file of more than maxSize
// bytes is ErrTooLarge: the writer of the file may be hostile.
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
