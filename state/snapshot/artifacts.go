package snapshot

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"reconcile/internal/runid"

	"github.com/oklog/ulid/v2"
)

const (
	runsDir   = "runs"
	filesDir  = "files"
	logSuffix = ".log"
)

// maxElement is the length in bytes from which the escaped name of a workspace is split over
// directories. A file system takes 255, and most characters of Japanese are nine when escaped.
const maxElement = 200

// runKey returns the key of a part of a run. Parts may be any text: a slash in them is
// escaped, so that no name can reach the keys of another.
func runKey(run runid.ID, parts ...string) (string, error) {
	id, err := ulid.ParseStrict(string(run))
	if err != nil || id.String() != string(run) {
		return "", fmt.Errorf("%q is not the id of a run", run)
	}
	key := runsDir + "/" + string(run)
	for _, part := range parts {
		if err := checkPath(part); err != nil {
			return "", err
		}
		escaped := url.PathEscape(part)
		for ; len(escaped) > maxElement; escaped = escaped[maxElement:] {
			key += "/" + escaped[:maxElement]
		}
		key += "/" + escaped
	}
	return key, nil
}

// PutLog stores the output of a run for a workspace, and replaces an earlier one. Only
// the owner can read it (0600; S3 encrypts it).
func (s *Store) PutLog(ctx context.Context, run runid.ID, workspace string, log io.Reader) error {
	key, err := runKey(run, workspace)
	if err != nil {
		return fmt.Errorf("log of %s: %w", workspace, err)
	}
	b, err := s.newBlobFrom(log)
	if err == nil {
		defer b.close()
		err = s.blobs.put(ctx, key+logSuffix, b)
	}
	if err != nil {
		return fmt.Errorf("log of %s: %w", workspace, err)
	}
	return nil
}

// maxInMemory is the size, in bytes, up to which files of a run are buffered in memory. A
// log is seldom larger, and there is one per workspace.
const maxInMemory = 256 << 10

func (s *Store) newBlobFrom(r io.Reader) (*blob, error) {
	head, err := io.ReadAll(io.LimitReader(r, maxInMemory))
	if err != nil {
		return nil, err
	}
	if len(head) < maxInMemory {
		return newMemoryBlob(head), nil
	}
	return newBlob(s.TempDir, func(w io.Writer) error {
		_, err := io.Copy(w, io.MultiReader(bytes.NewReader(head), r))
		return err
	})
}

// Log returns the output of a run for a workspace, or ErrNotFound.
func (s *Store) Log(ctx context.Context, run runid.ID, workspace string) (io.ReadCloser, error) {
	key, err := runKey(run, workspace)
	if err != nil {
		return nil, fmt.Errorf("log of %s: %w", workspace, err)
	}
	return s.blobs.get(ctx, key+logSuffix)
}

// Logs returns the workspaces for which a run has logs, sorted.
func (s *Store) Logs(ctx context.Context, run runid.ID) ([]string, error) {
	key, err := runKey(run)
	if err != nil {
		return nil, fmt.Errorf("logs: %w", err)
	}
	workspaces, err := s.listLogs(ctx, key, "")
	if err != nil {
		return nil, fmt.Errorf("logs of run %s: %w", run, err)
	}
	slices.Sort(workspaces)
	return workspaces, nil
}

// listLogs returns the workspaces that have logs below dir, which has the beginning of their
// escaped names.
func (s *Store) listLogs(ctx context.Context, dir, beginning string) (workspaces []string, err error) {
	objects, err := s.blobs.list(ctx, dir)
	for _, o := range objects {
		var below []string
		name, isLog := strings.CutSuffix(o.name, logSuffix)
		switch {
		case o.isDir && len(o.name) == maxElement:
			below, err = s.listLogs(ctx, path.Join(dir, o.name), beginning+o.name)
		case isLog && !o.isDir:
			if workspace, err := url.PathUnescape(beginning + name); err == nil {
				below = []string{workspace}
			}
		}
		if err != nil {
			return nil, err
		}
		workspaces = append(workspaces, below...)
	}
	return workspaces, err
}

// FileName is the name of a file of a run, such as "errored.tfstate".
type FileName string

// PutFile stores a file of a run that must not be lost (Terraform's errored.tfstate), and
// returns its location. Like a snapshot it is never overwritten with other content:
// ErrDifferentContent.
func (s *Store) PutFile(ctx context.Context, run runid.ID, workspace string, name FileName, contents io.Reader) (string, error) {
	key, err := runKey(run, filesDir, workspace, string(name))
	if err != nil {
		return "", fmt.Errorf("file %s of workspace %s: %w", name, workspace, err)
	}
	b, err := s.newBlobFrom(contents)
	if err == nil {
		defer b.close()
		err = s.create(ctx, key, b)
	}
	if err != nil {
		return "", fmt.Errorf("file %s of workspace %s: %w", name, workspace, err)
	}
	return s.blobs.location(key), nil
}

// File returns a file that PutFile stored, or ErrNotFound.
func (s *Store) File(ctx context.Context, run runid.ID, workspace string, name FileName) (io.ReadCloser, error) {
	key, err := runKey(run, filesDir, workspace, string(name))
	if err != nil {
		return nil, fmt.Errorf("file %s of workspace %s: %w", name, workspace, err)
	}
	return s.blobs.get(ctx, key)
}

// PruneLogs removes the logs and files of the runs that started before cutoff, and
// returns the runs' ids. It leaves the runs for which keep returns true.
func (s *Store) PruneLogs(ctx context.Context, cutoff time.Time, keep func(run runid.ID) bool) ([]string, error) {
	runs, err := s.blobs.list(ctx, runsDir)
	if err != nil {
		return nil, fmt.Errorf("remove old logs: %w", err)
	}
	var removed []string
	for _, o := range runs {
		id, err := ulid.ParseStrict(o.name)
		if err != nil || !id.Timestamp().Before(cutoff) || keep(runid.ID(o.name)) {
			continue
		}
		if err := s.removeAll(ctx, path.Join(runsDir, o.name)); err != nil {
			return removed, fmt.Errorf("remove old logs: %w", err)
		}
		removed = append(removed, o.name)
	}
	return removed, nil
}

func (s *Store) removeAll(ctx context.Context, dir string) error {
	objects, err := s.blobs.list(ctx, dir)
	if err != nil {
		return err
	}
	for _, o := range objects {
		key := path.Join(dir, o.name)
		if o.isDir {
			err = s.removeAll(ctx, key)
		} else {
			err = s.blobs.remove(ctx, key)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
