package terraform

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// copyState makes a copy of a local state for a session that only looks. The
// backend stays the same, so that what init made for an apply is used again.
func (s *Session) copyState() error {
	content, isTruncated, err := readIntactState(s.spec.LocalState)
	if err != nil {
		return err
	}
	if isTruncated {
		s.addWarning("the state is unfinished: an apply writes it now, or was killed while it did; this plan is made against the state from before that apply")
	}
	s.stateCopy = filepath.Join(s.tempDir, "state")
	return os.WriteFile(s.stateCopy, content, 0o600)
}

// prepareState makes the file of a local state ready for Terraform: there,
// whole, and ours alone. An empty file is no state to Terraform; it would
// make one that others can read.
func (s *Session) prepareState() error {
	path := s.spec.LocalState
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	if err := s.restoreTruncated(path); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return file.Close()
}

// restoreTruncated brings back the last whole state where a Terraform that was
// killed in mid-write has left less. Terraform writes a local state over the
// old one in place, after it has written that to a backup beside it; and an
// emptied state it would take for none, and make everything a second time.
func (s *Session) restoreTruncated(path string) error {
	previous, isTruncated, err := readIntactState(path)
	if err != nil || !isTruncated {
		return err
	}
	savedPath := path + ".torn-" + time.Now().UTC().Format("20060102T150405")
	s.addWarning("a killed terraform has left its state unfinished: the state from before that apply is used again, and what that apply made must be looked for; the unfinished state is kept in " + savedPath)
	// Linked, not moved: at no instant is there no state at its path.
	if err := os.Link(path, savedPath); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return writeAtomic(path, previous)
}

// readIntactState reads a state, or where its writing was cut off the one from
// before; nil: there was none.
func readIntactState(path string) (content []byte, isTruncated bool, err error) {
	current, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil || !isTruncatedJSON(current) {
		return current, false, err
	}
	backup, err := os.ReadFile(path + ".backup")
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, false, err
	}
	if isTruncatedJSON(backup) {
		backup = nil
	}
	return backup, len(current) > 0 || backup != nil, nil // else nothing was ever written
}

// isTruncatedJSON tells whether a state was cut off in mid-write. One that is damaged in
// any other way is left for Terraform to refuse.
func isTruncatedJSON(state []byte) bool {
	var value json.RawMessage
	err := json.NewDecoder(bytes.NewReader(state)).Decode(&value)
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// writeAtomic writes a file so that it is never seen in part.
func writeAtomic(path string, content []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), ".state-") // 0600
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return os.Rename(file.Name(), path)
}

// chmodState keeps a local state, and the backup that Terraform makes of it,
// readable by us alone.
func (s *Session) chmodState() error {
	if s.spec.LocalState == "" {
		return nil
	}
	for _, path := range []string{s.spec.LocalState, s.spec.LocalState + ".backup"} {
		if err := os.Chmod(path, 0o600); err != nil && !errors.Is(err, os.ErrNotExist) {
			return s.stepError("apply", nil, err)
		}
	}
	return nil
}

// LinkState makes checkoutPath a link to statePath, so that a workspace that
// reads a local state by its path in the repository finds it. A link that is
// there is replaced; a file is not.
func LinkState(checkoutPath, statePath string) error {
	if target, err := os.Readlink(checkoutPath); err == nil && target == statePath {
		return nil
	}
	info, err := os.Lstat(checkoutPath)
	if err == nil && info.Mode()&os.ModeSymlink == 0 {
		return fmt.Errorf("%s is a Terraform state of its own: bring it in, if it is the one to go on with (cp %[1]s %s), and remove it from the repository", checkoutPath, statePath)
	}
	return errors.Join(
		os.MkdirAll(filepath.Dir(checkoutPath), 0o755),
		removeIfExists(checkoutPath),
		os.Symlink(statePath, checkoutPath),
	)
}

// hideDefaultState takes away what is at the path of Terraform's default
// state while init runs. Init would take it for an old state to bring to the
// backend, and then empty it, even where it is a link to the very state that
// the backend names.
func (s *Session) hideDefaultState() (restore func() error, err error) {
	path := s.path("terraform.tfstate")
	if _, err := os.Lstat(path); err != nil {
		return func() error { return nil }, nil
	}
	hidden := path + ".hidden"
	return func() error { return os.Rename(hidden, path) }, os.Rename(path, hidden)
}
