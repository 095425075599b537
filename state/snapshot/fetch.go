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

	"reconcile/internal/commitid"
	"reconcile/internal/files"
)

// TreeVerifier checks that the tree in dir is the expected one. objects were given to Put;
// an archive of an older version has none.
type TreeVerifier func(dir string, objects []byte) error

// Fetch unpacks the snapshot of a commit into dir, which must be absent or empty. It
// checks every path and link of the archive, and calls verify on the whole tree, before
// it moves the tree to dir. After an error dir is as it was.
func (s *Store) Fetch(ctx context.Context, commit commitid.ID, dir string, verify TreeVerifier) error {
	key, err := archiveKey(commit)
	if err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	return s.fetch(ctx, key, "snapshot of "+string(commit), dir, verify)
}

// fetch unpacks the archive at key; what is its name in errors.
func (s *Store) fetch(ctx context.Context, key, what, dir string, verify TreeVerifier) error {
	body, err := s.blobs.get(ctx, key)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	defer body.Close()
	if err := unpackAtomically(ctx, ctxReader{ctx, body}, dir, verify); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// unpackAtomically unpacks an archive next to dir, and replaces dir with the result when
// the result is complete and checked.
func unpackAtomically(ctx context.Context, archive io.Reader, dir string, verify TreeVerifier) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	if err := checkEmpty(dir); err != nil {
		return err
	}
	tmp := filepath.Join(filepath.Dir(dir), "."+filepath.Base(dir)+"-"+rand.Text())
	if err := os.Mkdir(tmp, 0o755); err != nil {
		return err
	}
	objects, err := unpackArchive(ctx, tmp, archive)
	if err == nil {
		err = verify(tmp, objects)
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(tmp))
	}
	// Removing fails if dir is not empty any more.
	if err := errors.Join(files.RemoveIfExists(dir), os.Rename(tmp, dir)); err != nil {
		return errors.Join(err, os.RemoveAll(tmp))
	}
	return nil
}

func checkEmpty(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return ignoreNotExist(err)
	}
	if len(entries) > 0 {
		return fmt.Errorf("%s is not empty: name a directory that is empty or not there yet", dir)
	}
	return nil
}

// unpackArchive unpacks an archive into dir, and returns the objects in the archive.
func unpackArchive(ctx context.Context, dir string, archive io.Reader) (objects []byte, err error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	in := bufio.NewReader(archive)
	if objects, err = readObjects(in); err != nil {
		return nil, err
	}
	if _, err := in.Peek(1); err != nil { // an empty file is a valid tar.zst
		return nil, fmt.Errorf("the archive is empty: %w", err)
	}
	z, err := newZstdReader(in)
	if err != nil {
		return nil, err
	}
	defer z.Close()
	contents := ctxReader{ctx, z} // a small archive may unpack for minutes
	if err := unpackTar(contents, root); err != nil {
		return nil, err
	}
	_, err = io.Copy(io.Discard, io.LimitReader(contents, maxArchiveBytes)) // to the end: checksums come last
	return objects, err
}
