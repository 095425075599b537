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
	content, cut, err := wholeState(s.job.LocalState)
	if err != nil {
		return err
	}
	if cut {
		s.warn("the state is unfinished: an apply writes it now, or was killed while it did; this plan is made against the state from before that apply")
	}
	s.copied = filepath.Join(s.temp, "state")
	return os.WriteFile(s.copied, content, 0o600)
}

// readyState makes the file of a local state ready for Terraform: there,
// whole, and ours alone. An empty file is no state to Terraform; it would
// make one that others can read.
func (s *Session) readyState() error {
	path := s.job.LocalState
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	if err := s.mendState(path); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return file.Close()
}

// mendState brings back the last whole state where a Terraform that was
// killed in mid-write has left less. Terraform writes a local state over the
// old one in place, after it has written that to a backup beside it; and an
// emptied state it would take for none, and make everything a second time.
func (s *Session) mendState(path string) error {
	before, cut, err := wholeState(path)
	if err != nil || !cut {
		return err
	}
	aside := path + ".torn-" + time.Now().UTC().Format("20060102T150405")
	s.warn("a killed terraform has left its state unfinished: the state from before that apply is used again, and what that apply made must be looked for; the unfinished state is kept in " + aside)
	// Linked, not moved: at no instant is there no state at its path.
	if err := os.Link(path, aside); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return writeWhole(path, before)
}

// wholeState reads a state, or where its writing was cut off the one from
// before; nil: there was none.
func wholeState(path string) (content []byte, cut bool, err error) {
	now, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil || !torn(now) {
		return now, false, err
	}
	before, err := os.ReadFile(path + ".backup")
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, false, err
	}
	if torn(before) {
		before = nil
	}
	return before, len(now) > 0 || before != nil, nil // else nothing was ever written
}

// torn tells whether a state was cut off in mid-write. One that is damaged in
// any other way is left for Terraform to refuse.
func torn(state []byte) bool {
	var any json.RawMessage
	err := json.NewDecoder(bytes.NewReader(state)).Decode(&any)
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// writeWhole writes a file so that it is never seen in part.
func writeWhole(path string, content []byte) error {
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

// guardState keeps a local state, and the backup that Terraform makes of it,
// readable by us alone.
func (s *Session) guardState() error {
	if s.job.LocalState == "" {
		return nil
	}
	for _, path := range []string{s.job.LocalState, s.job.LocalState + ".backup"} {
		if err := os.Chmod(path, 0o600); err != nil && !errors.Is(err, os.ErrNotExist) {
			return s.failed("apply", nil, err)
		}
	}
	return nil
}

// LinkState makes checkoutPath a link to statePath, so that a workspace that
// reads a local state by its path in the repository finds it. A link that is
// there is replaced; a file is not.
func LinkState(checkoutPath, statePath string) error {
	if now, err := os.Readlink(checkoutPath); err == nil && now == statePath {
		return nil
	}
	info, err := os.Lstat(checkoutPath)
	if err == nil && info.Mode()&os.ModeSymlink == 0 {
		return fmt.Errorf("%s is a Terraform state of its own: bring it in, if it is the one to go on with (cp %[1]s %s), and remove it from the repository", checkoutPath, statePath)
	}
	return errors.Join(
		os.MkdirAll(filepath.Dir(checkoutPath), 0o755),
		removeIfThere(checkoutPath),
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
