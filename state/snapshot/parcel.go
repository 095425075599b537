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

const parcelsDir = "previews"

var (
	parcelID   = regexp.MustCompile(`^[A-Z2-7]{26}$`) // as crypto/rand.Text makes it
	parcelPart = regexp.MustCompile(`^[a-z]+$`)
)

func parcelKey(key, part, suffix string) (string, error) {
	if !parcelID.MatchString(key) || !parcelPart.MatchString(part) {
		return "", fmt.Errorf("%q of parcel %q: no such name", part, key)
	}
	return parcelsDir + "/" + key + "/" + part + suffix, nil
}

// PutParcelTree stores a tree as part of a parcel, and objects as Put does.
func (s *Store) PutParcelTree(ctx context.Context, key, part string, when time.Time, tree Tree, objects []byte) error {
	at, err := parcelKey(key, part, suffix)
	if err != nil {
		return err
	}
	b, err := newBlob(s.Temp, func(w io.Writer) error { return pack(ctx, w, tree, when, objects) })
	if err == nil {
		defer b.close()
		err = s.create(ctx, at, b)
	}
	if err != nil {
		return fmt.Errorf("store the %s tree: %w", part, err)
	}
	return nil
}

// FetchParcelTree lays out a tree of a parcel in dir, as Fetch does.
func (s *Store) FetchParcelTree(ctx context.Context, key, part, dir string, check Check) error {
	at, err := parcelKey(key, part, suffix)
	if err != nil {
		return err
	}
	return s.fetch(ctx, at, part+" tree", dir, check)
}

// PutParcelFile stores a small file as part of a parcel, replacing what was
// there.
func (s *Store) PutParcelFile(ctx context.Context, key, part string, data []byte) error {
	at, err := parcelKey(key, part, ".json")
	if err == nil {
		err = s.bucket.put(ctx, at, memoryBlob(data))
	}
	if err != nil {
		return fmt.Errorf("store the %s: %w", part, err)
	}
	return nil
}

// ErrTooLarge: a file of a parcel is larger than its reader takes.
var ErrTooLarge = errors.New("it is too large")

// ParcelFile returns a file of a parcel, or ErrNotFound. One of more than most
// bytes is ErrTooLarge: who wrote it may wish the reader no good.
func (s *Store) ParcelFile(ctx context.Context, key, part string, most int) ([]byte, error) {
	at, err := parcelKey(key, part, ".json")
	if err != nil {
		return nil, err
	}
	body, err := s.bucket.get(ctx, at)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	data, err := io.ReadAll(io.LimitReader(body, int64(most)+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", s.bucket.location(at), err)
	case len(data) > most:
		return nil, fmt.Errorf("%s has more than %d bytes: %w", s.bucket.location(at), most, ErrTooLarge)
	}
	return data, nil
}
