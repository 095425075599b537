package snapshot

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Check decides whether a tree that was laid out in dir is the one that it
// should be. objects are those that were given to Put; none: the archive is
// one of an older version.
type Check func(dir string, objects []byte) error

// Fetch lays out the snapshot of a commit in dir, which must be absent or
// empty. Every path and link of the archive is checked, and then the whole of
// it by check, before it comes to lie in dir. After an error dir is as it was.
func (s *Store) Fetch(ctx context.Context, commit, dir string, check Check) error {
	key, err := archiveKey(commit)
	if err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	return s.fetch(ctx, key, "snapshot of "+commit, dir, check)
}

// fetch lays out the archive under key, which people know as what.
func (s *Store) fetch(ctx context.Context, key, what, dir string, check Check) error {
	body, err := s.bucket.get(ctx, key)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	defer body.Close()
	if err := layOut(reading{ctx, body}, dir, check); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// layOut unpacks an archive beside dir, and puts it in dir's place when all
// of it is there and checked.
func layOut(archive io.Reader, dir string, check Check) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	if err := checkFree(dir); err != nil {
		return err
	}
	draft := filepath.Join(filepath.Dir(dir), "."+filepath.Base(dir)+"-"+rand.Text())
	if err := os.Mkdir(draft, 0o755); err != nil {
		return err
	}
	objects, err := fill(draft, archive)
	if err == nil {
		err = check(draft, objects)
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(draft))
	}
	// Removing fails if dir has got something in it since.
	if err := errors.Join(ignoreAbsent(os.Remove(dir)), os.Rename(draft, dir)); err != nil {
		return errors.Join(err, os.RemoveAll(draft))
	}
	return nil
}

func checkFree(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return ignoreAbsent(err)
	}
	if len(entries) > 0 {
		return fmt.Errorf("%s is not empty: name a directory that is empty or not there yet", dir)
	}
	return nil
}

// fill unpacks an archive into dir, and returns the objects that it holds.
func fill(dir string, archive io.Reader) (objects []byte, err error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	in := bufio.NewReader(archive)
	if objects, err = readObjects(in); err != nil {
		return nil, err
	}
	if _, err := in.Peek(1); err != nil { // no bytes are a valid tar.zst
		return nil, fmt.Errorf("the archive is empty: %w", err)
	}
	z, err := unzstd(in)
	if err != nil {
		return nil, err
	}
	defer z.Close()
	if err := unpack(z, root); err != nil {
		return nil, err
	}
	_, err = io.Copy(io.Discard, io.LimitReader(z, maxBytes)) // to the end: checksums come last
	return objects, err
}
